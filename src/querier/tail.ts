import { setTimeout as sleep } from 'node:timers/promises';
import type { Generation } from '../ingester/mod.ts';
import { compileMatcher, type Batch, type RangeAggregation, type ScanTask } from '../logql/mod.ts';
import { labelValue, timeNsMax, type Clock } from '../model/mod.ts';
import { matchesAll } from './matching.ts';
import type { Querier } from './querier.ts';
import type { Unit } from './units.ts';

/** Shortest pause between two looks at the heads. */
const pollMs = 100;
/** Rows of a head that are looked through at a time, so that what was found in them never takes much memory. */
const rowsAtOnceMax = 20_000;
/** A tail that is further behind, because the machine has too much to do, passes over rows, so that it keeps no heads for long. */
const rowsBehindMax = 400_000;

/** Matching rows that a tail passed over. */
export interface PassedOver {
  readonly kind: 'passed_over';
  readonly rows: number;
  /** When, in nanoseconds. */
  readonly atNs: bigint;
}

/**
 * Yields rows as they become queryable: first, oldest first, what `task`, a backward log task, finds in the snapshot of the beginning, then every matching row that is applied after it, whatever its
 * time. Each row comes once, also across flushes; but one that falls too far behind counts rows instead. While rows are not taken, heads are kept. Ends when `signal` aborts.
 */
export async function* tailRows(querier: Querier, task: ScanTask, signal: AbortSignal, clock: Clock, behindMax = rowsBehindMax): AsyncGenerator<Batch | PassedOver> {
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
      const portions = newUnits(unread, task, cursors);
      if (portions.length > behindMax / rowsAtOnceMax) yield { kind: 'passed_over', rows: await countRows(querier, task, portions.splice(0, portions.length - 1), signal), atNs: clock.nowNs() };
      for (const units of portions) yield* batches(querier.run({ ...task, output: { kind: 'log', direction: 'forward', limit: 0 } }, units, signal));
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

/** How many rows match, without making anything of them. */
async function countRows(querier: Querier, task: ScanTask, portions: readonly Unit[][], signal: AbortSignal): Promise<number> {
  const aggregation: RangeAggregation = {
    op: 'count_over_time', param: null, unwrap: null, rangeNs: timeNsMax, startNs: timeNsMax, stepNs: 0n, steps: 1,
    grouping: { without: false, labels: [] }, skipParsers: false, requiredLabels: null, keepErrors: true, seriesMax: 0,
  };
  let rows = 0;
  for (const units of portions) {
    for await (const { stats } of querier.run({ ...task, output: { kind: 'aggregate', aggregation } }, units, signal)) rows += stats.rowsMatched;
  }
  return rows;
}

async function* batches(results: AsyncIterable<{ readonly kind: string }>): AsyncGenerator<Batch> {
  for await (const result of results) if (result.kind === 'batch' && (result as Batch).rows.length > 0) yield result as Batch;
}

/** Units over the rows above the cursors, which are moved on; in portions to be run one after another. */
function newUnits(generations: Iterable<Generation>, task: ScanTask, cursors: Map<number, bigint>): Unit[][] {
  const matchers = task.matchers.map(compileMatcher);
  const portions: Unit[][] = [];
  let room = 0;
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
      let fromRow = firstRowAfter(view.position, rows, Number(cursor));
      while (fromRow < rows) {
        if (room === 0) {
          portions.push([]);
          room = rowsAtOnceMax;
        }
        const toRow = Math.min(rows, fromRow + room);
        const portion = portions.at(-1) as Unit[];
        const source = { kind: 'head' as const, id: portion.length, block: view.memory, fromRow, rows: toRow };
        portion.push({ merge: true, streams, sources: [{ source, pieces }], minNs: 0n, maxNs: 0n, bytes: 0 });
        room -= toRow - fromRow;
        fromRow = toRow;
      }
    }
  }
  for (const [partition, position] of reached) cursors.set(partition, position);
  return portions;
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
