import { Detector } from '../../../src/logql/detected/detector.ts';
import { packRows } from '../../../src/logql/detected/pack.ts';
import type { Detected, DetectedField, DetectionTask } from '../../../src/logql/detected/task.ts';
import { labelSet } from '../../../src/model/mod.ts';

type Labels = Readonly<Record<string, string>>;

/** A row as a log query answers it, newest first. */
export interface Row {
  readonly line: string | Buffer;
  readonly stream?: Labels;
  readonly metadata?: Labels;
  readonly parsed?: Labels;
}

export function answerOf(rows: readonly Row[]) {
  const set = (labels: Labels = {}) => labelSet(Object.entries(labels));
  return {
    labels: rows.map(({ stream, metadata, parsed }) => ({ stream: set(stream), structuredMetadata: set(metadata), parsed: set(parsed) })),
    rows: rows.map(({ line }, i) => ({ timeNs: BigInt(rows.length - i), labels: i, line: Buffer.from(line) })),
  };
}

export function detect(task: DetectionTask, rows: readonly Row[]): Detected {
  const detector = new Detector(task);
  for (const pack of packRows(answerOf(rows))) if (!detector.add(pack)) break;
  return detector.finish();
}

export function fieldsOf(rows: readonly Row[], limit = 1000): readonly DetectedField[] {
  const found = detect({ kind: 'fields', limit }, rows);
  return found.kind === 'fields' ? found.fields : [];
}

export function valuesOf(name: string, rows: readonly Row[], limit = 1000): readonly string[] {
  const found = detect({ kind: 'values', name, limit }, rows);
  return found.kind === 'values' ? found.values : [];
}
