import { dayStartNs } from '../../model/mod.ts';
import type { LabelsBuilder } from './labels-builder.ts';

/**
 * The row that a pipeline is working on; one object per scan, moved from row to row. The line is bytes[start … end): a view into the page, never copied
 * unless a stage replaces it.
 */
export class Row {
  readonly labels: LabelsBuilder;
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** UTC day number, and nanoseconds since its start. */
  day = 0;
  time = 0;

  constructor(labels: LabelsBuilder) {
    this.labels = labels;
  }

  get timeNs(): bigint {
    return dayStartNs(this.day) + BigInt(this.time);
  }

  /** Gives the row another line. The bytes must not change while the row is worked on. */
  replaceLine(bytes: Buffer, start = 0, end = bytes.length): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

/** A stage made ready for many rows. */
export interface CompiledStage {
  /** Works on the row; false drops it. */
  process(row: Row): boolean;
  /** Whether it looks at the line. */
  readonly usesLine: boolean;
  /** Whether it looks at labels, those of structured metadata among them. */
  readonly usesLabels: boolean;
}
