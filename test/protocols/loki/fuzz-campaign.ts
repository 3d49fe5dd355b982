/** Damaged pushes of every dialect. `node test/protocols/loki/fuzz-campaign.ts --bodies 100000` runs so many of each dialect by hand and says what came of them. */
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { isSpoorError } from '../../../src/model/mod.ts';
import { decodeLokiPush, defaultPushBodyLimits, type LokiPushRequest, type RawBatch } from '../../../src/protocols/mod.ts';
import { jsonOf, protobufOf, type PlainStream } from './wire.ts';

/** A small generator of the same numbers every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const push: PlainStream[] = [
  { labels: [['app', 'a'], ['env', 'é"\\']], entries: [{ timeNs: 1_795_358_212_001_000_000n, line: Buffer.from('level=error "quoted" \\ \u{1F680}\n'), metadata: [['trace_id', 'abc'], ['é', 'x']] }] },
  { labels: [['app', 'b']], entries: Array.from({ length: 5 }, (_, i) => ({ timeNs: BigInt(i), line: Buffer.from(`{"level":"warn","n":${i}}`), metadata: [] })) },
];
const oldForm = Buffer.from(
  '{"streams":[{"labels":"{app=\\"a\\",env=\'b\\u0041\'}","entries":[{"ts":"2026-11-22T21:30:00.123456789+01:00","line":"a \\"line\\" \\\\ \\ud83d\\ude80","structuredMetadata":{"k":"v"}},{"ts":"2026-11-22T21:30:00Z","line":"x"}]},'
  + '{"entries":[{"line":"y","ts":null}],"labels":"{}"}]}',
);
const numbers = Buffer.from('{"Streams":[{"stream":{"a":1.50,"b":true,"c":null,"d":{"x":[1]}},"values":[[1795358212001000000,"x",{"a":"b"}],[ -5 ,"y"],["7","z"],[],null]}]}');

const json = 'application/json';
const protobuf = 'application/x-protobuf';
const same = (body: Buffer): Buffer => body;
const encodings: readonly (readonly [encoding: string, compress: (body: Buffer) => Buffer])[] = [['gzip', gzipSync], ['deflate', deflateRawSync], ['deflate', deflateSync], ['zstd', zstdCompressSync]];

/** What is damaged, and what is done with it afterwards. */
interface Dialect {
  readonly name: string;
  readonly body: Buffer;
  readonly wrap: (body: Buffer) => Buffer;
  readonly contentType: string;
  readonly contentEncoding?: string;
}

export const dialects: readonly Dialect[] = [
  { name: 'protobuf inside snappy', body: protobufOf(push), wrap: (body) => compressSync(body), contentType: protobuf },
  { name: 'snappy', body: compressSync(protobufOf(push)), wrap: same, contentType: protobuf },
  { name: 'JSON', body: jsonOf(push), wrap: same, contentType: json },
  { name: 'JSON with numbers', body: numbers, wrap: same, contentType: json },
  { name: 'JSON of the old form', body: oldForm, wrap: same, contentType: json },
  ...encodings.map(([encoding, compress], i) => ({ name: `${i === 2 ? 'zlib' : encoding} around JSON`, body: compress(jsonOf(push)), wrap: same, contentType: json, contentEncoding: encoding })),
  ...encodings.map(([encoding, compress], i) => ({ name: `${i === 2 ? 'zlib' : encoding} around snappy`, body: compress(compressSync(protobufOf(push))), wrap: same, contentType: protobuf, contentEncoding: encoding })),
];

/** Cuts, flips, overwrites or moves bytes, or puts in what the formats are made of. */
function mutated(body: Buffer, next: (below: number) => number): Buffer {
  const copy = Buffer.from(body);
  const kind = next(6);
  if (kind === 0) return copy.subarray(0, next(copy.length + 1));
  if (kind === 5) return Buffer.concat([copy.subarray(0, next(copy.length)), copy.subarray(next(copy.length))]);
  for (let flips = 1 + next(4); flips > 0 && copy.length > 0; flips--) {
    const at = next(copy.length);
    if (kind === 1) copy[at]! ^= 1 << next(8);
    else if (kind === 2) copy[at] = next(256);
    else if (kind === 3) copy.copyWithin(at, next(copy.length), next(copy.length));
    else copy[at] = Buffer.from('{}[]",:\\0123456789nutf-')[next(23)]!;
  }
  return copy;
}

export interface Outcome {
  readonly taken: number;
  /** Refused bodies by error code. */
  readonly refused: ReadonlyMap<string, number>;
}

/** Decodes `count` damaged bodies of a dialect. Throws where one gives anything but a batch whose columns lie inside its bytes, or a coded error of the client's. */
export async function fuzz({ body, wrap, contentType, contentEncoding }: Dialect, count: number, seed = 42): Promise<Outcome> {
  const next = random(seed);
  const refused = new Map<string, number>();
  const limits = { ...defaultPushBodyLimits, rawBytesMax: 2 ** 20 };
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const damaged = i % 50 === 0 ? Buffer.from(Array.from({ length: next(60) }, () => next(256))) : mutated(body, next);
    const request: LokiPushRequest = { body: wrap(damaged), contentType, limits, ...(contentEncoding === undefined ? {} : { contentEncoding }) };
    try {
      const raw = await decodeLokiPush(request);
      checkColumns(raw);
      raw.release();
      taken++;
    } catch (error) {
      if (!isSpoorError(error) || error.status < 400 || error.status > 499) throw new Error(`body ${i} of seed ${seed}: ${damaged.toString('base64')}`, { cause: error });
      refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
    }
  }
  return { taken, refused };
}

function checkColumns(raw: RawBatch): void {
  for (let row = 0; row < raw.rows; row++) if (raw.lineStart[row]! + raw.lineLength[row]! > raw.bytes.length) throw new RangeError('a line lies outside');
  for (let at = 0; at < raw.pairs.length; at += 2) if (raw.pairs[at]! + raw.pairs[at + 1]! > raw.bytes.length) throw new RangeError('metadata lie outside');
  for (const { firstRow, rows } of raw.streams) if (firstRow + rows > raw.rows) throw new RangeError('a stream has rows that are not there');
}

if (import.meta.main) {
  const bodies = Number(process.argv[process.argv.indexOf('--bodies') + 1] ?? 100_000);
  for (const dialect of dialects) {
    const start = performance.now();
    const { taken, refused } = await fuzz(dialect, bodies, 7);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const codes = [...refused].toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`).join(', ');
    process.stdout.write(`${dialect.name}: ${bodies} bodies in ${seconds} s, ${taken} taken, ${codes}; RSS ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB\n`);
  }
}
