import fc from 'fast-check';
import { crc32c, encodeMetadata } from '../../src/bytes/mod.ts';
import { openSegment, SegmentWriter, type RangeReader, type Segment } from '../../src/chunks/mod.ts';
import { formatLabels, labelSet, type BytesColumn, type LabelSet, type RowBlock } from '../../src/model/mod.ts';
import { line as logLine, metadata as anyMetadata } from './shred/lines.ts';

/** One row as an object, for tests only. */
export interface TestRow {
  readonly stream: LabelSet;
  readonly time: number;
  readonly position: number;
  readonly index: number;
  readonly partition: number;
  readonly line: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Streams of a test tenant. */
export const stream = (name: string, more = ''): LabelSet => labelSet([['app', name], ['more', more]]);

function bytesColumn(values: readonly Uint8Array[], layout: 'packed' | 'gaps' | 'shared'): BytesColumn {
  const gap = layout === 'gaps' ? 3 : 0;
  const size = values.reduce((sum, value) => sum + value.length + gap, 0);
  const bytes = layout === 'shared' ? new Uint8Array(new SharedArrayBuffer(size)) : new Uint8Array(size);
  const start = new Uint32Array(values.length);
  const length = new Uint32Array(values.length);
  let at = 0;
  const order = values.map((_, i) => i);
  if (layout === 'gaps') order.reverse();
  for (const i of order) {
    bytes.set(values[i]!, at);
    start[i] = at;
    length[i] = values[i]!.length;
    at += values[i]!.length + gap;
  }
  return { bytes, start, length };
}

/** A block of the rows, sorted as SegmentWriter wants them. */
export function blockOf(day: number, rows: readonly TestRow[], layout: 'packed' | 'gaps' | 'shared' = 'packed'): RowBlock {
  const keys = new Map<string, LabelSet>();
  for (const row of rows) keys.set(formatLabels(row.stream), row.stream);
  const names = [...keys.keys()];
  const numbered = rows.map((row) => ({ row, number: names.indexOf(formatLabels(row.stream)) }));
  numbered.sort((a, b) => a.number - b.number || a.row.time - b.row.time || a.row.position - b.row.position || a.row.index - b.row.index || a.row.partition - b.row.partition);
  const sorted = numbered.map(({ row }) => row);
  return {
    rows: rows.length,
    day,
    streams: [...keys.values()],
    stream: Uint32Array.from(numbered, ({ number }) => number),
    time: Float64Array.from(sorted, (row) => row.time),
    order: {
      position: Float64Array.from(sorted, (row) => row.position),
      index: Uint32Array.from(sorted, (row) => row.index),
      partition: Uint32Array.from(sorted, (row) => row.partition),
    },
    lineLength: null,
    lines: bytesColumn(sorted.map((row) => row.line), layout),
    metadata: bytesColumn(sorted.map((row) => row.metadata), layout),
  };
}

/** Rows as text, for comparison. Columns that are null are left out. */
export function printRows(block: RowBlock): string[] {
  const bytes = (column: BytesColumn | null, row: number): string =>
    column === null ? '-' : Buffer.from(column.bytes.subarray(column.start[row], column.start[row]! + column.length[row]!)).toString('base64');
  const lines: string[] = [];
  for (let row = 0; row < block.rows; row++) {
    const order = block.order === null ? '-' : `${block.order.position[row]}.${block.order.index[row]}.${block.order.partition[row]}`;
    lines.push(`${formatLabels(block.streams[block.stream[row]!]!)} ${block.day}+${block.time[row]} ${order} ${bytes(block.lines, row)} ${bytes(block.metadata, row)}`);
  }
  return lines;
}

/** A reader over bytes in memory. */
export function readerOf(data: Uint8Array): RangeReader {
  return (offset, length) => Promise.resolve(data.subarray(offset, offset + length));
}

/** Every row of a segment, by tenant. */
export async function readAll(data: Uint8Array, where = 'test'): Promise<Map<string, string[]>> {
  const rows = new Map<string, string[]>();
  const segment = await openSegment(readerOf(data), data.length, where);
  for await (const group of segment.rowGroups()) rows.set(group.tenant, [...(rows.get(group.tenant) ?? []), ...printRows(group.block)]);
  for (const [number] of segment.footer.tenants.entries()) await segment.labels(number);
  return rows;
}

/** A segment's rows as the golden files have them: long ones cut and given a checksum. */
export async function printGolden(data: Uint8Array): Promise<string> {
  let text = '';
  for (const [tenant, rows] of await readAll(data))
    for (const row of rows) text += `${JSON.stringify(tenant)} ${row.length < 1000 ? row : `${row.slice(0, 200)}… ${row.length} characters, crc32c ${crc32c(Buffer.from(row))}`}\n`;
  return text;
}

/** A segment of one block. */
export function segmentOf(block: RowBlock, tenant = 'tenant', shred = true): Segment {
  const writer = new SegmentWriter({ shred });
  writer.add(tenant, block);
  return writer.finish();
}

/** A segment of one block with lines and metadata as they are. */
export function plainSegmentOf(block: RowBlock): Segment {
  return segmentOf(block, 'tenant', false);
}

const dayNs = 86_400_000_000_000;

const time = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 86_399 }).map((second) => second * 1e9),
  fc.integer({ min: 0, max: 86_399_999 }).map((ms) => ms * 1e6),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((part) => Math.floor(part * dayNs)),
  fc.constantFrom(0, dayNs - 1),
);

const metadata = fc.oneof(
  anyMetadata,
  fc.constant(new Uint8Array(0)),
  fc.constantFrom('info', 'warn', 'error').map((value) => encodeMetadata([{ name: 'detected_level', value }])),
  fc.string({ minLength: 1 }).map((value) => encodeMetadata([{ name: 'detected_level', value: 'info' }, { name: 'trace_id', value }])),
);

const row: fc.Arbitrary<TestRow> = fc.record({
  stream: fc.tuple(fc.constantFrom('a', 'b', 'c', 'ü"\n'), fc.constantFrom('', 'x', 'y')).map(([name, more]) => stream(name, more)),
  time,
  position: fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 1_000_000 }), fc.maxSafeInteger().map(Math.abs)),
  index: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.nat({ max: 0xffff_ffff })),
  partition: fc.oneof(fc.constant(0), fc.nat({ max: 63 })),
  line: fc.oneof(fc.constant(new Uint8Array(0)), fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 300 }), logLine, logLine),
  metadata,
});

/** Blocks for several tenants and days. */
export const blocks = fc.array(
  fc.record({
    tenant: fc.constantFrom('one', 'two', 'fake'),
    day: fc.constantFrom(0, 20_000, 20_001, -1, -106_000),
    layout: fc.constantFrom('packed' as const, 'gaps' as const, 'shared' as const),
    rows: fc.oneof(fc.array(row, { minLength: 0, maxLength: 4 }), fc.array(row, { minLength: 0, maxLength: 120, size: 'max' })),
  }),
  { maxLength: 6 },
);
