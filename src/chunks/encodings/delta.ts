import { packedBytes, readPacked, writePacked, type Packed } from './packed.ts';

/** The smallest and largest of some numbers. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

/** The first value of each run, and the steps from row to row inside runs: row r of run k is reached by step r - k - 1. */
export interface Delta {
  readonly firsts: Packed;
  readonly steps: Packed;
}

/**
 * Packs the first value of each run, then the steps. A run can be read without the runs before it.
 * `runStart` holds the first row of each run.
 */
export function encodeDelta(
  values: Float64Array, rows: number, runStart: ArrayLike<number>, runs: number, scale: number,
  firstSpan: Span, firstWidth: number, stepSpan: Span, stepWidth: number,
): Uint8Array {
  const stepsAt = packedBytes(firstWidth, runs);
  const raw = new ArrayBuffer(stepsAt + packedBytes(stepWidth, rows - runs));
  const firsts = new Float64Array(runs);
  const steps = new Float64Array(rows - runs);
  let at = 0;
  for (let run = 0; run < runs; run++) {
    const from = runStart[run]!;
    const to = run + 1 < runs ? runStart[run + 1]! : rows;
    firsts[run] = values[from]!;
    for (let row = from + 1; row < to; row++) steps[at++] = values[row]! - values[row - 1]!;
  }
  writePacked(raw, 0, firsts, runs, firstSpan.min, scale, firstWidth);
  writePacked(raw, stepsAt, steps, rows - runs, stepSpan.min, scale, stepWidth);
  return new Uint8Array(raw);
}

/** Reads what encodeDelta wrote; a text says what is wrong. */
export function decodeDelta(payload: Uint8Array, rows: number, runs: number): Delta | string {
  const firsts = readPacked(payload, 0, runs);
  if (typeof firsts === 'string') return firsts;
  const stepsAt = packedBytes(firsts.width, runs);
  const steps = readPacked(payload, stepsAt, rows - runs);
  if (typeof steps === 'string') return steps;
  return stepsAt + packedBytes(steps.width, rows - runs) === payload.length ? { firsts, steps } : 'bytes left over';
}
