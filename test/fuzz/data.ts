import { encodeMetadata } from '../../src/bytes/mod.ts';
import { labelSet, type BytesColumn, type RowBlock } from '../../src/model/mod.ts';
import { MemorySource } from '../logql/engine/memory-source.ts';
import type { Dice } from './dice.ts';

/** The day of the data, and its first nanosecond. */
export const day = 20_468;
export const baseNs = BigInt(day) * 86_400_000_000_000n;

const pieces = [
  '{', '}', '[', ']', '"', ':', ',', '\\', '\\u12', '\\ud83d', '\\n', 'a', 'b', 'level', 'error', 'x.y', '=', ' ', '1', '-2.5e3', 'null', 'true', '"a":1', '"level":"info"', '{"a":{"b":"c"},"d":[1,{"e":2}]}', 'a=1 b="q\\"x"', 'level=warn took=12ms size=5KiB', 'é', '漢🚀',
  '\u001b[31m', '\u001b[', '10.0.0.1', '192.168.4.7', '2001:db8::1', '"_entry":"z"', '{"_entry":"level=info x=1","k":"v"}', '\t', '\n', '\r', '\0', 'GET /x 200 0.5', '1h3m', 'NaN', '+Inf', '0x1p-2', '1_000', '9007199254740993', '<_>', '%', 'trace_id=0af7651916cd43dd8448eb211c80319c', "'", '`', '|',
];
const junk: readonly (readonly number[])[] = [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbf, 0xbd], [0x80]];

/** A line: of one of the usual forms, of pieces of them, or of any bytes. */
export function randomLine(dice: Dice): Buffer {
  const n = dice.below(1000);
  return dice.run(
    () => Buffer.from(JSON.stringify({ level: dice.pick(['info', 'error', '', null, 5]), msg: dice.pick(pieces), n, nested: { took: `${n}ms`, list: [1, dice.pick(pieces)] }, [dice.pick(pieces)]: n / 7 })),
    () => Buffer.from(`level=${dice.pick(['info', 'warn', 'error'])} status=${dice.pick([200, 404, 500])} took=${n}ms size=${n}KiB msg="${dice.pick(pieces)}" ip=10.0.0.${n % 256} ${dice.pick(pieces)}=${n}`),
    () => Buffer.from(`10.0.0.${n % 256} - - [x] "GET /p/${n} HTTP/1.1" ${dice.pick([200, 500])} ${n} "${dice.pick(pieces)}"`),
    () => Buffer.concat(dice.list(0, 12, () => (dice.oneIn(12) ? Buffer.from(dice.pick(junk)) : Buffer.from(dice.pick(pieces))))),
    () => Buffer.from(dice.list(0, 40, () => dice.below(256))),
  );
}

const streams = [
  labelSet([['app', 'x'], ['env', 'prod']]),
  labelSet([['app', 'foo'], ['level', 'info'], ['bytes', '5KB']]),
  labelSet([['app', 'b'], ['namespace', 'n'], ['_x', '漢']]),
];

function randomMetadata(dice: Dice): { readonly name: string; readonly value: string }[] {
  return dice.oneIn(2) ? [] : [...labelSet(dice.list(0, 3, (): [string, string] => [dice.pick(['level', 'trace_id', 'a', 'app', 'duration', '__error__', 'x']), dice.pick([...pieces, 'v'])]))];
}

/** Entries over ten minutes, from baseNs on, in three streams of tenant `t`. */
export function randomSource(dice: Dice): MemorySource {
  const source = new MemorySource(dice.between(1, 2));
  const entries = (): { timeNs: bigint; line: Buffer; metadata: { readonly name: string; readonly value: string }[] }[] =>
    dice.list(0, 12, () => ({ timeNs: baseNs + BigInt(dice.below(600)) * 1_000_000_000n, line: randomLine(dice), metadata: randomMetadata(dice) }));
  source.push('t', streams.map((labels) => ({ labels, entries: entries() })));
  return source;
}

/** Rows of two streams as a scanner gets them. */
export function randomBlock(dice: Dice): RowBlock {
  const rows = dice.between(1, 12);
  const list = Array.from({ length: rows });
  const lines = column(list.map(() => randomLine(dice)));
  return {
    rows,
    day,
    streams: [streams[0]!, streams[1]!],
    stream: Uint32Array.from(list, (_, i) => (2 * i < rows ? 0 : 1)),
    time: Float64Array.from(list, (_, i) => i * 1e6 + 1),
    order: { position: new Float64Array(rows), index: Uint32Array.from(list, (_, i) => i), partition: new Uint32Array(rows) },
    lineLength: lines.length,
    lines,
    metadata: column(list.map(() => Buffer.from(encodeMetadata(randomMetadata(dice))))),
  };
}

function column(values: readonly Buffer[]): BytesColumn {
  const start = new Uint32Array(values.length);
  const length = Uint32Array.from(values, (value) => value.length);
  for (let i = 1; i < values.length; i++) start[i] = start[i - 1]! + length[i - 1]!;
  return { bytes: Buffer.concat(values), start, length };
}
