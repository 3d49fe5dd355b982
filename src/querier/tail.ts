import { setTimeout as sleep } from 'node:timers/promises';
import type { Generation } from '../ingester/mod.ts';
import { compileMatcher, type Batch, type ScanTask } from '../logql/mod.ts';
import { labelValue } from '../model/mod.ts';
import { matchesAll } from './matching.ts';
import type { Querier } from './querier.ts';
import type { Unit } from './units.ts';

/** Shortest pause between two looks at the heads. */
const pollMs = 100;

/**
 * Yields rows as they become queryable: first, oldest first, what `task`, a backward log task, finds in the snapshot of the beginning, then every matching row that is applied after it, whatever its
 * time. Each row comes once, also across flushes and however slowly the rows are taken. Ends when `signal` aborts.
 */
export async function* tailRows(querier: Querier, task: ScanTask, signal: AbortSignal): AsyncGenerator<Batch> {
  const beginning = querier.snapshot();
  const cursors = new Map(beginning.catalogue.positions);
  for (const { generation, last } of beginning.heads) if ((cursors.get(generation.partition) ?? 0n) < last) cursors.set(generation.partition, last);
  // Generations with rows above the cursors: kept from the moment of the first such row, so that no flush takes them away unread.
  const unread = new Set<Generation>();
  let news = false;
  let wake: () => void = () => undefined;
  const onAbort = (): void => wake();
  const stop = querier.onApplied((generation) => {
    if (!generation.tenants.has(task.tenant)) return;
    if (!unread.has(generation)) {
      generation.hold();
      unread.add(generation);
    }
    news = true;
    wake();
  });
  signal.addEventListener('abort', onAbort);
  try {
    for await (const batch of batches(querier.scanSnapshot(task, beginning, signal))) yield { ...batch, rows: batch.rows.toReversed() };
    beginning.release();
    while (!signal.aborted) {
      news = false;
      const units = newUnits(unread, task, cursors);
      if (units.length > 0) yield* batches(querier.run({ ...task, output: { kind: 'log', direction: 'forward', limit: 0 } }, units, signal));
      for (const generation of unread) {
        if (generation.last > (cursors.get(generation.partition) ?? 0n)) continue;
        unread.delete(generation);
        generation.release();
      }
      // At least so long, so that a busy stream is read in batches.
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
      if (!news && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
    beginning.release();
    for (const generation of unread) generation.release();
  }
}

async function* batches(results: AsyncIterable<{ readonly kind: string }>): AsyncGenerator<Batch> {
  for await (const result of results) if (result.kind === 'batch' && (result as Batch).rows.length > 0) yield result as Batch;
}

/** Units over the rows above the cursors, which are moved on. */
function newUnits(generations: Iterable<Generation>, task: ScanTask, cursors: Map<number, bigint>): Unit[] {
  const matchers = task.matchers.map(compileMatcher);
  const units: Unit[] = [];
  const reached = new Map(cursors);
  for (const generation of generations) {
    const { partition, last } = generation;
    const cursor = cursors.get(partition) ?? 0n;
    if (last <= cursor) continue;
    if (last > (reached.get(partition) ?? 0n)) reached.set(partition, last);
    const ids = [...(generation.tenants.get(task.tenant)?.values() ?? [])].filter((id) => matchesAll(matchers, generation.streams[id]?.labels ?? []));
    if (ids.length === 0) continue;
    const pieces = ids.map((id, slot) => ({ slot, rowStart: id, rows: 0, windows: null }));
    const streams = ids.map((id) => generation.streams[id]?.labels ?? []);
    for (const { view, rows } of generation.blocks) {
      const fromRow = firstRowAfter(view.position, rows, Number(cursor));
      if (fromRow === rows) continue;
      const source = { kind: 'head' as const, id: units.length, block: view.memory, fromRow, rows };
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

/** The service that an entry is from: the first of the usual labels that it has. */
export function serviceOf(labels: Parameters<typeof labelValue>[0]): string {
  for (const name of ['service_name', 'service', 'app', 'application', 'name', 'container', 'component', 'workload', 'job']) {
    const value = labelValue(labels, name);
    if (value !== undefined) return value;
  }
  return 'unknown_service';
}
