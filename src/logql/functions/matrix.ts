import type { LabelSet } from '../../model/mod.ts';

/** One series at all evaluation times. Where `present[i]` is 0 there is no sample, and values[i] means nothing. */
export interface Series {
  readonly labels: LabelSet;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/** What an expression is worth at each evaluation time. Label sets may occur twice (label_replace). */
export interface Matrix {
  readonly steps: number;
  readonly series: readonly Series[];
}
