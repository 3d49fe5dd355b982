import { expect, test } from 'vitest';
import { coalesce, frontPages, rowGroupRanges, segmentLimits, type PageMeta, type RowGroupMeta } from '../../src/chunks/mod.ts';
import { columnIds } from '../../src/chunks/format.ts';
import type { ColumnNeeds } from '../../src/model/mod.ts';

const none: ColumnNeeds = { order: false, lineLength: false, lines: false, metadata: false };

/** A row group that begins at 1000, with ten pages of 100 rows of lines and two of metadata. */
function groupOf(pageBytes: number): RowGroupMeta {
  const pages: PageMeta[] = [];
  let offset = 1000;
  const add = (column: number, storedBytes: number, values = 1000): void => {
    pages.push({ column, encoding: 1, codec: 0, values, offset, storedBytes, rawBytes: storedBytes, crc: 0, range: null });
    offset += storedBytes;
  };
  add(columnIds.runStream, 10);
  add(columnIds.runRows, 10);
  add(columnIds.time, 100);
  add(columnIds.lineLength, 50);
  for (let i = 0; i < 10; i++) add(columnIds.line, pageBytes, 100);
  add(columnIds.metadataLength, 20);
  for (let i = 0; i < 2; i++) add(columnIds.metadata, pageBytes, 500);
  add(columnIds.position, 30);
  add(columnIds.index, 30);
  add(columnIds.partition, 0);
  return { tenant: 0, day: 1, rows: 1000, runs: 10, minTime: 0, maxTime: 1, lineBytes: 10 * pageBytes, metadataBytes: 2 * pageBytes, offset: 1000, storedBytes: offset - 1000, pages, shapes: null };
}

const gap = segmentLimits.rangeGapBytesMax;
const big = gap + 1;

test.each<[string, ColumnNeeds, { offset: number; length: number }[]]>([
  ['times', none, [{ offset: 1010, length: 110 }]],
  ['lengths', { ...none, lineLength: true }, [{ offset: 1010, length: 160 }]],
  ['lines', { ...none, lines: true }, [{ offset: 1010, length: 160 + 10 * big }]],
  ['lines and metadata', { ...none, lines: true, metadata: true }, [{ offset: 1010, length: 160 + 10 * big + 20 + 2 * big }]],
  ['everything', { order: true, lineLength: true, lines: true, metadata: true }, [{ offset: 1010, length: 160 + 10 * big + 20 + 2 * big + 60 }]],
  ['order', { ...none, order: true }, [{ offset: 1010, length: 110 }, { offset: 1190 + 12 * big, length: 60 }]],
])('%s', (_, columns, ranges) => {
  expect(rowGroupRanges(groupOf(big), columns)).toEqual(ranges);
});

test('only the pages that hold rows of the chunks', () => {
  const lines = 1170;
  const columns = { ...none, lines: true };
  const ofPages = (...chunks: [number, number][]): unknown => rowGroupRanges(groupOf(big), columns, chunks.map(([rowStart, rows]) => ({ rowStart, rows }))).slice(1);
  const head = { offset: 1010, length: 160 };
  expect(rowGroupRanges(groupOf(big), columns, [{ rowStart: 350, rows: 10 }])).toEqual([head, { offset: lines + 3 * big, length: big }]);
  expect(ofPages([100, 100], [500, 1])).toEqual([{ offset: lines + big, length: big }, { offset: lines + 5 * big, length: big }]);
  expect(ofPages([199, 2])).toEqual([{ offset: lines + big, length: 2 * big }]);
  expect(ofPages([999, 1], [300, 1])).toEqual([{ offset: lines + 3 * big, length: big }, { offset: lines + 9 * big, length: big }]);
  expect(ofPages([300, 0])).toEqual([]);
  expect(rowGroupRanges(groupOf(big), columns, [{ rowStart: 0, rows: 1000 }])).toEqual(rowGroupRanges(groupOf(big), columns));
});

test('small gaps are read along', () => {
  expect(rowGroupRanges(groupOf(gap >> 2), { ...none, lines: true }, [{ rowStart: 50, rows: 1 }, { rowStart: 450, rows: 1 }])).toEqual([{ offset: 1010, length: 160 + 5 * (gap >> 2) }]);
});

test('how much is read along is the choice of who reads', () => {
  const group = groupOf(1000);
  const chunks = [{ rowStart: 50, rows: 1 }, { rowStart: 450, rows: 1 }];
  expect(rowGroupRanges(group, { ...none, lines: true }, chunks, 3000)).toEqual([{ offset: 1010, length: 160 + 5 * 1000 }]);
  expect(rowGroupRanges(group, { ...none, lines: true }, chunks, 2999)).toEqual([{ offset: 1010, length: 1160 }, { offset: 5170, length: 1000 }]);
  expect(coalesce(frontPages(group), 0)).toEqual([{ offset: 1010, length: 110 }]);
});
