import type { Dice } from './dice.ts';

const values = ['error', 'info', 'ERROR', '500', '404', '', 'null', 'x', '5', '/healthz', 'task', 'stream', 'a b', 'é', 'LabelFilterErr', 'JSONParserErr'];
const others = ['level', 'status', 'pod', 'x', 'm0', 'm1', '__error__', 'level_extracted'];
const ops = ['>', '>=', '<', '<=', '==', '!='];

/** Writes queries over lines of which some samples are known. */
export class GeneratedQuery {
  readonly #dice: Dice;
  readonly #samples: readonly Buffer[];
  readonly #names: readonly string[];
  readonly #kinds: readonly string[];

  constructor(dice: Dice, samples: readonly Buffer[], names: readonly string[], kinds: readonly string[]) {
    this.#dice = dice;
    this.#samples = samples;
    this.#kinds = kinds;
    this.#names = names.length === 0 ? others : names;
  }

  text(): string {
    const dice = this.#dice;
    const select = dice.pick(['{app=~".+"}', '{app=~".+"}', '{app=~"a|b|d"}', '{app="a"}']);
    const inner = `${select} ${this.#stages()}`;
    const range = dice.pick(['1m', '5m', '10m', '10m', '90s', '7s']);
    const offset = dice.chance(0.1) ? ` offset ${dice.pick(['1m', '-1m', '30s'])}` : '';
    switch (dice.pick(['log', 'log', 'count', 'count', 'count', 'grouped', 'grouped', 'unwrap', 'unwrap', 'unwrap'])) {
      case 'log':
        return inner;
      case 'count':
        return `${dice.pick(['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'absent_over_time'])}(${inner} [${range}]${offset})`;
      case 'grouped':
        return `sum ${this.#grouping()} (${dice.pick(['count_over_time', 'rate', 'bytes_over_time'])}(${inner} [${range}]${offset}))`;
      default:
        return this.#unwrap(inner, range);
    }
  }

  #unwrap(inner: string, range: string): string {
    const dice = this.#dice;
    const name = dice.chance(0.6) ? (this.#pairs().find(({ value }) => /^\d/.test(value))?.name ?? this.#name()) : this.#name();
    const unwrap = `${dice.pick([name, name, name, name, `duration(${name})`, `duration_seconds(${name})`, `bytes(${name})`])}${dice.chance(0.3) ? ` ${this.#filter()}` : ''}${dice.chance(0.3) ? ' | __error__=""' : ''}`;
    const op = dice.pick(['sum_over_time', 'rate', 'max_over_time', 'min_over_time', 'avg_over_time', 'quantile_over_time', 'first_over_time', 'last_over_time', 'stddev_over_time', 'rate_counter']);
    const summed = op === 'sum_over_time' || op === 'rate' || op === 'rate_counter';
    const body = `${op}(${op === 'quantile_over_time' ? '0.9, ' : ''}${inner} | unwrap ${unwrap} [${range}])`;
    if (summed) return dice.chance(0.8) ? `sum ${this.#grouping()} (${body})` : body;
    return dice.chance(0.8) ? `${body} ${this.#grouping()}` : body;
  }

  #name(): string {
    return this.#dice.pick(this.#dice.chance(0.9) ? this.#names : others);
  }

  /** A value that a label may have. */
  #value(): string {
    const dice = this.#dice;
    const some = dice.pick(this.#samples).toString('utf8').match(/[A-Za-z0-9_./:-]+/g);
    return some === null || dice.chance(0.3) ? dice.pick(values) : dice.pick(some);
  }

  #grouping(): string {
    const dice = this.#dice;
    const names = dice.some([...this.#names, ...this.#names, 'level', 'm0', 'm1'], 2).join(', ');
    return dice.pick([`by (${names})`, `by (${names})`, `by (${names})`, 'by (app)', 'by ()', `without (${names})`]);
  }

  #stages(): string {
    const dice = this.#dice;
    const stages: string[] = [];
    if (dice.chance(0.25)) stages.push(this.#lineFilter());
    if (dice.chance(0.9)) stages.push(this.#parser());
    for (let left = dice.pick([0, 0, 1, 1, 2]); left > 0; left--) {
      const kind = dice.pick(['filter', 'filter', 'filter', 'filter', 'line', 'parser', 'other']);
      stages.push(kind === 'filter' ? this.#filter() : kind === 'line' ? this.#lineFilter() : kind === 'parser' ? this.#parser() : this.#other());
    }
    return stages.join(' ');
  }

  /** A piece of a line. */
  #piece(most: number): string {
    const dice = this.#dice;
    const line = dice.pick(this.#samples);
    const from = dice.below(line.length);
    const text = line.toString('utf8', from, from + 1 + dice.below(most)).replaceAll('\ufffd', '');
    return text === '' ? 'e' : text;
  }

  #lineFilter(): string {
    const dice = this.#dice;
    const needle = (): string => {
      const piece = this.#piece(dice.pick([1, 3, 12, 40]));
      return JSON.stringify(dice.chance(0.05) ? `${piece}z` : piece);
    };
    const regex = (): string => {
      const [a, b] = [this.#piece(8), this.#piece(4)].map((piece) => piece.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, (byte) => `\\${byte}`));
      const upper = dice.chance(0.5) ? a!.toUpperCase() : a!;
      return JSON.stringify(dice.pick([`(?i)${upper}`, `(?i)${upper}`, a!, `${a}.*${b}`, `${a}|${b}`, `(?i)(${a}|${b})`, '5[0-9]{2}', '^.{3}e', '(?i)task', 'e$']));
    };
    switch (dice.pick(['has', 'has', 'has', 'or', 'regex', 'regex', 'other'])) {
      case 'has':
        return `${dice.pick(['|=', '|=', '!='])} ${needle()}`;
      case 'or':
        return `${dice.pick(['|=', '!='])} ${needle()} or ${needle()}`;
      case 'regex':
        return `${dice.pick(['|~', '|~', '!~'])} ${regex()}`;
      default:
        return dice.pick(['|> "<_>level<_>"', '|= ip("10.0.0.0/8")', '!= ip("10.0.0.1")', '|= ""', '|~ ".+"', '!= ""', '!~ ".+"']);
    }
  }

  #parser(): string {
    const dice = this.#dice;
    const kind = dice.pick(this.#kinds);
    if (dice.chance(0.85)) {
      if (kind === 'json') return '| json';
      if (kind === 'logfmt') return dice.pick(['| logfmt', '| logfmt', '| logfmt --strict', '| logfmt --keep-empty']);
      if (kind === 'nginx') return dice.pick([this.#pattern(), '| pattern `<ip> - <_> [<_>] "<_> <path>?s=<id> HTTP/1.1" <status> <size> "<msg>"`', '| pattern `<_>"<level> <path>?s=<id> HTTP<_> <status> <size> <_>`']);
    }
    const simple = ['| json', '| json', '| json', '| logfmt', '| logfmt', '| logfmt --strict', '| logfmt --keep-empty', '| json level, s="status"', '| logfmt level, code="status"', '| regexp `(?P<level>[a-z]+)[":=]+(?P<m0>\\w+)`', '| unpack'];
    return dice.chance(0.3) ? this.#pattern() : dice.pick(simple);
  }

  /** A pattern made of a line by putting captures in the place of pieces. */
  #pattern(): string {
    const dice = this.#dice;
    const line = dice.pick(this.#samples).toString('utf8').replaceAll(/[\ufffd`<>]/g, '');
    let at = dice.chance(0.5) ? 0 : dice.below(line.length);
    let pattern = at > 0 || dice.chance(0.3) ? '<_>' : '';
    const names = ['m0', 'm1', 'level', 'status', 'x', '_'];
    for (let captures = 0; captures < 1 + dice.below(4); captures++) {
      const text = line.slice(at, at + 1 + dice.below(6));
      if (text === '') break;
      at += text.length;
      const length = dice.pick([0, 1, 3, 5, 8]);
      at += length;
      pattern += `${text}<${names.splice(dice.below(names.length - 1), 1)[0]!}>`;
    }
    pattern += line.slice(at, at + dice.below(4));
    return `| pattern \`${pattern}\``;
  }

  #filter(): string {
    const dice = this.#dice;
    const one = (): string => {
      const known = dice.chance(0.8) ? this.#known() : null;
      if (known !== null) return known;
      const name = this.#name();
      switch (dice.pick(['text', 'text', 'text', 'regex', 'number', 'number', 'number', 'duration', 'bytes', 'ip', 'error'])) {
        case 'text':
          return `${name} ${dice.pick(['=', '!='])} ${JSON.stringify(this.#value())}`;
        case 'regex':
          return `${name} ${dice.pick(['=~', '!~'])} ${JSON.stringify(dice.pick(['err.*', '5..', '.+', '.*', '(?i)error', '[0-9]+', '', 'a|b']))}`;
        case 'number':
          return `${name} ${dice.pick(ops)} ${dice.chance(0.4) ? (this.#value().match(/^\d{1,9}(?:\.\d+)?$/)?.[0] ?? '7') : dice.pick(['0', '1', '200', '404', '500', '1.5', '50000'])}`;
        case 'duration':
          return `${name} ${dice.pick(ops)} ${dice.chance(0.5) ? (this.#value().match(/^\d{1,6}(?:\.\d{1,3})?(?:us|ms|s)$/)?.[0] ?? '3s') : dice.pick(['100ms', '2s', '1ms', '150ms', '10s', '0s'])}`;
        case 'bytes':
          return `${name} ${dice.pick(ops)} ${dice.pick(['1KB', '5MiB', '10B'])}`;
        case 'ip':
          return `${name} ${dice.pick(['=', '!='])} ip("${dice.pick(['10.0.0.0/8', '10.0.0.1', '10.0.0.1-10.0.0.9', '::1'])}")`;
        default:
          return dice.pick(['__error__ = ""', '__error__ != ""', '__error__ =~ "Label.*"', '__error_details__ = ""']);
      }
    };
    return dice.pick([() => `| ${one()}`, () => `| ${one()}`, () => `| ${one()}`, () => `| ${one()} or ${one()}`, () => `| ${one()} and ${one()}`, () => `| ${one()} or ${one()}`, () => `| (${one()} or ${one()}) and ${one()}`])();
  }

  /** A filter on a label and a value that it has in a sample. */
  #known(): string | null {
    const dice = this.#dice;
    const pairs = this.#pairs();
    if (pairs.length === 0) return null;
    const { name: key, value } = dice.pick(pairs);
    const name = dice.chance(0.1) ? `${key}_extracted` : key;
    if (/^-?\d{1,12}(?:\.\d{1,6})?$/.test(value) && dice.chance(0.7)) return `${name} ${dice.pick(ops)} ${value}`;
    if (/^\d{1,6}(?:\.\d{1,3})?(?:us|ms|s|h)$/.test(value) && dice.chance(0.7)) return `${name} ${dice.pick(ops)} ${value}`;
    if (dice.chance(0.2)) return `${name} =~ ${JSON.stringify(`(?i)${value.slice(0, 2).replaceAll(/[^a-zA-Z0-9]/g, '.')}.*`)}`;
    return `${name} ${dice.pick(['=', '!='])} ${JSON.stringify(value)}`;
  }

  /** Labels of a sample, more or less. */
  #pairs(): { readonly name: string; readonly value: string }[] {
    return [...this.#dice.pick(this.#samples).toString('utf8').matchAll(/"?([A-Za-z_][A-Za-z0-9_]*)"?[:=]\s*"?([^",}\s]*)/g)].map(([, name = '', value = '']) => ({ name, value }));
  }

  #other(): string {
    const [a, b] = [this.#name(), this.#name()];
    return this.#dice.pick([
      `| drop ${a}`, `| drop ${a}="error"`, '| drop __error__', `| keep ${a}, ${b}`, `| keep ${a}=~".+"`, `| label_format ${a}=${b}`, `| label_format ${a}="7"`,
      `| label_format ${a}="{{.${b}}}x"`, '| label_format t=`{{__timestamp__ | unixEpoch}}`', `| line_format "{{.${a}}} {{.${b}}}"`, '| decolorize', `| label_format n="{{len __line__}}"`,
    ]);
  }
}
