import { describe, expect, test } from 'vitest';
import { openSegment, SegmentWriter, type ByteRange } from '../../src/chunks/mod.ts';
import { blockOf, printRows, stream, type TestRow } from './rows.ts';

const row = (i: number): TestRow => ({
  stream: stream(`s${i % 3}`), time: i * 1e6, position: i, index: 0, partition: 0, line: Buffer.from(`a=${i} trace=${(i * 7919).toString(16).padStart(32, '0')}`), metadata: new Uint8Array(0),
});
const block = blockOf(1, Array.from({ length: 90 }, (_, i) => row(i)));

function written(shred: boolean): Uint8Array {
  const writer = new SegmentWriter({ shred });
  for (const tenant of ['one', 'two']) writer.add(tenant, block);
  return writer.finish().data;
}

/** Reads a segment, and notes what was read of it. */
function counted(data: Uint8Array): { readonly read: (offset: number, length: number) => Promise<Uint8Array>; readonly reads: ByteRange[] } {
  const reads: ByteRange[] = [];
  return {
    reads,
    read: (offset, length) => {
      reads.push({ offset, length });
      return Promise.resolve(data.subarray(offset, offset + length));
    },
  };
}

describe.each([['shredded', true], ['plain', false]] as const)('a %s segment', (_, shred) => {
  const data = written(shred);

  test('is opened with two reads, and row groups with one for each part', async () => {
    const { read, reads } = counted(data);
    const reader = await openSegment(read, data.length, 'x');
    expect(reads.length).toBe(2);
    await reader.readRowGroup(0);
    // The row group, labels; shapes and pool.
    expect(reads.length).toBe(shred ? 6 : 4);
    await reader.readRowGroup(1);
    // The pool is kept, label sets are of another tenant.
    expect(reads.length).toBe(shred ? 9 : 6);
    await reader.readRowGroup(1);
    expect(reads.length).toBe(shred ? 11 : 7);
  });

  test('all row groups, in file order', async () => {
    const reader = await openSegment(counted(data).read, data.length, 'x');
    const groups = [];
    for await (const group of reader.rowGroups()) groups.push([group.tenant, group.rowGroup, printRows(group.block), group.chunks.length]);
    expect(groups).toEqual([['one', 0, printRows(block), 3], ['two', 1, printRows(block), 3]]);
  });

  test('a row group as it stands', async () => {
    const reader = await openSegment(counted(data).read, data.length, 'x');
    const { tenant, selections, shapes, group, range, bytes } = await reader.openRowGroup(1);
    expect([tenant, selections.map(({ rowStart, rows }) => [rowStart, rows])]).toEqual(['two', [[0, 30], [30, 30], [60, 30]]]);
    expect(bytes.length).toBe(range.length);
    expect([shapes.length, group === null]).toEqual(shred ? [1, false] : [0, true]);
    expect((await reader.pool())?.count).toBe(shred ? 90 : undefined);
  });
});

test('a segment that ends early', async () => {
  const data = written(true);
  await expect(openSegment(counted(data.subarray(0, 10)).read, 10, 'a/segment')).rejects.toThrowError(/damaged data in a\/segment at offset 0: too short/);
  const reader = await openSegment(counted(data).read, data.length, 'a/segment');
  const short = await openSegment((offset, length) => Promise.resolve(data.subarray(offset, offset + (offset === 0 ? length - 1 : length))), data.length, 'a/segment');
  await expect(short.readRowGroup(0)).rejects.toThrowError(/damaged data in a\/segment at offset 0: \d+ bytes wanted/);
  expect((await reader.readRowGroup(0)).block.rows).toBe(90);
});
