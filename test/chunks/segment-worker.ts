import { parentPort, workerData } from 'node:worker_threads';
import { decodeRowGroup, SegmentWriter, type ByteRange, type ChunkSelection, type RowGroupMeta } from '../../src/chunks/mod.ts';
import type { RowBlock } from '../../src/model/mod.ts';
import { printRows } from './rows.ts';

/** What segment.test.ts asks of the worker. */
export type WorkerTask =
  | { readonly kind: 'write'; readonly tenant: string; readonly block: RowBlock }
  | { readonly kind: 'read'; readonly rowGroup: RowGroupMeta; readonly ranges: readonly ByteRange[]; readonly buffers: readonly Uint8Array[]; readonly chunks: readonly ChunkSelection[] };

const task = workerData as WorkerTask;
if (task.kind === 'write') {
  const writer = new SegmentWriter({ shred: false });
  writer.add(task.tenant, task.block);
  const segment = writer.finish();
  parentPort!.postMessage(segment, [segment.data.buffer]);
} else {
  const columns = { order: true, lineLength: true, lines: true, metadata: true };
  parentPort!.postMessage(printRows(decodeRowGroup(task.rowGroup, task.ranges, task.buffers, columns, task.chunks, 'test')), []);
}
