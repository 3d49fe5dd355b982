import type { LogPlan } from '../plan/plan.ts';
import type { LogSource, OutputLabels } from '../source.ts';
import type { Evaluation } from './evaluate.ts';
import { labelsKey } from './labels.ts';
import type { ResultRow, StreamsResult } from './types.ts';

/** Reads the rows of a log query: at most `limit`, none less than `intervalNs` behind the one before it in its piece of `splitNs`. */
export async function readRows(plan: LogPlan, source: LogSource, evaluation: Evaluation): Promise<StreamsResult> {
  const labels = new LabelTable();
  const rows: ResultRow[] = [];
  const backward = plan.task.output.kind === 'log' && plan.task.output.direction === 'backward';
  let last: bigint | null = null;
  reading: for await (const batch of source.scan({ ...plan.task, control: evaluation.control }, evaluation.signal)) {
    if (batch.kind !== 'batch') continue;
    evaluation.read(batch.stats);
    const numbers = batch.labels.map((set) => labels.number(set));
    for (const row of batch.rows) {
      if (plan.intervalNs > 0n && last !== null && (backward ? last - row.timeNs : row.timeNs - last) < plan.intervalNs && samePiece(last, row.timeNs, plan.splitNs)) continue;
      rows.push({ timeNs: row.timeNs, labels: numbers[row.labels] as number, line: row.line });
      last = row.timeNs;
      if (plan.limit > 0 && rows.length >= plan.limit) break reading;
    }
  }
  return { resultType: 'streams', labels: labels.all, rows };
}

function samePiece(a: bigint, b: bigint, pieceNs: bigint): boolean {
  return pieceNs <= 0n || a / pieceNs === b / pieceNs;
}

/** Numbers distinct label sets. */
class LabelTable {
  readonly all: OutputLabels[] = [];
  readonly #byKey = new Map<string, number>();

  number(labels: OutputLabels): number {
    const key = [labels.stream, labels.structuredMetadata, labels.parsed].map(labelsKey).join('|');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.#byKey.set(key, this.all.length);
    this.all.push(labels);
    return this.all.length - 1;
  }
}
