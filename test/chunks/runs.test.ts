import { expect, test } from 'vitest';
import { decodeFooter, type PageMeta, type RowGroupMeta } from '../../src/chunks/mod.ts';
import { columnIds } from '../../src/chunks/format.ts';
import { PageSource } from '../../src/chunks/page-source.ts';
import { decodeRuns, decodeRunStreams } from '../../src/chunks/runs.ts';
import { blockOf, segmentOf, stream } from './rows.ts';

const row = (name: string, time: number) => ({ stream: stream(name), time, position: 1, index: time, partition: 0, line: Buffer.from('x'), metadata: new Uint8Array(0) });
const { data } = segmentOf(blockOf(1, [row('a', 1), row('a', 2), row('a', 3), row('b', 1), row('c', 1), row('c', 2)]));
const [group] = decodeFooter(data, data.length, 'x').rowGroups;
const source = new PageSource([{ offset: 0, length: data.length }], [data], 'a/segment');

/** The row group with another constant in the place of a column of runs. */
function withConstant(column: number, value: number): RowGroupMeta {
  const constant = (page: PageMeta): PageMeta => ({ ...page, encoding: 1, codec: 0, storedBytes: 0, rawBytes: 0, crc: 0, range: { min: value, max: value } });
  return { ...group!, pages: group!.pages.map((page) => (page.column === column ? constant(page) : page)) };
}

test('runs and their streams', () => {
  expect([...decodeRuns(group!, source).start]).toEqual([0, 3, 4, 6]);
  expect([...decodeRunStreams(group!, source, 3)]).toEqual([0, 1, 2]);
});

test('runs that do not add up', () => {
  expect(() => decodeRuns(withConstant(columnIds.runRows, 1), source)).toThrowError(/runs have 3 rows instead of 6/);
  expect(() => decodeRuns(withConstant(columnIds.runRows, 0), source)).toThrowError(/no rows/);
  expect([...decodeRuns(withConstant(columnIds.runRows, 2), source).start]).toEqual([0, 2, 4, 6]);
});

test('streams that are none', () => {
  expect(() => decodeRunStreams(group!, source, 2)).toThrowError(/stream 2 of 2/);
  expect(() => decodeRunStreams(withConstant(columnIds.runStream, 1), source, 3)).toThrowError(/stream 1 has two runs/);
});
