import type { PlainRow } from './rows.ts';
import type { Dice } from './dice.ts';

const words = ['error', 'info', 'ERROR', 'debug', 'GET', '/api/v1/x', '/healthz', 'usr-7', 'task', 'tasK', 'level', 'null', '5', '100ms'];
const texts = ['a b', 'x"y', 'x\\ny', 'é', 'ſtart', '\u212aey', '\ufffd', '', ' ', 'a=b', '{}', '<_>', 'v', 'tab\there', '×Error'];
const numbers = ['0', '-0', '1', '7', '200', '404', '500', '1.5', '0.10', '-3.25', '1e3', '0x10', '007', '9007199254740993', '1e999', '123456789012345678901234567890', '.5', '5.', '+5', 'NaN', 'Inf', '1_000', ''];
const jsonNumbers = ['0', '-0', '1', '7', '200', '404', '500', '1.5', '0.10', '-3.25', '1e3', '9007199254740993', '1e999', '1E-3', 'null', 'true', 'false', '-', '01', '1.2.3'];
const durations = ['1ms', '150ms', '100ms', '2s', '1.99999999999999s', '0.5h', '1m30s', '3us', '-1s', '+1s', '10', '0', '2562048h', '1d', 'x', ''];
const sizes = ['1KB', '5MiB', '10', '1.5GB', '3 kb', 'x', '0B', ''];
const ips = ['10.0.0.1', '192.168.1.77', '11.2.3.4', '::1', 'x10.0.0.9y', 'none'];
const keys = ['level', 'status', 'path', 'd', 'size', 'ip', 'msg', 'id', 'trace_id', 'a', 'a_b', 'level_extracted', 'app', 'pod', '__error__', '__error_details__', 'n'];
const oddKeys = ['a.b', 'a b', 'a-b', '1x', 'é', ' level ', 'Level', 'a_b', ''];

const lineKinds = ['json', 'json', 'json', 'json', 'logfmt', 'logfmt', 'logfmt', 'text', 'nginx', 'nginx', 'junk'] as const;
type Value = (row: number) => string;
export type LineMaker = (row: number) => Buffer;

/** Makes lines whose values come from columns of all kinds. */
export class GeneratedLines {
  readonly #dice: Dice;
  readonly #names = new Set<string>();
  /** How lines were made. */
  readonly kinds = new Set<string>();

  readonly #main: (typeof lineKinds)[number];

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#main = dice.pick(lineKinds);
  }

  /** Names of labels that queries may ask for. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  maker(): LineMaker {
    const dice = this.#dice;
    const kind = dice.chance(0.85) ? this.#main : dice.pick(lineKinds);
    this.kinds.add(kind);
    const make = this[`_${kind}`]();
    const cut = dice.chance(0.1);
    return (row) => {
      const line = make(row);
      return cut && dice.chance(0.1) ? line.subarray(0, dice.below(line.length + 1)) : line;
    };
  }

  /** Structured metadata of rows. */
  metadata(): () => PlainRow['metadata'] {
    const dice = this.#dice;
    const kind = dice.pick(['none', 'none', 'one', 'two', 'mixed']);
    if (kind === 'none') return () => ({});
    const names = dice.some(['trace_id', 'level', 'pod', 'status', 'level_extracted', '__error__', 'detected_level'], kind === 'one' ? 1 : 3);
    const values = names.map(() => this.#value(false));
    for (const name of names) this.#name(name);
    let row = 0;
    return () => {
      row++;
      return kind === 'mixed' && dice.chance(0.5) ? {} : Object.fromEntries(names.map((name, i) => [name, values[i]!(row)]));
    };
  }

  /** What fills a place in all lines of a maker: drawn from few values, counting, random, of one form. */
  #value(json: boolean): Value {
    const dice = this.#dice;
    const from = (values: readonly string[], most = 4): Value => {
      const own = dice.some(values, most);
      return () => dice.pick(own);
    };
    const start = dice.below(1000);
    const unit = dice.pick(['ms', 's', 'us', 'h', 'B', 'x']);
    const values: readonly (() => Value)[] = [
      () => from(words), () => from(words, 12), () => from([...words, ...texts]), () => from(json ? jsonNumbers : numbers), () => from(durations, 3), () => from(sizes), () => from(ips),
      () => from(['200', '404', '500', '503']), () => from(['x', ''], 2), () => from(words, 1),
      () => (row) => String(start + row), () => () => String(dice.below(100_000)), () => () => (dice.below(1000) / 100).toFixed(2), () => () => String(dice.below(1000) / 10),
      () => () => dice.hex(32), () => () => dice.hex(8), () => () => `req-${dice.hex(6)}`, () => () => `${dice.below(3000) / 10}${unit}`, () => () => `${dice.below(300)}${unit}`,
      () => () => `${dice.hex(8)}-${dice.hex(4)}-4${dice.hex(3)}-a${dice.hex(3)}-${dice.hex(12)}`,
      () => () => `${dice.below(256)}.${dice.below(256)}.0.${dice.below(9)}`, () => (row) => new Date(1_728_000_000_000 + row * 1000).toISOString(),
      () => () => Array.from({ length: 1 + dice.below(4) }, () => dice.pick(words)).join(' '), () => () => dice.hex(dice.below(6)),
      () => (row) => (dice.chance(0.05) ? dice.pick(texts) : String(row % 7)),
    ];
    return dice.pick(values)();
  }

  #keys(): string[] {
    const dice = this.#dice;
    const own = dice.some(keys, 5);
    if (dice.chance(0.3)) own.splice(dice.below(own.length), 0, dice.pick(oddKeys));
    if (dice.chance(0.25)) own.push(dice.pick(own));
    for (const key of own) this.#name(key.trim().replaceAll(/[^A-Za-z0-9_]/g, '_'));
    return own;
  }

  #name(name: string): void {
    if (name === '' || name === '__error_details__' || /^\d/.test(name)) return;
    this.#names.add(name);
    if (this.#dice.chance(0.15)) this.#names.add(`${name}_extracted`);
  }

  _json(): LineMaker {
    const dice = this.#dice;
    const space = dice.pick(['', '', ' ']);
    const scalar = (): Value => {
      const kind = dice.pick(['string', 'string', 'raw', 'number', 'array', 'bytes']);
      if (kind === 'number') {
        const [min, range] = dice.pick([[0, 600], [-50, 100], [0, 1e6]] as const);
        const nulls = dice.chance(0.2);
        return () => (nulls && dice.chance(0.2) ? 'null' : String(min + dice.below(range)));
      }
      const value = this.#value(true);
      if (kind === 'raw') return (row) => {
        const text = value(row);
        return /^(?:-?[0-9][0-9+\-.eE]*|true|false|null)$/.test(text) ? text : JSON.stringify(text);
      };
      if (kind === 'array') return (row) => `[${JSON.stringify(value(row))}]`;
      if (kind === 'bytes') return (row) => (dice.chance(0.1) ? `"${dice.pick(['\\u00e9', '\\ud800', '\\q', 'a\\', '\ufffd', '\\u0041'])}x"` : JSON.stringify(value(row)));
      return (row) => JSON.stringify(value(row));
    };
    const object = (depth: number): Value => {
      const parts = this.#keys().map((key) => ({ key, value: depth < 2 && dice.chance(0.15) ? object(depth + 1) : scalar(), optional: dice.chance(0.04) }));
      return (row) => `{${parts.filter(({ optional }) => !optional || dice.chance(0.5)).map(({ key, value }) => `${JSON.stringify(key)}:${space}${value(row)}`).join(`,${space}`)}}`;
    };
    const whole = object(0);
    const end = dice.pick(['', '', '', '', '', '', ' ', '\n', 'x']);
    return (row) => Buffer.from(whole(row) + end);
  }

  _logfmt(): LineMaker {
    const dice = this.#dice;
    const parts = this.#keys().map((key) => ({ key: dice.chance(0.9) ? key.replaceAll(/[ "=]/g, '') || 'k' : key, value: this.#value(false), quoted: dice.chance(0.3), flag: dice.chance(0.03) }));
    const between = dice.pick([' ', ' ', '  ', '\t']);
    return (row) =>
      Buffer.from(
        parts.map(({ key, value, quoted, flag }) => {
          const text = value(row);
          if (flag) return key;
          const mustQuote = quoted || (/[ "=]/.test(text) && dice.chance(0.99));
          return `${key}=${mustQuote ? JSON.stringify(text) : text}`;
        }).join(between),
      );
  }

  _text(): LineMaker {
    const dice = this.#dice;
    const parts = Array.from({ length: 1 + dice.below(6) }, () => (dice.chance(0.4) ? ((word) => () => word)(dice.pick([...words, ...texts])) : this.#value(false)));
    const between = dice.pick([' ', ' ', ', ', ' | ', '=', '\n']);
    return (row) => Buffer.from(parts.map((value) => value(row)).join(between));
  }

  _nginx(): LineMaker {
    const dice = this.#dice;
    const values = Array.from({ length: 5 }, () => this.#value(false));
    return (row) => {
      const [path, query, size, agent, user] = values.map((value) => value(row));
      return Buffer.from(`10.0.${dice.below(3)}.${dice.below(200)} - ${user} [20/Nov/2026:00:00:0${row % 10} +0000] "${dice.pick(['GET', 'POST'])} ${path}?s=${query} HTTP/1.1" ${dice.pick(['200', '404', '500'])} ${size} "${agent}"`);
    };
  }

  _junk(): LineMaker {
    const dice = this.#dice;
    return () => Buffer.from(Array.from({ length: dice.below(30) }, () => dice.pick([0x20, 0x22, 0x5c, 0x7b, 0x3d, 0x61, 0x0a, 0xff, 0xc3, 0xa9, dice.below(256)])));
  }
}
