import { corpusApps, type CorpusApp } from './corpus-apps.ts';
import type { Dice } from './dice.ts';
import { lineTemplates } from './templates.ts';

/** A request to a query endpoint, as the runner of ../shared/conformance takes it. */
export interface DataRequest {
  readonly kind: 'query' | 'query_range';
  readonly params: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The first instant of the data (2026-01-15T00:00:00Z), in seconds; it lasts three hours. */
const firstSecond = 1_768_435_200;

const rangeOps = ['rate', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'absent_over_time'];
const unwrapOps = [
  'sum_over_time', 'avg_over_time', 'min_over_time', 'max_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'first_over_time', 'last_over_time', 'rate', 'rate_counter', 'absent_over_time',
];
const groupedOps: ReadonlySet<string> = new Set(['avg_over_time', 'min_over_time', 'max_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'first_over_time', 'last_over_time']);
const vectorOps = ['sum', 'sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'topk', 'bottomk', 'sort', 'sort_desc'];
const streamLabels = ['app', 'cluster', 'namespace', 'pod', 'node', 'env', 'zone', 'level', 'container', 'nosuch'];
const compareOps = ['>', '>=', '<', '<=', '==', '!=', '='];

/** Writes queries that select something of the conformance data, over every stage and function and their combinations. */
export class DataQueries {
  readonly #dice: Dice;
  /** When the streams of the query that is being made have lines. */
  #seconds: readonly [number, number] = [0, 10_800];

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** A request: a log query or a metric query, over a range or at an instant. */
  request(): DataRequest {
    const d = this.#dice;
    const metric = d.below(5) < 3;
    const query = metric ? this.metric(d.pick([0, 1, 1, 2, 2, 3])) : this.log();
    const [from, to] = this.#seconds;
    const start = Math.max(0, d.between(from - 120, Math.min(to, 9000)));
    if (!metric) {
      const params = { query, start: String(firstSecond + start), end: String(firstSecond + start + d.pick([60, 300, 900, 1800, 3600])), limit: String(d.pick([3, 10, 30, 60])), direction: d.pick(['forward', 'backward']) };
      const categorized = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' };
      return { kind: 'query_range', params: d.oneIn(8) ? { ...params, interval: d.pick(['10s', '60']), limit: '5000' } : params, ...(d.oneIn(5) ? { headers: categorized } : {}) };
    }
    if (d.oneIn(2)) return { kind: 'query', params: { query, time: String(firstSecond + start + d.pick([0, 60, 300, 300, 600])) } };
    return { kind: 'query_range', params: { query, start: String(firstSecond + start), end: String(firstSecond + start + d.pick([0, 60, 600, 1200, 1800])), step: d.pick(['15', '60', '60', '97', '5m', '300']) } };
  }

  /** A log query. */
  log(): string {
    const d = this.#dice;
    const app = this.#app();
    return this.#pipeline(app, d.pick([0, 1, 1, 2, 2, 3, 4]), d.oneIn(6) ? '' : d.pick(app.parsers));
  }

  /** A metric query with `depth` operators around range aggregations. */
  metric(depth: number): string {
    const d = this.#dice;
    if (depth === 0) return this.#range();
    if (d.oneIn(3)) return this.#binary(depth);
    if (d.oneIn(12)) return this.#labelReplace(this.metric(depth - 1));
    const op = d.pick(vectorOps);
    const inner = this.metric(depth - 1);
    if (op.startsWith('sort')) return `${op}(${inner})`;
    const param = op.endsWith('k') ? `${d.between(1, 5)}, ` : '';
    const grouping = d.oneIn(4) ? '' : ` ${this.#grouping(d.pick(corpusApps))}`;
    return d.oneIn(2) ? `${op}${grouping} (${param}${inner})` : `${op}(${param}${inner})${grouping}`;
  }

  #binary(depth: number): string {
    const d = this.#dice;
    const op = d.pick(['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<=', 'and', 'or', 'unless']);
    const isSet = op === 'and' || op === 'or' || op === 'unless';
    const bool = !isSet && /[<>=]/.test(op) && d.oneIn(3) ? ' bool' : '';
    const left = this.metric(depth - 1);
    if (!isSet && d.oneIn(2)) {
      const number = d.pick(['2', '0', '-1', '0.5', '100', '1e3', '3']);
      return d.oneIn(2) ? `${left} ${op}${bool} ${number}` : `${number} ${op}${bool} ${left}`;
    }
    const label = d.pick(['app', 'namespace', 'pod', 'level', 'zone', 'pool']);
    const selector = d.pick(d.pick(corpusApps).selectors);
    const sameShape = (extra: string): string => `sum by (${label}${extra}) (${d.pick(['count_over_time', 'rate', 'bytes_over_time'])}(${selector}[${d.pick(['1m', '5m', '10m'])}]))`;
    if (d.oneIn(4)) return `${left} ${op}${bool} ${d.oneIn(2) ? `vector(${d.pick(['0', '1', '2.5', '3'])})` : this.metric(depth - 1)}`;
    if (d.oneIn(3)) return `${sameShape('')} ${op}${bool} ${sameShape('')}`;
    if (isSet) return `${sameShape(', cluster')} ${op} ${d.pick(['on', 'ignoring'])} (${d.pick([label, 'cluster', ''])}) ${sameShape('')}`;
    return d.run(
      () => `${sameShape(', cluster, node')} ${op}${bool} on (${label}) group_left (${d.pick(['', 'cluster', 'nosuch'])}) ${sameShape('')}`,
      () => `${sameShape('')} ${op}${bool} on (${label}) group_right ${d.pick(['', '(cluster) '])}${sameShape(', cluster')}`,
      () => `${sameShape(', cluster')} ${op}${bool} ignoring (cluster) group_left () ${sameShape('')}`,
      () => `${sameShape(', cluster')} ${op}${bool} ${d.pick(['on', 'ignoring'])} (${d.pick([`${label}, cluster`, 'nosuch', 'cluster'])}) ${sameShape(', cluster')}`,
    );
  }

  #labelReplace(inner: string): string {
    const d = this.#dice;
    return `label_replace(${inner}, "${d.pick(['dst', 'app', 'level'])}", "${d.pick(['$1', 'x-$1', '${1}y', '', 'const'])}", "${d.pick(['app', 'pod', 'nosuch', 'level'])}", "${d.pick(['(.*)', '(.).*', '.*', '', '([a-z]+)-.*'])}")`;
  }

  #app(): CorpusApp {
    const app = this.#dice.pick(corpusApps);
    this.#seconds = app.seconds;
    return app;
  }

  #range(): string {
    const d = this.#dice;
    const app = this.#app();
    const offset = d.oneIn(6) ? ` offset ${d.pick(['5m', '1h', '-5m', '90s'])}` : '';
    const range = `[${d.pick(['30s', '1m', '5m', '5m', '10m', '1h'])}]${offset}`;
    const safe = d.oneIn(6) ? '' : ' | __error__=""';
    if (d.oneIn(2)) {
      const parser = d.oneIn(2) ? '' : d.pick(app.parsers);
      return `${d.pick(rangeOps)}(${this.#pipeline(app, d.below(3), parser)}${parser === '' ? '' : safe} ${range})`;
    }
    const [label, conversion] = this.#unwrapped(app);
    const op = d.pick(unwrapOps);
    const param = op === 'quantile_over_time' ? `${d.pick(['0.5', '0.9', '0.99', '0', '1', '0.25', '1.5'])}, ` : '';
    const by = groupedOps.has(op) && d.oneIn(2) ? ` ${this.#grouping(app)}` : '';
    const after = d.oneIn(5) ? ` | ${this.#labelFilter(app, 0)}` : '';
    return `${op}(${param}${this.#pipeline(app, d.below(2), d.pick(app.parsers))} | unwrap ${conversion === '' ? label : `${conversion}(${label})`}${after}${safe} ${range})${by}`;
  }

  #unwrapped(app: CorpusApp): readonly [string, string] {
    const d = this.#dice;
    const kinds: readonly (readonly [readonly string[], readonly string[]])[] = [[app.numbers, ['']], [app.numbers, ['']], [app.durations, ['duration', 'duration_seconds']], [app.sizes, ['bytes']]];
    const [labels, conversions] = d.pick(kinds.filter(([names]) => names.length > 0).concat([[['nosuch'], ['']]]));
    if (d.oneIn(12)) return [d.pick([...app.texts, ...app.numbers, 'nosuch']), d.pick(['', 'duration', 'bytes'])];
    return [d.pick(labels), d.pick(conversions)];
  }

  #grouping(app: CorpusApp): string {
    const d = this.#dice;
    const labels = d.some(d.pick([0, 1, 1, 2, 3]), [...streamLabels, ...app.texts.slice(0, 4)]);
    return `${d.pick(['by', 'by', 'without'])} (${labels.join(', ')})`;
  }

  #pipeline(app: CorpusApp, stages: number, parser: string): string {
    const d = this.#dice;
    const before = d.oneIn(4) ? [this.#lineFilter(app)] : [];
    return [d.pick(app.selectors), ...before, parser, ...Array.from({ length: stages }, () => this.stage(app))].filter((part) => part !== '').join(' ');
  }

  /** One stage over the labels of `app`. */
  stage(app: CorpusApp): string {
    const d = this.#dice;
    const names = [...app.texts, ...app.numbers, ...app.durations, ...app.sizes, ...app.addresses, ...streamLabels, '__error__'];
    return d.run(
      () => (d.oneIn(2) ? this.#lineFilter(app) : `| ${this.#labelFilter(app, 1)}`),
      () => `| ${this.#labelFilter(app, d.pick([0, 0, 1, 2]))}`,
      () => `| line_format ${quoted(this.template(app))}`,
      () => `| line_format ${quoted(this.template(app))}`,
      () => `| label_format ${d.list(1, 3, () => `${d.pick([...app.texts, 'x', 'y', 'app', 'new_label'])}=${d.oneIn(3) ? d.pick(names) : quoted(this.template(app))}`).join(', ')}`,
      () => `| ${d.pick(['drop', 'keep'])} ${d.list(1, 4, () => (d.oneIn(3) ? this.#textFilter(app) : d.pick(names))).join(', ')}`,
      () => d.pick(['| decolorize', '| json', '| logfmt', '| unpack', '| __error__=""', '| __error__!=""', '| drop __error__, __error_details__', ...app.parsers]),
    );
  }

  /** A template over the labels of `app`. */
  template(app: CorpusApp): string {
    const d = this.#dice;
    const name = (names: readonly string[]): string => d.pick([...names, ...names, ...app.texts, 'nosuch']);
    return d.pick(lineTemplates).replaceAll(/\.([NDST])\b|"T"/g, (_whole, kind: string | undefined) => {
      if (kind === undefined) return `"${d.pick(app.texts.length > 0 ? app.texts : ['app'])}"`;
      return `.${name(kind === 'N' ? app.numbers : kind === 'D' ? app.durations : kind === 'S' ? app.sizes : app.texts)}`;
    });
  }

  #lineFilter(app: CorpusApp): string {
    const d = this.#dice;
    const word = (): string => d.pick([...app.words, d.pick(['error', 'a', '200', '.', 'GET'])]);
    return d.run(
      () => `${d.pick(['|=', '!='])} ${quoted(word())}${d.oneIn(4) ? ` or ${quoted(word())}` : ''}`,
      () => `${d.pick(['|=', '!='])} ${quoted(word())}`,
      () => `${d.pick(['|~', '!~'])} ${quoted(d.pick(['(?i)ERROR', 'status=(4|5)\\d\\d', '[0-9]{3}', '^\\{', 'a.*b|c', '(?i)get|post', '\\.\\d+$', 'foo|.*', 'err.*', '^$', '\\bms\\b', 'level=\\w+ .*status', '[^\\x00-\\x7F]', '(?s)ERROR.*Caused', '\\p{L}{9,}', '(?i:K)', 'x{3}', '.+', '[a-z]', '(?i)[A-Z]+ ']))}`,
      () => `${d.pick(['|>', '!>'])} ${quoted(d.pick([`<_>${word()}<_>`, `${word()}<_>`, `<_>${word()}`, '<_> <_>', '<_>=<_>', `<_>${word()}<_>${word()}<_>`]))}`,
      () => `${d.pick(['|=', '!=', '!='])} ip(${quoted(d.pick(['10.0.0.0/8', '192.168.4.5', '203.0.113.1-203.0.113.9', '2001:db8::/32', '::1', '0.0.0.0/0']))})`,
    );
  }

  #labelFilter(app: CorpusApp, depth: number): string {
    const d = this.#dice;
    if (depth > 0) {
      const chain = [this.#labelFilter(app, depth - 1), ...d.list(1, 2, () => `${d.pick(['and ', 'or ', ', ', ''])}${this.#labelFilter(app, depth - 1)}`)].join(' ');
      return d.oneIn(2) ? `(${chain})` : chain;
    }
    const op = d.pick(compareOps);
    const name = (names: readonly string[]): string => (names.length === 0 || d.oneIn(12) ? d.pick([...app.texts, 'nosuch', '__error__']) : d.pick(names));
    return d.run(
      () => this.#textFilter(app),
      () => this.#textFilter(app),
      () => `${name(app.numbers)} ${op} ${d.pick(['200', '0', '400', '-1', '50.5', '1e3', '10', '5'])}`,
      () => `${name(app.durations)} ${op} ${d.pick(['50ms', '1s', '1m', '500us', '1h', '12.5ms', '0s'])}`,
      () => `${name(app.sizes)} ${op} ${d.pick(['2kB', '5MiB', '512B', '1MB', '12KB', '5B'])}`,
      () => `${name(app.addresses)} ${d.pick(['=', '!='])} ip("${d.pick(['10.0.0.0/8', '192.168.1.0-192.168.1.40', '192.168.4.5', '2001:db8::/32', '10.1.2.3', '::1'])}")`,
    );
  }

  #textFilter(app: CorpusApp): string {
    const d = this.#dice;
    const name = d.pick([...app.texts, ...app.texts, ...streamLabels, ...app.numbers]);
    const op = d.pick(['=', '!=', '!=', '=~', '=~', '!~']);
    return `${name}${op}${quoted(op.endsWith('~') ? d.pick(['error|warn', '.*', '.*', '.+', '.+', '(?i)INFO', '.*[a-z0-9].*', '[a-z]+', 'err.*', '.*o.*', '4..|5..', '', 'a|b|', '[^e]*', 'info', 'z.', 'GET|POST']) : d.pick(['error', 'info', '', 'GET', 'z1', '200', 'checkout', 'true', 'gold']))}`;
  }
}

/** A literal in backquotes, or in double quotes where it holds one. */
function quoted(text: string): string {
  return text.includes('`') ? JSON.stringify(text) : `\`${text}\``;
}
