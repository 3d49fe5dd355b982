import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFooter, decodeRowGroup, DecodeScratch, rowGroupRanges, type ChunkSelection, type RowGroupMeta, type Segment } from '../../src/chunks/mod.ts';
import { formatLabels, type ColumnNeeds, type RowBlock } from '../../src/model/mod.ts';
import { encodeMetadata } from '../../src/bytes/mod.ts';
import { blockOf, plainSegmentOf, printRows, stream } from './rows.ts';

const all: ColumnNeeds = { order: true, lineLength: true, lines: true, metadata: true };
const none: ColumnNeeds = { order: false, lineLength: false, lines: false, metadata: false };

/** Forty streams with 1 to 300 rows and several pages of lines and metadata. */
const source = blockOf(
  7,
  Array.from({ length: 40 }, (_, s) => s).flatMap((s) =>
    Array.from({ length: 1 + ((s * 37) % 300) }, (_, i) => ({
      stream: stream(`s${s}`), time: i * 1_000_003 * (s + 1), position: 1 + (i >> 4), index: i, partition: s % 3,
      line: Buffer.from(`${s} ${i} ${'abcdefgh'.repeat((i * 13) % 80)}`),
      metadata: encodeMetadata([{ name: 'trace_id', value: `${s}-${i}-${'x'.repeat((i * 17) % 300)}` }]),
    })),
  ),
);
const segment: Segment = plainSegmentOf(source);
const group: RowGroupMeta = decodeFooter(segment.data, segment.data.length, 'test').rowGroups[0]!;
const chunks: readonly ChunkSelection[] = segment.chunks;

function decode(columns: ColumnNeeds, selected: readonly ChunkSelection[], scratch?: DecodeScratch): RowBlock {
  const ranges = rowGroupRanges(group, columns, selected);
  // What was not asked for is not there.
  const buffers = ranges.map((range) => segment.data.slice(range.offset, range.offset + range.length));
  return decodeRowGroup(group, ranges, buffers, columns, selected, 'a/segment', scratch);
}

const expected = (selected: readonly ChunkSelection[], columns: ColumnNeeds): string[] =>
  selected.flatMap((chunk) => {
    const rows = Array.from({ length: source.rows }, (_, i) => i).filter((i) => formatLabels(source.streams[source.stream[i]!]!) === formatLabels(chunk.labels));
    const lines = printRows({ ...source, order: columns.order ? source.order : null, lines: columns.lines ? source.lines : null, metadata: columns.metadata ? source.metadata : null });
    return rows.map((i) => lines[i]!);
  });

test('there are several pages to choose from', () => {
  expect(group.pages.filter((page) => page.column === 5).length).toBeGreaterThan(3);
  expect(group.pages.filter((page) => page.column === 7).length).toBeGreaterThan(3);
});

test('any columns of any chunks, with a scratch and without', () => {
  const scratch = new DecodeScratch();
  const needs = fc.record({ order: fc.boolean(), lineLength: fc.boolean(), lines: fc.boolean(), metadata: fc.boolean() });
  fc.assert(
    fc.property(needs, fc.shuffledSubarray([...chunks], { maxLength: 6 }), (columns, selected) => {
      for (const block of [decode(columns, selected), decode(columns, selected, scratch)]) {
        expect(printRows(block)).toEqual(expected(selected, columns));
        expect(block.streams).toEqual(selected.map((chunk) => chunk.labels));
        expect(block.order === null).toBe(!columns.order);
        expect(block.lines === null).toBe(!columns.lines);
        expect(block.metadata === null).toBe(!columns.metadata);
        expect(block.lineLength === null).toBe(!columns.lineLength && !columns.lines);
      }
    }),
    { numRuns: 60 },
  );
});

test('lengths without lines', () => {
  const block = decode({ ...none, lineLength: true }, chunks);
  expect([...block.lineLength!.subarray(0, block.rows)]).toEqual([...source.lines!.length]);
});

test('the ranges of all chunks serve for some', () => {
  const ranges = rowGroupRanges(group, all);
  const buffers = ranges.map((range) => segment.data.subarray(range.offset, range.offset + range.length));
  const selected = [chunks[20]!, chunks[3]!];
  expect(printRows(decodeRowGroup(group, ranges, buffers, all, selected, 'x'))).toEqual(expected(selected, all));
});

test('lines of one page are not copied', () => {
  const block = decode({ ...none, lines: true }, [chunks[0]!]);
  const [page] = group.pages.filter((page) => page.column === 5);
  expect(block.lines!.bytes.length).toBe(page!.rawBytes);
});

test('a row group without metadata, with a scratch that had some', () => {
  const scratch = new DecodeScratch();
  decode(all, chunks, scratch);
  const plain = plainSegmentOf(blockOf(1, [{ stream: stream('a'), time: 5, position: 1, index: 0, partition: 0, line: Buffer.from('x'), metadata: new Uint8Array(0) }]));
  const [meta] = decodeFooter(plain.data, plain.data.length, 'test').rowGroups;
  const ranges = rowGroupRanges(meta!, all);
  const buffers = ranges.map((range) => plain.data.subarray(range.offset, range.offset + range.length));
  expect(printRows(decodeRowGroup(meta!, ranges, buffers, all, plain.chunks, 'x', scratch))).toEqual(['{app="a"} 1+5 1.0.0 eA== ']);
});

describe('chunks that are none', () => {
  const [first, second] = [chunks[1]!, chunks[2]!];
  test.each([
    ['begin elsewhere', [{ ...first, rowStart: first.rowStart + 1, rows: first.rows - 1 }]],
    ['are shorter', [{ ...first, rows: first.rows - 1 }]],
    ['are longer', [{ ...first, rows: first.rows + second.rows }]],
    ['lie past the end', [{ ...first, rowStart: 1_000_000 }]],
    ['come twice', [first, second, first]],
  ])('%s', (_, selected) => {
    const ranges = rowGroupRanges(group, all);
    const buffers = ranges.map((range) => segment.data.subarray(range.offset, range.offset + range.length));
    expect(() => decodeRowGroup(group, ranges, buffers, none, selected, 'a/segment')).toThrowError(expect.objectContaining({ code: 'corruption' }) as Error);
  });
});

test('a read that came short names the segment and the place', () => {
  const ranges = rowGroupRanges(group, all);
  const buffers = ranges.map((range) => segment.data.subarray(range.offset, range.offset + range.length - 1));
  expect(() => decodeRowGroup(group, ranges, buffers, all, chunks, 'a/segment')).toThrowError(/damaged data in a\/segment at offset \d+: \d+ bytes wanted/);
});

test('columns that were not read are the caller\'s mistake', () => {
  const ranges = rowGroupRanges(group, none);
  const buffers = ranges.map((range) => segment.data.subarray(range.offset, range.offset + range.length));
  expect(() => decodeRowGroup(group, ranges, buffers, all, chunks, 'a/segment')).toThrowError(/was not read/);
});
