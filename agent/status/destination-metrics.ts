import type { DestinationStatus } from '../ship/counts.ts';
import { destinationLabel, type Metric, type Sample } from './metrics.ts';

/** Metrics of the destinations: sums over all of them under the short names, and each by its name. */
export function destinationMetrics(destinations: readonly DestinationStatus[]): Metric[] {
  const sum = (pick: (one: DestinationStatus) => number): number => destinations.reduce((total, one) => total + pick(one), 0);
  const refused = (one: DestinationStatus): number => Object.values(one.refused).reduce((total, count) => total + count, 0);
  const total = (name: string, help: string, pick: (one: DestinationStatus) => number): Metric => ({ name: `spoor_agent_${name}`, type: 'counter', help, samples: [{ value: sum(pick) }] });
  const each = (name: string, type: Metric['type'], help: string, pick: (one: DestinationStatus) => number): Metric => ({
    name: `spoor_agent_destination_${name}`, type, help, samples: destinations.map((one): Sample => ({ labels: { [destinationLabel]: one.name }, value: pick(one) })),
  });
  return [
    total('sent_lines_total', 'Lines that destinations have.', (one) => one.sent),
    total('sent_line_bytes_total', 'Bytes of the lines in answered batches.', (one) => one.sentBytes),
    total('refused_lines_total', 'Lines that destinations refused for good.', refused),
    total('requests_total', 'Requests that were answered.', (one) => one.requests),
    total('request_bytes_total', 'Bytes of requests that were answered.', (one) => one.requestBytes),
    total('retries_total', 'Requests that have to be sent again.', (one) => one.retries),
    total('splits_total', 'Batches that were sent in two: too large, or to find what is refused.', (one) => one.splits),
    { name: 'spoor_agent_queue_bytes', type: 'gauge', help: 'Bytes that wait in memory to be delivered.', samples: [{ value: sum((one) => one.queueBytes) }] },
    { name: 'spoor_agent_queue_batches', type: 'gauge', help: 'Batches that wait to be delivered, in memory or on disk.', samples: [{ value: sum((one) => one.queueBatches) }] },
    each('sent_lines_total', 'counter', 'Lines that the destination has.', (one) => one.sent),
    each('sent_line_bytes_total', 'counter', 'Bytes of the lines in answered batches.', (one) => one.sentBytes),
    each('requests_total', 'counter', 'Requests that were answered.', (one) => one.requests),
    each('request_bytes_total', 'counter', 'Bytes of requests that were answered.', (one) => one.requestBytes),
    each('retries_total', 'counter', 'Requests that have to be sent again.', (one) => one.retries),
    {
      name: 'spoor_agent_destination_refused_lines_total', type: 'counter', help: 'Lines that the destination refused for good, by reason.',
      samples: destinations.flatMap((one) => Object.entries(one.refused).map(([reason, value]): Sample => ({ labels: { [destinationLabel]: one.name, reason }, value }))),
    },
    each('put_aside_lines_total', 'counter', 'Lines written to the file of refused ones.', (one) => one.putAside),
    each('dropped_lines_total', 'counter', 'Lines that a destination which is not required lost to a full queue.', (one) => one.dropped),
    each('queue_bytes', 'gauge', 'Bytes that wait in memory to be delivered.', (one) => one.queueBytes),
    each('queue_batches', 'gauge', 'Batches that wait to be delivered, in memory or on disk.', (one) => one.queueBatches),
    each('oldest_seconds', 'gauge', 'Age of the oldest batch that waits.', (one) => one.oldestAgeMs / 1000),
    each('buffer_bytes', 'gauge', 'Bytes of the disk buffer.', (one) => one.bufferBytes),
    each('buffer_max_bytes', 'gauge', 'Bytes that the disk buffer may have.', (one) => one.bufferBytesMax),
    each('buffer_records', 'gauge', 'Batches in the disk buffer.', (one) => one.bufferRecords),
    each('buffered_records_total', 'counter', 'Batches that went to the disk buffer.', (one) => one.bufferedRecords),
    each('buffer_damaged_lines_total', 'counter', 'Lines of damaged records of the disk buffer; they are lost.', (one) => one.bufferDamagedLines),
    each('failing', 'gauge', '1 while sending fails.', (one) => (one.failingSinceMs === null ? 0 : 1)),
  ];
}
