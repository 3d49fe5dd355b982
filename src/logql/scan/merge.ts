import type { Batch, LogOutput, OutputLabels, OutputRow, ScanTask } from '../source.ts';
import { Candidates, splitTime } from './candidates.ts';
import { dayStartNs } from '../../model/mod.ts';
import { addStats } from './stats.ts';

/** Merges batches of one log task: the rows in the task's order, equal ones once, cut to its limit. */
export function mergeBatches(task: ScanTask, batches: readonly Batch[]): Batch {
  const [only] = batches;
  if (batches.length === 1 && only !== undefined) return only;
  const output: LogOutput = task.output.kind === 'log' ? task.output : { kind: 'log', direction: 'forward', limit: 0 };
  const labels: OutputLabels[] = [];
  const byKey = new Map<string, number>();
  const candidates = new Candidates(output.direction === 'backward', output.limit, true, labels, output.bytesMax);
  for (const batch of batches) {
    const indices = batch.labels.map((set) => {
      const key = labelsKey(set);
      let index = byKey.get(key);
      if (index === undefined) {
        index = labels.push(set) - 1;
        byKey.set(key, index);
      }
      return index;
    });
    for (const row of batch.rows) {
      const { day, time } = splitTime(row.timeNs);
      candidates.push(day, time, row.position, row.index, row.partition, indices[row.labels]!, row.line);
    }
  }
  candidates.settle();
  return { kind: 'batch', stats: addStats(batches.map(({ stats }) => stats)), ...outputRows(candidates, labels), full: candidates.full };
}

/** The rows of settled candidates, with those of the labels that they use. */
export function outputRows(candidates: Candidates, labels: readonly OutputLabels[]): { readonly labels: readonly OutputLabels[]; readonly rows: readonly OutputRow[] } {
  const used = new Map<number, number>();
  const kept: OutputLabels[] = [];
  const rows: OutputRow[] = [];
  let day = Number.NaN;
  let dayNs = 0n;
  for (let i = 0; i < candidates.length; i++) {
    const from = candidates.labels[i]!;
    let index = used.get(from);
    if (index === undefined) {
      index = kept.push(labels[from]!) - 1;
      used.set(from, index);
    }
    if (candidates.day[i] !== day) {
      day = candidates.day[i]!;
      dayNs = dayStartNs(day);
    }
    rows.push({
      timeNs: dayNs + BigInt(candidates.time[i]!),
      position: candidates.position[i]!,
      index: candidates.index[i]!,
      partition: candidates.partition[i]!,
      labels: index,
      line: candidates.line[i]!,
    });
  }
  return { labels: kept, rows };
}

function labelsKey(set: OutputLabels): string {
  let key = '';
  for (const labels of [set.origin ?? [], set.stream, set.structuredMetadata, set.parsed]) {
    key += '|';
    for (const { name, value } of labels) key += `${name.length}:${name}${value.length}:${value}`;
  }
  return key;
}
