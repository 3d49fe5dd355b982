import { formatBinarySize, SpoorError, type Limits } from '../../model/mod.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import type { LogSource, ScanTask } from '../source.ts';

/**
 * Throws `max_query_bytes_read` where the streams and the time of a query hold more bytes than it may read, before anything is read. As in Loki a log query without
 * a filter is none of those: it ends when it has its rows.
 */
export async function checkBytes(plan: Plan, source: LogSource, limits: Limits, signal: AbortSignal): Promise<void> {
  const limit = limits.max_query_bytes_read;
  if (limit === 0 || source.bytes === undefined) return;
  let bytes = 0;
  for (const task of plan.kind === 'metric' ? tasksOf(plan.root) : isFiltered(plan.task) ? [plan.task] : []) bytes += await source.bytes(task, signal);
  if (bytes > limit) throw new SpoorError('max_query_bytes_read', { bytes: formatBinarySize(bytes), limit: formatBinarySize(limit) });
}

function isFiltered({ stages }: ScanTask): boolean {
  return stages.some(({ kind }) => kind === 'line_filter' || kind === 'label_filter');
}

function tasksOf(node: PlanNode): ScanTask[] {
  switch (node.kind) {
    case 'range':
      return [node.task];
    case 'constant':
      return [];
    case 'aggregate':
    case 'scalar':
    case 'label_replace':
      return tasksOf(node.input);
    case 'join':
      return [...tasksOf(node.left), ...tasksOf(node.right)];
  }
}
