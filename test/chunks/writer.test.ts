import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encodeMetadata } from '../../src/bytes/mod.ts';
import { decodeFooter, segmentLimits, SegmentWriter, type Segment, type SegmentFooter } from '../../src/chunks/mod.ts';
import { labelSet, type LabelSet, type RowBlock } from '../../src/model/mod.ts';
import { blockOf, plainSegmentOf, printRows, readAll, segmentOf, stream, type TestRow } from './rows.ts';

const footerOf = (segment: Segment): SegmentFooter => decodeFooter(segment.data, segment.data.length, 'test');
const row = (of: LabelSet, time: number, line: Uint8Array | string = '', position = 1): TestRow => ({
  stream: of, time, position, index: time % 1000, partition: 0, line: Buffer.from(line), metadata: new Uint8Array(0),
});

/** Rows of one stream without objects: `lineOf` gives each line's length. */
function longBlock(rows: number, lineOf: (row: number) => number, metadataLength = 0, streams = 1): RowBlock {
  const length = Uint32Array.from({ length: rows }, (_, i) => lineOf(i));
  const longest = length.reduce((a, b) => Math.max(a, b), 0);
  const bytes = Buffer.alloc(longest + 16, 'the quick brown fox ');
  const each = Math.ceil(rows / streams);
  return {
    rows, day: 1, streams: Array.from({ length: streams }, (_, i) => stream(`s${i}`)), stream: Uint32Array.from({ length: rows }, (_, i) => Math.floor(i / each)),
    time: Float64Array.from({ length: rows }, (_, i) => i),
    order: { position: new Float64Array(rows).fill(1), index: Uint32Array.from({ length: rows }, (_, i) => i), partition: new Uint32Array(rows) },
    lineLength: null, lines: { bytes, start: Uint32Array.from({ length: rows }, (_, i) => i % 16), length },
    metadata: { bytes: Buffer.alloc(metadataLength), start: new Uint32Array(rows), length: new Uint32Array(rows).fill(metadataLength) },
  };
}

describe('row groups end', () => {
  test('at 65,536 rows', () => {
    const footer = footerOf(segmentOf(longBlock(2 * segmentLimits.rowGroupRowsMax + 1, () => 3)));
    expect(footer.rowGroups.map((group) => group.rows)).toEqual([segmentLimits.rowGroupRowsMax, segmentLimits.rowGroupRowsMax, 1]);
  });

  test('at 8 MiB of lines', async () => {
    const block = longBlock(20, () => 1_000_000);
    const segment = segmentOf(block);
    expect(footerOf(segment).rowGroups.map((group) => group.rows)).toEqual([8, 8, 4]);
    expect(await readAll(segment.data)).toEqual(new Map([['tenant', printRows(block)]]));
  });

  test('exactly at 8 MiB of lines', () => {
    const footer = footerOf(segmentOf(longBlock(17, () => segmentLimits.rowGroupLineBytesMax / 8)));
    expect(footer.rowGroups.map((group) => group.rows)).toEqual([8, 8, 1]);
    expect(footer.rowGroups[0]!.lineBytes).toBe(segmentLimits.rowGroupLineBytesMax);
  });

  test('at 8 MiB of metadata', () => {
    const footer = footerOf(segmentOf(longBlock(20, () => 1, 1_000_000)));
    expect(footer.rowGroups.map((group) => group.rows)).toEqual([8, 8, 4]);
  });

  test('a bigger line stands alone', async () => {
    const block = longBlock(5, (i) => (i === 2 ? segmentLimits.rowGroupLineBytesMax + 1 : 10));
    const segment = segmentOf(block);
    expect(footerOf(segment).rowGroups.map((group) => [group.rows, group.lineBytes])).toEqual([[2, 20], [1, segmentLimits.rowGroupLineBytesMax + 1], [2, 20]]);
    expect(await readAll(segment.data)).toEqual(new Map([['tenant', printRows(block)]]));
  });

  test('at midnight and between tenants', () => {
    const writer = new SegmentWriter();
    for (const tenant of ['b', 'a']) for (const day of [1, 0, -1]) writer.add(tenant, blockOf(day, [row(stream('x'), 5)]));
    const footer = footerOf(writer.finish());
    expect(footer.rowGroups.map((group) => [footer.tenants[group.tenant]!.tenant, group.day])).toEqual([['b', 1], ['b', 0], ['b', -1], ['a', 1], ['a', 0], ['a', -1]]);
    expect(footer.tenants.map((tenant) => [tenant.tenant, tenant.rowGroups, tenant.streams])).toEqual([['b', [0, 1, 2], 1], ['a', [3, 4, 5], 1]]);
  });
});

describe('chunks', () => {
  test('small streams share a row group, and blocks of other tenants do not come between', () => {
    const writer = new SegmentWriter();
    for (let i = 0; i < 10; i++) for (const tenant of ['a', 'b']) writer.add(tenant, blockOf(1, [row(stream(`s${i}`), i, 'line'), row(stream(`s${i}`), i + 1, 'longer line')]));
    const segment = writer.finish();
    expect(footerOf(segment).rowGroups.map((group) => [group.rows, group.runs])).toEqual([[20, 10], [20, 10]]);
    expect(segment.chunks.length).toBe(20);
    expect(segment.chunks[3]).toEqual({
      tenant: 'a', labels: stream('s3'), day: 1, rowGroup: 0, rowStart: 6, rows: 2, minNs: 86_400_000_000_003n, maxNs: 86_400_000_000_004n, bytes: 15,
    });
  });

  test('ten thousand streams of a hundred lines', () => {
    const segment = segmentOf(longBlock(1_000_000, () => 30, 0, 10_000));
    const footer = footerOf(segment);
    expect(footer.rowGroups.length).toBe(16);
    expect(segment.chunks.length).toBeLessThan(10_020);
    expect(segment.footerBytes).toBeLessThan(16_000);
    expect(footer.tenants[0]!.labels.storedBytes).toBeLessThan(150_000);
  });

  test('a stream that goes on where the last block ended stays one chunk', () => {
    const writer = new SegmentWriter();
    writer.add('t', blockOf(1, [row(stream('a'), 1), row(stream('b'), 1), row(stream('b'), 2)]));
    writer.add('t', blockOf(1, [row(stream('b'), 2, 'x', 2), row(stream('b'), 9), row(stream('c'), 1)]));
    const segment = writer.finish();
    expect(segment.chunks.map((chunk) => [chunk.rowGroup, chunk.rowStart, chunk.rows])).toEqual([[0, 0, 1], [0, 1, 4], [0, 5, 1]]);
  });

  test.each([
    ['comes again', [row(stream('a'), 5)]],
    ['goes back in time', [row(stream('b'), 1)]],
    ['goes back in the journal', [row(stream('b'), 2, '', 0)]],
  ])('a stream that %s begins a row group, so that none holds it twice', (_, more) => {
    const writer = new SegmentWriter();
    writer.add('t', blockOf(1, [row(stream('a'), 1), row(stream('b'), 2)]));
    writer.add('t', blockOf(1, more));
    const segment = writer.finish();
    expect(segment.chunks.map((chunk) => [chunk.rowGroup, chunk.rowStart, chunk.rows])).toEqual([[0, 0, 1], [0, 1, 1], [1, 0, 1]]);
  });
});

describe('metadata', () => {
  const withMetadata = (of: (i: number) => Uint8Array): RowBlock => blockOf(1, Array.from({ length: 3000 }, (_, i) => ({ ...row(stream('a'), i, 'x'), metadata: of(i) })));
  const level = (i: number): Uint8Array => encodeMetadata([{ name: 'detected_level', value: ['info', 'warn'][i % 2]! }]);
  const trace = (i: number): Uint8Array => encodeMetadata([{ name: 'trace_id', value: `${i * 7919}` }]);

  test.each([
    ['none takes no bytes', () => new Uint8Array(0), []],
    ['few values are a dictionary', level, [8, 9]],
    ['one value is not stored per row', () => level(0), [8, 9]],
    ['many values are plain', trace, [6, 7]],
    ['values that become many are plain from the start', (i: number) => (i < 2000 ? level(i) : trace(i)), [6, 7]],
  ] as const)('%s', async (_, of, columns) => {
    const block = withMetadata(of);
    const segment = plainSegmentOf(block);
    const [group] = footerOf(segment).rowGroups;
    expect(group!.pages.map((page) => page.column).filter((column) => column >= 6 && column <= 9)).toEqual(columns);
    expect((await readAll(segment.data)).get('tenant')).toEqual(printRows(block));
  });
});

test.each([true, false])('the segment is alone in its buffer and says how big shapes and footer are (shredded: %s)', (shred) => {
  const segment = segmentOf(blockOf(1, [row(stream('a'), 1, 'x')]), 'tenant', shred);
  expect(segment.data.buffer.byteLength).toBe(segment.data.length);
  const footer = decodeFooter(segment.data.subarray(-segment.footerBytes), segment.data.length, 'test');
  const shapes = footer.rowGroups.reduce((bytes, group) => bytes + (group.shapes?.storedBytes ?? 0), 0);
  expect(shapes > 0).toBe(shred);
  expect(footer.footerBytes + shapes).toBe(segment.footerBytes);
});

test('an empty segment', async () => {
  const writer = new SegmentWriter();
  writer.add('t', blockOf(1, []));
  const segment = writer.finish();
  expect(segment).toMatchObject({ rows: 0, chunks: [], minNs: 0n, maxNs: 0n });
  expect((await readAll(segment.data)).size).toBe(0);
});

test('bytes grow with what is added, near to the truth', () => {
  const writer = new SegmentWriter({ shred: false });
  expect(writer.bytes).toBe(0);
  const block = longBlock(40_000, () => 100);
  writer.add('t', { ...block, lines: { bytes: randomBytes(4_000_000), start: Uint32Array.from({ length: 40_000 }, (_, i) => i * 100), length: block.lines!.length } });
  const estimate = writer.bytes;
  const { data } = writer.finish();
  expect(Math.abs(estimate - data.length) / data.length).toBeLessThan(0.2);
  expect(() => writer.add('t', block)).toThrowError(/finished/);
});

test('open row groups are bounded', async () => {
  const writer = new SegmentWriter();
  const tenants = segmentLimits.openRowGroupsMax + 20;
  for (let i = 0; i < tenants; i++) writer.add(`tenant ${i}`, blockOf(1, [row(stream('a'), 1, `line ${i}`)]));
  writer.add('tenant 0', blockOf(1, [row(stream('b'), 1)]));
  writer.add(`tenant ${tenants - 1}`, blockOf(1, [row(stream('b'), 1)]));
  const segment = writer.finish();
  expect(footerOf(segment).rowGroups.length).toBe(tenants + 1);
  expect((await readAll(segment.data)).size).toBe(tenants);
});

describe('what is no sorted block of one day is refused', () => {
  const good = blockOf(1, [row(stream('a'), 1), row(stream('a'), 2)]);
  const cases: readonly (readonly [string, RowBlock])[] = [
    ['no lines', { ...good, lines: null }],
    ['no metadata', { ...good, metadata: null }],
    ['no order', { ...good, order: null }],
    ['no stream', { ...good, stream: Uint32Array.of(0, 5) }],
    ['times back', { ...good, time: Float64Array.of(2, 1) }],
    ['order back', { ...good, time: Float64Array.of(2, 2), order: { ...good.order!, position: Float64Array.of(2, 1) } }],
    ['not a number', { ...good, time: Float64Array.of(1, NaN) }],
    ['before the day', { ...good, time: Float64Array.of(-1, 1) }],
    ['after the day', { ...good, time: Float64Array.of(1, 86_400e9) }],
    ['no day', { ...good, day: 1.5 }],
    ['no such day', { ...good, day: 200_000 }],
    ['lines past the end', { ...good, lines: { ...good.lines!, length: Uint32Array.of(0, 1) } }],
    ['metadata past the end', { ...good, metadata: { ...good.metadata!, length: Uint32Array.of(1, 1) } }],
    ['a label too long', { ...good, streams: [labelSet([['a', 'x'.repeat(segmentLimits.labelBytesMax + 1)]])] }],
  ];
  test.each(cases)('%s', (_, block) => {
    let error: unknown;
    try {
      segmentOf(block);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'SpoorError', code: 'internal' });
  });

  test('a tenant name too long', () => {
    expect(() => segmentOf(good, 'x'.repeat(segmentLimits.tenantBytesMax + 1))).toThrowError(/tenantBytesMax/);
  });
});
