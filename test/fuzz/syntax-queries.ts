import type { Dice } from './dice.ts';

const names = ['app', 'env', 'level', 'status', '_x', 'Ünï', 'rate', 'sum', 'bytes', 'duration', 'a', 'b2', '__error__', 'by_x', 'ip', 'json_x', 'namespace', '漢', 'label_replace', 'vector'];
const texts = ['x', 'a"b', '\\', '', 'a b', '`', "'", '{', '漢字', 'é', '\t', '\n', '%', '🚀', '#no', '//x', '\u2028', '\u00a0', '.*', 'foo', 'bar|baz', '10.0.0.1', '10.0.0.0/8', '1.1.1.1-1.1.1.9', '<html>&'];
const patterns = [
  '.*', '.+', 'x.y', 'a|b', '[a-z]+', '(?i)foo', '^a$', '(a|b)+', '\\d+', '', 'foo.*', '.*foo.*', '.*foo|bar.*', '(?P<n>x)', 'a{2,3}', '\\pL', '[[:alpha:]]', 'a`b', 'x*?', '(?:ab)?', 'foo|bar|baz', '.*.*', 'a.?b', '\\.', '[^x]',
  '(', 'a{1001}', '*', '[z-a]', '(?<n>x)', '\\8', '(?=x)', '\\pX', 'a**', 'x{2}{3}', '(?i:x)y', '\\Qa.b\\E', '\\C', '(?P<1>x)', '(?P<n>a)(?P<n>b)',
];
const parserPatterns = ['(?P<a>.+)', '(?P<a>\\S+) (?P<b>\\d*)', '(?P<a>x)(?P<a>y)', 'x', '(', '(?P<a_1>[a-z]+)|(?P<b>.)', '(?<q>x)'];
const linePatterns = ['<a>', '<a> <b>', '<_> <a>', '<a><b>', '<_>', 'x', '', '<a> <a>', '<a', '<1a> <b>', 'x <a> y <_> z', '<<a>>', '<a>>', '<_a>', '<a-b> <c>', '"<a>"', '<_><a>', ' <a>', 'a <b_2> '];
const templates = ['{{.a}}', '{{.a | upper}} x', '{{ if eq .a "b" }}c{{ end }}', '{{', '{{.a.b}}', '{{ nosuch .a }}', '{{ range $i := .x }}{{end}}', 'plain', '', '{{ __line__ }}', '{{ printf "%d" 1 }}', '{{ .a | trunc 3 }}', '{{/* c */}}'];
const durations = ['5m', '1h30m', '1.5s', '10ms', '250us', '3µs', '7ns', '1d', '2w', '1y', '1d12h', '0s', '-5m', '1h1h', '0.5h', '3m7', '100000y', '1m1h', '5', '1s500ms', '.5s', '5.m', '1µs', '1d1.5h'];
const ranges = ['5m', '1h', '30s', '1d', '1w', '1y', '500ms', '1h30m', '2w3d', '0', '1d12h5m', '', '0.5h', '5', '1h1d', '5 m', 'x', '1ns', '100000y', '90s', '60m', '24h', '7d', '365d', '1500ms', '5M', '$__interval', '1m\n', '-5m', '05m'];
const sizes = ['5B', '5KB', '5kB', '5KiB', '1.5MB', '20MiB', '1GB', '1TB', '2PB', '1PiB', '1EB', '5K', '5k', '7M', '0B', '10.25GiB', '999B', '1000B', '999999B', '1023KiB', '1i', '5bB', '5BB', '3kb', '3Kb', '99.96kB', '9.96KB', '9.94kB'];
const numbers = [
  '0', '1', '5', '42', '0.5', '.5', '5.', '1e3', '1E+10', '1e-7', '1e21', '123456789', '1e400', '0x10', '0x1p4', '0b11', '017', '089', '1_000', '1__0', '100000000000000000000', '0.1', '3.14159265358979', '1e', '9007199254740993', '0.0001', '0.00001', '1e20',
  '0x1.8p1', '1.7976931348623157e308', '4.9e-324', '2.5e+2', '08', '0o17', '1e+', 'Inf', 'NaN', '0x', '007.5', '1_0.5',
];
const rangeOps = [
  'rate', 'rate_counter', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'absent_over_time', 'sum_over_time', 'avg_over_time', 'min_over_time', 'max_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'first_over_time',
  'last_over_time',
];
const unwrapped: ReadonlySet<string> = new Set(rangeOps.slice(6));
const grouped: ReadonlySet<string> = new Set(rangeOps.slice(7));
const vectorOps = ['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'topk', 'bottomk', 'sort', 'sort_desc', 'approx_topk'];
const binaryOps = ['or', 'and', 'unless', '+', '-', '*', '/', '%', '^', '==', '!=', '>', '>=', '<', '<='];
const compareOps = ['=', '==', '!=', '>', '>=', '<', '<='];

/**
 * Writes queries over all of LogQL's grammar, most of them right, some wrong in one place (a value that is none, a parameter that does not belong there):
 * what the parser and the printer have to agree on with Loki's. `wrong` is how seldom a wrong value is taken: once in so many.
 */
export class SyntaxQueries {
  readonly #dice: Dice;
  readonly #wrong: number;

  constructor(dice: Dice, wrong = 40) {
    this.#dice = dice;
    this.#wrong = wrong;
  }

  /** A query. */
  query(): string {
    const d = this.#dice;
    return d.below(5) < 2 ? this.log(d.pick([0, 1, 2, 3, 4, 6])) : this.metric(d.pick([1, 2, 2, 3, 4]));
  }

  /** A log query with `stages` stages. */
  log(stages: number): string {
    const query = this.#join(this.selector(), ...Array.from({ length: stages }, () => this.stage()));
    return this.#dice.oneIn(15) ? `(${query})` : query;
  }

  selector(): string {
    const count = this.#dice.pick([1, 1, 1, 2, 3]);
    const list = Array.from({ length: count }, () => this.#matcher());
    if (this.#rarely()) return this.#dice.pick(['{}', '{app=~".*"}', '{app!="x"}', '{a="b",}', '{a=""}', '{"a"="b"}', '{a}']);
    if (!this.#dice.oneIn(4)) list.unshift(`app="${this.#dice.pick(['x', 'foo', 'b'])}"`);
    return `{${list.join(this.#dice.pick([',', ', ', ' , ', ',\n']))}}`;
  }

  /** One stage with what stands before it. */
  stage(): string {
    const d = this.#dice;
    if (d.below(3) === 0) return this.#lineFilter();
    return this.#join(
      '|',
      d.run(
        () => this.#join(this.#word('json'), d.oneIn(2) ? '' : this.#extractions()),
        () => this.#join(this.#word('logfmt'), ...d.list(0, 2, () => (this.#rarely() ? d.pick(['--nosuch', '-strict', '--']) : d.pick(['--strict', '--keep-empty']))), d.oneIn(2) ? '' : this.#extractions()),
        () => this.#join(this.#word('regexp'), this.#quoted(this.#rightOrAny(parserPatterns, 2))),
        () => this.#join(this.#word('pattern'), this.#quoted(this.#rightOrAny(linePatterns, 3))),
        () => this.#word('unpack'),
        () => this.#word('decolorize'),
        () => this.#join(this.#word('line_format'), this.#quoted(d.oneIn(3) ? d.pick(texts) : d.pick(templates))),
        () => this.#join(this.#word('label_format'), this.#list(1, 3, () => `${this.#name()}${d.pick(['=', ' = '])}${d.oneIn(2) ? this.#name() : this.#quoted(d.pick(templates))}`)),
        () => this.#join(this.#word(d.pick(['drop', 'keep'])), this.#list(1, 3, () => (d.oneIn(2) ? this.#name() : this.#matcher()))),
        () => this.labelFilter(d.pick([0, 0, 1, 2])),
        () => this.labelFilter(d.pick([0, 0, 1, 2, 3])),
      ),
    );
  }

  labelFilter(depth: number): string {
    const d = this.#dice;
    if (depth > 0) {
      const chain = this.#join(this.labelFilter(depth - 1), ...d.list(1, 2, () => this.#join(d.pick(['and', 'or', ',', '', 'AND', 'Or']), this.labelFilter(depth - 1))));
      return d.oneIn(3) ? `(${chain})` : chain;
    }
    const name = this.#name();
    return d.run(
      () => this.#matcher(),
      () => `${name}${d.pick(compareOps)}${this.#number()}`,
      () => `${name} ${d.pick(compareOps)} ${this.#rightOrAny(durations, 12)}`,
      () => `${name}${d.pick(compareOps)}${this.#rightOrAny(sizes, 14)}`,
      () => `${name}${d.pick(['=', '!='])}ip(${this.#quoted(d.pick(texts))})`,
    );
  }

  /** A metric expression; `depth` bounds what stands inside what. */
  metric(depth: number): string {
    const d = this.#dice;
    if (depth <= 0) return d.oneIn(4) ? this.#leaf() : this.range();
    return d.run(
      () => this.range(),
      () => this.#vector(depth),
      () => this.#vector(depth),
      () => this.#binary(depth),
      () => this.#binary(depth),
      () => `(${this.metric(depth - 1)})`,
      () => this.#join(this.#word('label_replace'), `(${[this.metric(depth - 1), ...[d.pick(texts), d.pick(['$1', '${a}', 'x', '$$', '${1}y']), d.pick(names), d.pick(patterns)].map((text) => this.#quoted(text))].join(d.pick([',', ', ']))})`),
    );
  }

  /** A range aggregation. */
  range(): string {
    const d = this.#dice;
    const op = d.pick(rangeOps);
    const wantsUnwrap = unwrapped.has(op) || (['rate', 'absent_over_time', 'rate_counter'].includes(op) && d.oneIn(3));
    const unwrap = wantsUnwrap !== this.#rarely() ? this.#unwrap() : '';
    const range = `[${this.#rightOrAny(ranges, 10)}]`;
    const offset = d.oneIn(5) ? this.#join(this.#word('offset'), this.#rightOrAny(durations, 13)) : '';
    const stages = d.list(0, 3, () => this.stage());
    const selector = this.selector();
    const inner = d.run(
      () => this.#join(selector, ...stages, unwrap, range, offset),
      () => this.#join(selector, ...stages, unwrap, range, offset),
      () => this.#join(selector, range, offset, ...stages, unwrap),
      () => this.#join(`(${this.#join(selector, ...stages, unwrap)})`, range, offset),
      () => this.#join(`(${this.#join(selector, ...stages, unwrap, range, offset)})`),
      () => (d.oneIn(3) ? this.#join(`(${selector})`, range, offset, unwrap) : this.#join(selector, unwrap, range, offset)),
    );
    const param = (op === 'quantile_over_time') !== this.#rarely() ? `${this.#number()}${d.pick([',', ', '])}` : '';
    const grouping = d.oneIn(3) && (grouped.has(op) || this.#rarely()) ? ` ${this.#grouping()}` : '';
    return `${this.#case(op)}${d.oneIn(8) ? ' ' : ''}(${param}${inner})${grouping}`;
  }

  #vector(depth: number): string {
    const d = this.#dice;
    const op = d.pick(vectorOps);
    const k = op.endsWith('topk') || op === 'bottomk';
    const param = k !== this.#rarely() ? `${this.#rarely() ? this.#number() : String(d.between(1, 20))}${d.pick([',', ', '])}` : '';
    const inner = `(${param}${this.metric(depth - 1)})`;
    const mayGroup = (!op.startsWith('sort') && op !== 'approx_topk') || this.#rarely();
    const grouping = mayGroup && d.oneIn(2) ? this.#grouping() : '';
    const name = this.#case(op);
    return d.oneIn(2) ? this.#join(name, grouping, inner) : this.#join(`${name}${inner}`, grouping);
  }

  #binary(depth: number): string {
    const d = this.#dice;
    const chain = d.list(1, 3, () => {
      const op = d.pick(binaryOps);
      const bool = d.oneIn(8) ? 'bool' : '';
      return this.#join(this.#word(op), bool, d.oneIn(4) ? this.#matching() : '', d.oneIn(5) ? this.#leaf() : this.metric(depth - 1));
    });
    return this.#join(d.oneIn(6) ? this.#leaf() : this.metric(depth - 1), ...chain);
  }

  #matching(): string {
    const d = this.#dice;
    const labels = `(${this.#list(0, 2, () => this.#name())})`;
    const include = d.oneIn(3) ? '' : `(${this.#list(0, 2, () => this.#name())})`;
    const side = d.oneIn(3) ? this.#join(this.#word(d.pick(['group_left', 'group_right'])), include) : '';
    return this.#join(this.#word(d.pick(['on', 'ignoring'])), labels, side);
  }

  #grouping(): string {
    return this.#join(this.#word(this.#dice.pick(['by', 'by', 'without'])), `(${this.#list(0, 3, () => this.#name())})`);
  }

  #unwrap(): string {
    const d = this.#dice;
    const label = d.oneIn(3) ? `${d.pick(['duration', 'bytes', 'duration_seconds', 'DURATION'])}(${this.#name()})` : this.#name();
    return this.#join('|', this.#word('unwrap'), label, ...d.list(0, 3, () => (d.oneIn(2) ? `| ${this.labelFilter(d.below(2))}` : '')));
  }

  #leaf(): string {
    const d = this.#dice;
    return d.run(
      () => `${d.pick(['', '', '-', '+', '- '])}${this.#number()}`,
      () => `${this.#word('vector')}(${this.#rarely() ? '-1' : this.#number()})`,
      () => String(d.between(0, 100)),
    );
  }

  #lineFilter(): string {
    const d = this.#dice;
    const op = d.pick(['|=', '|=', '!=', '|~', '!~', '|>', '!>']);
    const value = (): string => {
      if (d.oneIn(9)) return this.#join(this.#word('ip'), `(${this.#quoted(d.pick(texts))})`);
      return this.#quoted(op.endsWith('~') ? this.#rightOrAny(patterns, 25) : op.endsWith('>') ? d.pick(linePatterns) : d.pick(texts));
    };
    return `${op}${d.oneIn(3) ? '' : ' '}${[value(), ...(d.oneIn(4) ? d.list(1, 3, value) : [])].join(` ${this.#word('or')} `)}`;
  }

  #extractions(): string {
    return this.#list(1, 3, () => (this.#dice.oneIn(3) ? this.#name() : `${this.#name()}=${this.#quoted(this.#dice.pick(['x', 'a.b', 'a[0].c', '["x"]', 'a b', '', 'a[', '0x', 'ä']))}`));
  }

  #matcher(): string {
    const d = this.#dice;
    const op = d.pick(['=', '!=', '=~', '!~']);
    const space = d.oneIn(5) ? ' ' : '';
    return `${this.#name()}${space}${op}${space}${this.#quoted(op.endsWith('~') ? this.#rightOrAny(patterns, 25) : d.pick(texts))}`;
  }

  #name(): string {
    return this.#dice.pick(names);
  }

  #number(): string {
    return this.#rightOrAny(numbers, 9);
  }

  /** One of the first `right` values, or seldom any. */
  #rightOrAny(values: readonly string[], right: number): string {
    return this.#dice.oneIn(Math.max(4, this.#wrong / 4)) ? this.#dice.pick(values) : (values[this.#dice.below(Math.min(right, values.length))] as string);
  }

  /** A text as a literal in double quotes or backquotes, sometimes with more escapes than it needs. */
  #quoted(text: string): string {
    const d = this.#dice;
    if (d.oneIn(3) && !text.includes('`')) return `\`${text}\``;
    if (this.#rarely()) return d.pick(['"\\q"', "'x'", '"open', '"\\xff"', '"\\x41\\102"', '"\\u00e9\\U0001F680"', '"\\ud800"', '"a\\\nb"', '"\\\'"', '"\\a\\v\\f"']);
    return JSON.stringify(text).replaceAll('\u2028', '\\u2028');
  }

  /** A keyword, seldom in another case. */
  #word(word: string): string {
    return this.#dice.oneIn(30) ? this.#case(word.toUpperCase()) : word;
  }

  #case(word: string): string {
    return this.#dice.oneIn(30) ? `${word.slice(0, 1).toUpperCase()}${word.slice(1)}` : word;
  }

  #list(from: number, to: number, make: () => string): string {
    return this.#dice.list(from, to, make).join(this.#dice.pick([',', ', ', ' ,']));
  }

  #join(...parts: readonly string[]): string {
    return parts.filter((part) => part !== '').reduce((left, right) => left + this.#space() + right);
  }

  #space(): string {
    const d = this.#dice;
    if (!d.oneIn(12)) return ' ';
    return d.pick(['\n', '  ', '\t', ' # comment\n', ' // x\n', ' /* y */ ', '\r\n', '\n  ', '', '\u00a0']);
  }

  #rarely(): boolean {
    return this.#dice.oneIn(this.#wrong);
  }
}
