import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFooter, openSegment, rowGroupRanges, SegmentWriter, type Segment, type SegmentChunk } from '../../src/chunks/mod.ts';
import { dayStartNs, formatLabels } from '../../src/model/mod.ts';
import { blockOf, blocks, printRows, readAll, readerOf, stream } from './rows.ts';
import type { WorkerTask } from './segment-worker.ts';

const layouts = ['shredded', 'plain'] as const;

test('what goes in comes out, with nothing left over, shredded and plain', async () => {
  await fc.assert(
    fc.asyncProperty(blocks, async (parts) => {
      const expected = new Map<string, string[]>();
      const writers = layouts.map((layout) => new SegmentWriter({ shred: layout === 'shredded' }));
      for (const part of parts) {
        const block = blockOf(part.day, part.rows, part.layout);
        for (const writer of writers) writer.add(part.tenant, block);
        if (block.rows > 0) expected.set(part.tenant, [...(expected.get(part.tenant) ?? []), ...printRows(block)]);
      }
      const [shredded, plain] = await Promise.all(writers.map(async (writer) => await readChecked(writer.finish())));
      expect([...shredded!.rows.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [tenant, rows] of expected) expect([...shredded!.rows.get(tenant)!].sort()).toEqual([...rows].sort());
      expect(shredded!.segment.rows).toBe([...expected.values()].flat().length);
      expect(plain!.rows).toEqual(shredded!.rows);
      expect(plain!.segment.chunks).toEqual(shredded!.segment.chunks);
    }),
    { numRuns: 150 },
  );
});

/** All rows of a segment; what its writer says of it, and its footer, must be true. */
async function readChecked(segment: Segment): Promise<{ readonly segment: Segment; readonly rows: Map<string, string[]> }> {
  const footer = decodeFooter(segment.data.subarray(-segment.footerBytes), segment.data.length, 'test');
  expect(structuredClone(footer)).toEqual(footer);
  expect(footer.rowGroups.reduce((sum, group) => sum + group.rows, 0)).toBe(segment.rows);

  // The chunks that the writer reports are those that stand in the segment, and their times and sizes are true.
  const reader = await openSegment(readerOf(segment.data), segment.data.length, 'test');
  const chunks: SegmentChunk[] = [];
  let minNs: bigint | undefined;
  let maxNs: bigint | undefined;
  for await (const group of reader.rowGroups()) {
    chunks.push(...group.chunks);
    for (const chunk of group.chunks) {
      for (let row = chunk.rowStart; row < chunk.rowStart + chunk.rows; row++) {
        const timeNs = dayStartNs(group.block.day) + BigInt(group.block.time[row]!);
        expect(timeNs >= chunk.minNs && timeNs <= chunk.maxNs).toBe(true);
        expect(formatLabels(group.block.streams[group.block.stream[row]!]!)).toBe(formatLabels(chunk.labels));
        if (minNs === undefined || timeNs < minNs) minNs = timeNs;
        if (maxNs === undefined || timeNs > maxNs) maxNs = timeNs;
      }
    }
  }
  expect(segment.chunks).toEqual(chunks);
  expect([segment.minNs, segment.maxNs]).toEqual([minNs ?? 0n, maxNs ?? 0n]);
  return { segment, rows: await readAll(segment.data) };
}

async function inWorker(task: WorkerTask): Promise<unknown> {
  const worker = new Worker(new URL('segment-worker.ts', import.meta.url), { workerData: task });
  const [answer] = (await once(worker, 'message')) as [unknown];
  await worker.terminate();
  return answer;
}

test('written in one worker from shared memory, decoded in another', async () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({
    stream: stream(`s${i % 5}`), time: i * 1e6, position: i, index: 0, partition: 0, line: Buffer.from(`line ${i}`), metadata: new Uint8Array(0),
  }));
  const block = blockOf(20_000, rows, 'shared');
  const segment = (await inWorker({ kind: 'write', tenant: 't', block })) as Segment;
  const [rowGroup] = decodeFooter(segment.data, segment.data.length, 'test').rowGroups;
  const columns = { order: true, lineLength: true, lines: true, metadata: true };
  const ranges = rowGroupRanges(rowGroup!, columns);
  const buffers = ranges.map((range) => segment.data.slice(range.offset, range.offset + range.length));
  expect(await inWorker({ kind: 'read', rowGroup: rowGroup!, ranges, buffers, chunks: segment.chunks })).toEqual(printRows(block));
});
