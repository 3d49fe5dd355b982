import { formatByteSize, formatMatchers, type Batch, type Partial, type ScanTask } from '../logql/mod.ts';
import { SpoorError } from '../model/mod.ts';
import type { Unit } from './units.ts';

/**
 * The units that a task may read: of one whose selector matches every stream only the first so many bytes of them, where it may be content with these; a task
 * that needs all of them is refused with `max_unselective_query_bytes_read`.
 */
export function unitsWithinLimit(task: ScanTask, units: readonly Unit[]): readonly Unit[] {
  const max = task.unselectiveBytesMax;
  if (max === undefined) return units;
  let bytes = 0;
  let allowed = 0;
  for (const unit of units) {
    bytes += unit.bytes;
    if (bytes <= max) allowed += 1;
  }
  if (bytes <= max) return units;
  if (task.output.kind !== 'log' || task.output.limit === 0 || allowed === 0) throw tooMany(task, bytes);
  return units.slice(0, allowed);
}

/** Throws `max_unselective_query_bytes_read` where rows of units that were not read, those from `read` on, could belong to the result. */
export function checkComplete(task: ScanTask, result: Batch | Partial, units: readonly Unit[], read: number): void {
  const next = units[read];
  if (next === undefined) return;
  const last = result.kind === 'batch' && result.full === true ? result.rows.at(-1) : undefined;
  const backward = task.output.kind === 'log' && task.output.direction === 'backward';
  if (last !== undefined && (backward ? next.maxNs < last.timeNs : next.minNs > last.timeNs)) return;
  throw tooMany(task, units.reduce((bytes, unit) => bytes + unit.bytes, 0));
}

/** The error for a query that matches everything and would read too much. */
export function tooMany(task: ScanTask, bytes: number): SpoorError {
  return new SpoorError('max_unselective_query_bytes_read', { selector: formatMatchers(task.matchers), bytes: formatByteSize(bytes), limit: formatByteSize(task.unselectiveBytesMax ?? 0) });
}
