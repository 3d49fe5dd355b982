import { textOf, type Batch, type EntryId, type LogOutput, type OutputLabels, type OutputRow, type ScanTask } from '../logql/mod.ts';
import { formatLabels, SpoorError, timeNsMax, timeNsMin, type Matcher } from '../model/mod.ts';
import { placeOf, positionsOf, walkRows, walkSizes } from './export.ts';
import type { Querier } from './querier.ts';

/** Which entry, and how much around it. */
export interface ContextQuery {
  readonly tenant: string;
  /** Of a selector that the entry's stream matches. */
  readonly matchers: readonly Matcher[];
  readonly timeNs: bigint;
  /** What tells it from others of the same time. */
  readonly id?: EntryId;
  readonly line?: string;
  /** Entries wanted before and after it, at most. */
  readonly before: number;
  readonly after: number;
}

/** A row with its labels. */
export interface ContextEntry {
  readonly row: OutputRow;
  readonly labels: OutputLabels;
}

/** Entries of one stream around one of them, oldest first. */
export interface Context {
  readonly entry: ContextEntry;
  readonly before: readonly ContextEntry[];
  readonly after: readonly ContextEntry[];
}

/** Few rows are wanted, and most often they lie close by. */
const sizes = { ...walkSizes, windowBytesMin: 4 * 2 ** 20 };

/**
 * The entries before and after one, in the order of its stream: (time, position, index, partition), also where times are equal, across days, segments and heads.
 * All of it is seen as it was at one moment. Throws `context_not_found`, and `context_ambiguous` where more than one entry is meant.
 */
export async function findContext(querier: Querier, query: ContextQuery, signal: AbortSignal): Promise<Context> {
  const snapshot = querier.snapshot();
  const upTo = positionsOf(snapshot);
  snapshot.release();
  const { tenant, matchers, timeNs } = query;
  const task: ScanTask = { tenant, matchers, stages: [], startNs: timeNs, endNs: timeNs + 1n, output: { kind: 'log', direction: 'forward', limit: 0 } };
  const entry = await findEntry(querier, query, task, upTo, signal);
  const stream = formatLabels(entry.labels.stream);
  const after = placeOf(entry.row, entry.labels);
  const read = async (direction: LogOutput['direction'], limit: number): Promise<ContextEntry[]> => {
    if (limit === 0) return [];
    const range = direction === 'forward' ? { startNs: timeNs, endNs: timeNsMax } : { startNs: timeNsMin, endNs: timeNs + 1n };
    const found: ContextEntry[] = [];
    const walk = { task: { ...task, ...range, output: { kind: 'log', direction, limit, after } as const }, stream, upTo, sizes };
    for await (const batch of walkRows(querier, walk, signal)) found.push(...entriesOf(batch));
    return found;
  };
  const [before, behind] = await Promise.all([read('backward', query.before), read('forward', query.after)]);
  return { entry, before: before.reverse(), after: behind };
}

async function findEntry(querier: Querier, query: ContextQuery, task: ScanTask, upTo: LogOutput['upTo'], signal: AbortSignal): Promise<ContextEntry> {
  const { id, line } = query;
  let found: ContextEntry | undefined;
  let count = 0;
  let others = 0;
  for await (const batch of walkRows(querier, { task, upTo, sizes }, signal)) {
    for (const entry of entriesOf(batch)) {
      const { row } = entry;
      const isMeant =
        (id === undefined || (row.position === id.position && row.index === id.index && row.partition === id.partition)) && (line === undefined || textOf(row.line) === line);
      if (isMeant) {
        found ??= entry;
        count += 1;
      } else others += 1;
    }
  }
  if (found === undefined) {
    const what = id === undefined && line === undefined ? 'nothing that the selector matches' : 'none of them has this id or line';
    throw new SpoorError('context_not_found', { reason: others === 0 ? `nothing that the selector matches has the time ${query.timeNs}` : `${others} entries have the time ${query.timeNs}, ${what}` });
  }
  if (count > 1) throw new SpoorError('context_ambiguous', { count });
  return found;
}

function entriesOf(batch: Batch): ContextEntry[] {
  return batch.rows.map((row) => ({ row, labels: batch.labels[row.labels]! }));
}
