import type { HeadBlock, ReadSnapshot } from '../ingester/mod.ts';
import { compileMatcher, type Batch, type ScanTask } from '../logql/mod.ts';
import { labelValue } from '../model/mod.ts';
import { matchesAll } from './matching.ts';
import type { Querier } from './querier.ts';
import type { Unit } from './units.ts';

/** Shortest pause between two looks at the heads. */
const pollMs = 100;

/**
 * Yields rows as they become queryable: first, oldest first, what `task`, a backward log task, finds in the snapshot of the beginning, then every matching row that is applied after it, whatever its
 * time. Each row comes once, also across flushes. Ends when `signal` aborts.
 */
export async function* tailRows(querier: Querier, task: ScanTask, signal: AbortSignal): AsyncGenerator<Batch> {
  let held = querier.snapshot();
  let woken: () => void = () => undefined;
  const stop = querier.onApplied(() => woken());
  try {
    const cursors = new Map<number, bigint>();
    for (const { generation, last } of held.heads) cursors.set(generation.partition, last);
    for (const [partition, position] of held.catalogue.positions) if ((cursors.get(partition) ?? 0n) < position) cursors.set(partition, position);
    for await (const batch of batches(querier.scanSnapshot(task, held, signal))) yield { ...batch, rows: batch.rows.toReversed() };
    while (!signal.aborted) {
      // The old snapshot is let go only after the new rows were read: a generation that was flushed in between is still in it.
      const next = querier.snapshot();
      const units = newUnits([held, next], task, cursors);
      try {
        if (units.length > 0) yield* batches(querier.run({ ...task, output: { kind: 'log', direction: 'forward', limit: 0 } }, units, signal));
      } finally {
        held.release();
        held = next;
      }
      await pause(signal, (wake) => (woken = wake));
    }
  } finally {
    stop();
    held.release();
  }
}

async function* batches(results: AsyncIterable<{ readonly kind: string }>): AsyncGenerator<Batch> {
  for await (const result of results) if (result.kind === 'batch' && (result as Batch).rows.length > 0) yield result as Batch;
}

/** Units over the rows above the cursors, which are moved on. */
function newUnits(snapshots: readonly ReadSnapshot[], task: ScanTask, cursors: Map<number, bigint>): Unit[] {
  const matchers = task.matchers.map(compileMatcher);
  const units: Unit[] = [];
  const heads = new Map(snapshots.flatMap((snapshot) => snapshot.heads).map((head) => [head.generation, head]));
  const reached = new Map(cursors);
  for (const { generation, last, blockRows } of heads.values()) {
    const { partition } = generation;
    const cursor = cursors.get(partition) ?? 0n;
    if (last <= cursor) continue;
    if (last > (reached.get(partition) ?? 0n)) reached.set(partition, last);
    const ids = [...(generation.tenants.get(task.tenant)?.values() ?? [])].filter((id) => matchesAll(matchers, generation.streams[id]?.labels ?? []));
    if (ids.length === 0) continue;
    for (const [number, rows] of blockRows.entries()) {
      const { view } = generation.blocks[number] as HeadBlock;
      const fromRow = firstRowAfter(view.position, rows, Number(cursor));
      if (fromRow === rows) continue;
      const source = { kind: 'head' as const, id: units.length, block: view.memory, fromRow, rows };
      const pieces = ids.map((id, slot) => ({ slot, rowStart: id, rows: 0, windows: null }));
      const streams = ids.map((id) => generation.streams[id]?.labels ?? []);
      units.push({ merge: true, streams, sources: [{ source, pieces }], minNs: 0n, maxNs: 0n, bytes: 0 });
    }
  }
  for (const [partition, position] of reached) cursors.set(partition, position);
  return units;
}

function firstRowAfter(positions: Float64Array, rows: number, position: number): number {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] as number) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Waits for news, but at least pollMs, so that a busy stream is read in batches. */
async function pause(signal: AbortSignal, onNews: (wake: () => void) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    let news = false;
    let rested = false;
    const timer = setTimeout(() => {
      rested = true;
      if (news) end();
    }, pollMs);
    onNews(() => {
      news = true;
      if (rested) end();
    });
    signal.addEventListener('abort', end);
  });
}

/** The service that an entry is from: the first of the usual labels that it has. */
export function serviceOf(labels: Parameters<typeof labelValue>[0]): string {
  for (const name of ['service_name', 'service', 'app', 'application', 'name', 'container', 'component', 'workload', 'job']) {
    const value = labelValue(labels, name);
    if (value !== undefined) return value;
  }
  return 'unknown_service';
}
