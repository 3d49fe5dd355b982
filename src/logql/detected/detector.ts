import { asBuffer } from '../../bytes/mod.ts';
import { FieldDetector } from './fields.ts';
import type { Detected, DetectionRows, DetectionTask } from './task.ts';
import { ValueDetector } from './values.ts';

/** Works through the rows of one detection; runs in a worker thread. */
export class Detector {
  readonly #fields: FieldDetector | null;
  readonly #values: ValueDetector | null;

  constructor(task: DetectionTask) {
    this.#fields = task.kind === 'fields' ? new FieldDetector(task.limit) : null;
    this.#values = task.kind === 'values' ? new ValueDetector(task.name, task.limit) : null;
  }

  /** Takes the next rows; false where no more are wanted. */
  add(rows: DetectionRows): boolean {
    const bytes = asBuffer(rows.lines);
    const detector = this.#fields ?? this.#values;
    for (const [row, labels] of rows.labelsOf.entries()) detector?.add(rows.labels[labels]!, bytes, rows.lineStart[row]!, rows.lineStart[row + 1]!);
    return this.#values?.isFull !== true;
  }

  finish(): Detected {
    return this.#values === null ? { kind: 'fields', fields: this.#fields?.finish() ?? [] } : { kind: 'values', values: this.#values.finish() };
  }
}
