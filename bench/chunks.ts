/**
 * Encodes and decodes a segment of generated log lines, shredded and plain: `node bench/chunks.ts [--mb 64]`. One thread; times are the best of some runs and their median.
 */
import { parseArgs } from 'node:util';
import { encodeMetadata } from '../src/bytes/mod.ts';
import {
  decodeFooter, decodeRowGroup, decodeShapes, DecodeScratch, HexPoolReader, openPage, PageSource, rowGroupRanges, SegmentWriter, ShreddedGroup,
  type ChunkSelection, type Segment, type SegmentFooter,
} from '../src/chunks/mod.ts';
import { labelSet, type BytesColumn, type ColumnNeeds, type RowBlock } from '../src/model/mod.ts';

const { values: options } = parseArgs({ options: { mb: { type: 'string', default: '64' }, runs: { type: 'string', default: '7' } } });
const runs = Number(options.runs);

let state = 1;
const random = (): number => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const below = (n: number): number => Math.floor(random() * n);
const pick = <T>(of: readonly T[]): T => of[below(of.length)]!;
const hex = (digits: number): string => {
  let text = '';
  while (text.length < digits) text += below(0x10000).toString(16).padStart(4, '0');
  return text.slice(0, digits);
};
const messages = ['request completed', 'cache miss, loading from primary', 'retrying upstream call', 'order accepted', 'session refreshed', 'queue drained'];
const paths = ['/api/v1/predict', '/api/v1/checkout', '/api/v1/cart/items', '/healthz', '/api/v1/users/me', '/login'];

function line(format: number, service: string, level: string, timeMs: number, traceId: string): string {
  const iso = new Date(timeMs).toISOString();
  if (format === 0)
    return JSON.stringify({
      timestamp: iso, level, service, message: pick(messages), trace_id: traceId, span_id: hex(16), request_id: `req-${hex(12)}`, user_id: `usr-${below(200_000)}`,
      method: pick(['GET', 'GET', 'POST']), path: pick(paths), status: pick([200, 200, 204, 404]), latency_ms: Number((random() * 100).toFixed(3)), bytes: below(90_000),
      http: { host: `${service}.svc.cluster.local`, version: '1.1' },
    });
  if (format === 1)
    return `ts=${iso} level=${level} caller=${pick(['http.go', 'grpc.go', 'store.go'])}:${100 + below(400)} component=${pick(['api', 'store', 'cache'])} msg="${pick(messages)}" trace_id=${traceId} user_id=usr-${below(200_000)} duration=${(random() * 100).toFixed(2)}ms status=200 bytes=${below(50_000)}`;
  return `10.${below(256)}.${below(256)}.${below(256)} - - [20/Nov/2026:10:00:00 +0000] "GET ${pick(paths)}?session=${hex(10)} HTTP/1.1" 200 ${below(60_000)} "-" "kube-probe/1.34" ${random().toFixed(3)} ${traceId}`;
}

/** Packs byte strings into a column over shared memory, as the head has them. */
class ColumnBuilder {
  #bytes = Buffer.from(new SharedArrayBuffer(1 << 20));
  #at = 0;
  readonly #lengths: number[] = [];

  get bytes(): number {
    return this.#at;
  }

  add(value: Uint8Array): void {
    while (this.#at + value.length > this.#bytes.length) {
      const grown = Buffer.from(new SharedArrayBuffer(2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#at);
      this.#bytes = grown;
    }
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    this.#lengths.push(value.length);
  }

  column(): BytesColumn {
    const length = Uint32Array.from(this.#lengths);
    const start = new Uint32Array(length.length);
    for (let i = 1; i < length.length; i++) start[i] = start[i - 1]! + length[i - 1]!;
    return { bytes: this.#bytes, start, length };
  }
}

/** Rows of 60 streams over six hours; each record of the journal brings 100 rows of a stream. */
function generate(megabytes: number): RowBlock {
  const streams = Array.from({ length: 60 }, (_, i) => labelSet([['app', `service-${i % 12}`], ['namespace', 'shop'], ['pod', `service-${i % 12}-${hex(8)}-${hex(5)}`], ['node', `node-${i % 10}`]]));
  const lines = new ColumnBuilder();
  const metadata = new ColumnBuilder();
  const stream: number[] = [];
  const time: number[] = [];
  const position: number[] = [];
  const index: number[] = [];
  const share = (megabytes * 1e6) / streams.length;
  const startMs = Date.parse('2026-11-20T04:00:00Z');
  for (let s = 0; s < streams.length; s++) {
    let at = 4 * 3600e9 + below(1e9);
    const step = (6 * 3600e9) / (share / 300);
    for (let n = 0; lines.bytes < share * (s + 1); n++) {
      at += Math.floor(random() * 2 * step);
      const level = random() < 0.8 ? 'info' : pick(['debug', 'warn', 'error']);
      const traceId = hex(32);
      lines.add(Buffer.from(line(s % 3, `service-${s % 12}`, level, startMs + at / 1e6, traceId)));
      const pairs = [{ name: 'detected_level', value: level }];
      if (s % 3 === 0 && n % 2 === 0) pairs.push({ name: 'trace_id', value: traceId });
      metadata.add(encodeMetadata(pairs));
      stream.push(s);
      time.push(at);
      position.push(1000 + Math.floor(n / 100) * 60 + s);
      index.push(s * 100 + (n % 100));
    }
  }
  const rows = stream.length;
  return {
    rows, day: 20_777, streams, stream: Uint32Array.from(stream), time: Float64Array.from(time),
    order: { position: Float64Array.from(position), index: Uint32Array.from(index), partition: new Uint32Array(rows) },
    lineLength: null, lines: lines.column(), metadata: metadata.column(),
  };
}

function print(what: string, megabytes: number, rows: number, milliseconds: readonly number[]): void {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const show = (ms: number): string => `${ms.toFixed(2)} ms${megabytes === 0 ? '' : `, ${(megabytes / (ms / 1e3)).toFixed(0)} MB/s`}${rows < 1000 ? '' : `, ${(rows / 1e3 / ms).toFixed(1)} M rows/s`}`;
  process.stdout.write(`${what}: best ${show(sorted[0]!)}; median ${show(sorted[sorted.length >> 1]!)}\n`);
}

function measure(work: () => void, times = runs): number[] {
  const milliseconds: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    work();
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

const block = generate(Number(options.mb));
const rawMb = block.lines!.length.reduce((sum, length) => sum + length, 0) / 1e6;
const metadataMb = block.metadata!.length.reduce((sum, length) => sum + length, 0) / 1e6;

/** Writes the block again and again. */
function encode(shred: boolean): { readonly segment: Segment; readonly footer: SegmentFooter } {
  let written: Segment = new SegmentWriter().finish();
  const times = measure(() => {
    const writer = new SegmentWriter({ shred });
    writer.add('tenant', block);
    written = writer.finish();
  });
  const read = decodeFooter(written.data.subarray(-written.footerBytes), written.data.length, 'bench');
  process.stdout.write(
    `${shred ? 'shredded' : 'plain'}: ${block.rows} rows, ${rawMb.toFixed(1)} MB of lines, ${metadataMb.toFixed(1)} MB of metadata → ${(written.data.length / 1e6).toFixed(1)} MB, ${read.rowGroups.length} row groups, ${written.chunks.length} chunks, shapes and footer ${written.footerBytes} bytes\n`,
  );
  print('encode', rawMb, block.rows, times);
  return { segment: written, footer: read };
}

const shredded = encode(true);

/** Opens every row group anew, as after a restart, but for what it reads of the segment. */
function eachShredded(visit: (group: ShreddedGroup, all: Uint32Array) => void): void {
  const { data } = shredded.segment;
  const { pool, rowGroups } = shredded.footer;
  const stored = (offset: number, length: number): Uint8Array => data.subarray(offset, offset + length);
  let reader: HexPoolReader | undefined;
  const openPool = (): HexPoolReader => (reader ??= new HexPoolReader(openPage(pool!, stored(pool!.offset, pool!.storedBytes), 'bench'), 'bench'));
  for (const rowGroup of rowGroups) {
    const page = rowGroup.shapes!;
    const shapes = decodeShapes(openPage(page, stored(page.offset, page.storedBytes), 'bench'), rowGroup, 'bench');
    const source = new PageSource([], [], 'bench', (ranges) => ranges.map(({ offset, length }) => stored(offset, length)));
    visit(new ShreddedGroup({ rowGroup, shapes, source, pool: openPool }, [], []), Uint32Array.from({ length: rowGroup.rows }, (_, i) => i));
  }
}
print('open', rawMb, block.rows, measure(() => eachShredded(() => undefined)));
print('decode times', rawMb, block.rows, measure(() => eachShredded((group) => void group.time())));
print('decode lines', rawMb, block.rows, measure(() => eachShredded((group, rows) => void group.lines(rows))));
print('decode lines, metadata, order', rawMb, block.rows, measure(() => eachShredded((group, rows) => [group.lines(rows), group.metadata(rows), group.order()])));
print('decode lines of every hundredth row', rawMb, block.rows, measure(() => eachShredded((group, rows) => void group.lines(rows.filter((row) => row % 100 === 0)))));

const { segment, footer } = encode(false);
const stored = new Map<number, number>();
for (const group of footer.rowGroups) for (const page of group.pages) stored.set(page.column, (stored.get(page.column) ?? 0) + page.storedBytes);
process.stdout.write(`stored bytes per row by column: ${[...stored].map(([column, bytes]) => `${column}: ${(bytes / block.rows).toFixed(2)}`).join(', ')}\n`);
function decodeAll(data: Uint8Array, from: SegmentFooter, chunks: readonly (readonly ChunkSelection[])[], columns: ColumnNeeds, scratch?: DecodeScratch): number {
  let rows = 0;
  for (const [i, group] of from.rowGroups.entries()) {
    const ranges = rowGroupRanges(group, columns, chunks[i]);
    const buffers = ranges.map((range) => data.subarray(range.offset, range.offset + range.length));
    rows += decodeRowGroup(group, ranges, buffers, columns, chunks[i]!, 'bench', scratch).rows;
  }
  return rows;
}

const none: ColumnNeeds = { order: false, lineLength: false, lines: false, metadata: false };
const chunksOf = (of: Segment, from: SegmentFooter): ChunkSelection[][] => from.rowGroups.map((_, i) => of.chunks.filter((chunk) => chunk.rowGroup === i));
const all = chunksOf(segment, footer);
const sets: readonly (readonly [string, ColumnNeeds])[] = [
  ['times', none],
  ['times, lengths', { ...none, lineLength: true }],
  ['lines', { ...none, lines: true }],
  ['lines, metadata', { ...none, lines: true, metadata: true }],
  ['all columns', { order: true, lineLength: true, lines: true, metadata: true }],
];
for (const [name, columns] of sets) {
  const scratch = new DecodeScratch();
  print(`decode ${name}, scratch`, rawMb, block.rows, measure(() => decodeAll(segment.data, footer, all, columns, scratch)));
  print(`decode ${name}, fresh`, rawMb, block.rows, measure(() => decodeAll(segment.data, footer, all, columns)));
}

// One small stream out of ten thousand in the same segment: what a narrow selector costs.
const small: RowBlock = ((): RowBlock => {
  const streams = Array.from({ length: 10_000 }, (_, i) => labelSet([['app', `service-${i % 12}`], ['pod', `service-${i % 12}-${hex(8)}-${hex(5)}`]]));
  const rows = Math.floor(block.rows / streams.length) * streams.length;
  const each = rows / streams.length;
  return { ...block, rows, streams, stream: Uint32Array.from({ length: rows }, (_, i) => Math.floor(i / each)), time: Float64Array.from({ length: rows }, (_, i) => (i % each) * 1e9) };
})();
const smallWriter = new SegmentWriter({ shred: false });
smallWriter.add('tenant', { ...small, order: { position: new Float64Array(small.rows).fill(7), index: Uint32Array.from({ length: small.rows }, (_, i) => i), partition: new Uint32Array(small.rows) } });
const narrow = smallWriter.finish();
const narrowFooter = decodeFooter(narrow.data, narrow.data.length, 'bench');
const [narrowGroup] = narrowFooter.rowGroups;
const narrowChunk = narrow.chunks[100]!;
const narrowRanges = rowGroupRanges(narrowGroup!, { ...none, lines: true }, [narrowChunk]);
process.stdout.write(
  `10,000 streams: ${(narrow.data.length / 1e6).toFixed(1)} MB, footer ${narrow.footerBytes} bytes, labels ${narrowFooter.tenants[0]!.labels.storedBytes} bytes; one stream of ${narrowChunk.rows} rows: ${narrowRanges.length} reads of ${narrowRanges.reduce((sum, range) => sum + range.length, 0)} bytes out of ${narrowGroup!.storedBytes}\n`,
);
const narrowScratch = new DecodeScratch();
const narrowBuffers = narrowRanges.map((range) => narrow.data.subarray(range.offset, range.offset + range.length));
print('decode lines of one small stream', 0, narrowChunk.rows, measure(() => void decodeRowGroup(narrowGroup!, narrowRanges, narrowBuffers, { ...none, lines: true }, [narrowChunk], 'bench', narrowScratch), 10 * runs));

// A million rows of short lines: what counting costs.
const million: RowBlock = ((): RowBlock => {
  const rows = 1_000_000;
  const each = rows / 60;
  const stream = Uint32Array.from({ length: rows }, (_, i) => Math.floor(i / each));
  const time = Float64Array.from({ length: rows }, (_, i) => Math.floor(((i % each) / each) * 6 * 3600e9 + random() * 1e6));
  for (let i = 1; i < rows; i++) if (stream[i] === stream[i - 1] && time[i]! < time[i - 1]!) time[i] = time[i - 1]!;
  const empty = { bytes: new Uint8Array(0), start: new Uint32Array(rows), length: new Uint32Array(rows) };
  return {
    rows, day: 20_777, streams: Array.from({ length: 61 }, (_, i) => labelSet([['app', `${i}`]])), stream, time,
    order: { position: Float64Array.from({ length: rows }, (_, i) => i >> 8), index: Uint32Array.from({ length: rows }, (_, i) => i & 255), partition: new Uint32Array(rows) },
    lineLength: null, lines: empty, metadata: empty,
  };
})();
const writer = new SegmentWriter({ shred: false });
writer.add('tenant', million);
const counted = writer.finish();
const countedFooter = decodeFooter(counted.data, counted.data.length, 'bench');
const countedChunks = chunksOf(counted, countedFooter);
const scratch = new DecodeScratch();
print('times of 1 M rows, scratch', 0, million.rows, measure(() => decodeAll(counted.data, countedFooter, countedChunks, none, scratch), 3 * runs));
print('times of 1 M rows, fresh', 0, million.rows, measure(() => decodeAll(counted.data, countedFooter, countedChunks, none), 3 * runs));
