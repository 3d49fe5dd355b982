import { fstatSync } from 'node:fs';
import type { Clock } from '../../src/model/mod.ts';
import type { CheckpointStore } from '../checkpoint/store.ts';
import type { LogChain } from '../tail/chain.ts';
import type { GapLedger } from '../tail/gaps.ts';
import type { TailedChain } from '../tail/tailer.ts';
import type { Metric, Sample } from './metrics.ts';

/** Containers (and logs that belong to none) with series of their own; the rest of a node that has more is one series, `pod="other"`. */
export const containersMax = 1000;

/** The labels of a container's series; a log that belongs to none has its path. */
export type Place = { readonly namespace: string; readonly pod: string; readonly container: string } | { readonly path: string };

/** What is known of a container: of all its runs. */
interface Row {
  readonly labels: Place;
  behindBytes: number;
  behindSeconds: number;
  unreadBytes: number;
  readBytes: number;
  readRecords: number;
  cutLines: number;
  gapBytes: number;
}

const other: Place = { namespace: '', pod: 'other', container: '' };

/** The series of containers. Costs a look at each open file. */
export function containerMetrics(chains: ReadonlyMap<string, TailedChain>, gaps: GapLedger, store: CheckpointStore, clock: Clock): Metric[] {
  const rows = new Map<string, Row>();
  const rowOf = (place: Place): Row => {
    const key = JSON.stringify(place);
    let row = rows.get(key);
    if (row === undefined && rows.size >= containersMax) return rowOf(other);
    if (row === undefined) rows.set(key, (row = { labels: place, behindBytes: 0, behindSeconds: 0, unreadBytes: 0, readBytes: 0, readRecords: 0, cutLines: 0, gapBytes: 0 }));
    return row;
  };
  const nowMs = clock.nowMs();
  // The room for `other` is kept.
  for (const { chain } of chains.values()) addChain(rowOf(placeOf(chain)), chain, store, nowMs);
  for (const { namespace, pod, container, path, bytes } of gaps.rows()) rowOf(path === '' ? { namespace, pod, container } : { path }).gapBytes += bytes;
  const family = (name: string, type: Metric['type'], help: string, pick: (row: Row) => number, wanted: (row: Row) => boolean = () => true): Metric => ({
    name: `spoor_agent_${name}`, type, help, samples: Array.from(rows.values()).filter(wanted).map((row): Sample => ({ labels: row.labels, value: pick(row) })),
  });
  return [
    family('behind_bytes', 'gauge', 'Bytes on disk that the destinations have not acknowledged.', (row) => row.behindBytes),
    family('behind_seconds', 'gauge', 'Age of the newest acknowledged line, while bytes wait; 0 where none do.', (row) => row.behindSeconds),
    family('unread_bytes', 'gauge', 'Bytes on disk that are not read yet.', (row) => row.unreadBytes),
    family('container_read_bytes_total', 'counter', 'Bytes that were read.', (row) => row.readBytes),
    family('container_read_records_total', 'counter', 'Records that were read.', (row) => row.readRecords),
    family('container_cut_lines_total', 'counter', 'Lines that were cut at read.line_size_max.', (row) => row.cutLines, (row) => row.cutLines > 0),
    // Kept over restarts: the ledger is on disk.
    family('gap_bytes_total', 'counter', 'Bytes that were deleted or cut off before they were read, over all runs of the agent. Alert on any increase.', (row) => row.gapBytes, (row) => row.gapBytes > 0),
  ];
}

function placeOf(chain: LogChain): Place {
  const { namespace, pod } = chain.pod;
  return chain.origin === null ? { namespace, pod, container: chain.container } : { path: chain.name };
}

function addChain(row: Row, chain: LogChain, store: CheckpointStore, nowMs: number): void {
  row.readBytes += chain.counts.bytes;
  row.readRecords += chain.counts.records;
  row.cutLines += chain.counts.cut;
  let newestMs = 0;
  let behind = 0;
  for (const file of chain.files) {
    // It stands for nothing while its original is there.
    if (file.copyOf !== null) continue;
    const size = file.fd === null || file.gzip ? file.size : fstatSync(file.fd).size;
    const position = store.positionOf(file);
    behind += Math.max(0, size - Math.min(...(position?.offsets ?? file.skip)));
    if (!file.finished) row.unreadBytes += Math.max(0, size - file.readOffset);
    const last = position?.lastTime ?? file.resumedTime;
    if (last !== null) newestMs = Math.max(newestMs, last.seconds * 1000 + last.nanos / 1e6);
  }
  if (behind === 0) return;
  // Of a container that nothing was delivered of, its files tell since when.
  if (newestMs === 0) newestMs = Math.min(nowMs, ...chain.files.map((file) => file.modifiedMs).filter((ms) => ms > 0));
  row.behindBytes += behind;
  row.behindSeconds = Math.max(row.behindSeconds, (nowMs - newestMs) / 1000);
}
