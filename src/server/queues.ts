import type { Metrics, QueryQueues } from '../http/mod.ts';
import type { Clock } from '../model/mod.ts';
import { QueryQueue } from '../querier/mod.ts';
import type { Settings } from './config/settings.ts';

/** Queries at the same time for each thread that scans: enough that some read while others are worked on, few enough that what they hold stays small. */
const runningPerThread = 32;

/** The queues in which queries wait, with their metrics. */
export function openQueues(settings: Settings, threads: number, clock: Clock, metrics: Metrics): QueryQueues {
  const runningMax = settings['querier.max_concurrent'] || runningPerThread * threads;
  const lengthMax = settings['querier.queue_length_max'];
  const open = (queue: string): QueryQueue =>
    new QueryQueue({ runningMax, lengthMax, clock, onStart: (waitMs) => metrics.queryStarted(queue, waitMs / 1000), onRefused: (limit) => metrics.queryRefused(queue, limit) });
  const queues = { query: open('query'), log: open('log'), lookup: open('lookup'), export: open('export') };
  const each = (pick: (queue: QueryQueue) => number): (() => (readonly [string, number])[]) => () => Object.entries(queues).map(([name, queue]) => [name, pick(queue)] as const);
  metrics.gauges('spoor_query_queue_length', 'Queries that wait for their turn', 'queue', each((queue) => queue.waiting));
  metrics.gauges('spoor_queries_in_flight', 'Queries that run', 'queue', each((queue) => queue.running));
  return queues;
}
