import { openConstant, sealConstant } from './encodings/constant.ts';
import { decodeDelta, encodeDelta } from './encodings/delta.ts';
import { decodeFrame, encodeFrame } from './encodings/frame.ts';
import { packedBytes, packedWidth, unpack, unpackSums } from './encodings/packed.ts';
import { encodingIds } from './format.ts';
import type { PageMeta } from './meta.ts';
import { pageDamage, sealPage, type SealedPage } from './page.ts';
import { DecodeScratch } from './scratch.ts';

/** The runs of a row group: run k has the rows start[k] … start[k + 1). */
export interface Runs {
  readonly count: number;
  /** count + 1 numbers. */
  readonly start: Uint32Array;
}

/** Units in which times are often whole: second, millisecond, microsecond. */
const timeScales = [1e9, 1e6, 1e3] as const;

/**
 * Encodes a column of whole numbers from 0 to 2^53 - 1 in the smallest of its encodings: constant, frame, or delta inside runs.
 * `isTime`: look for a unit that all values are whole numbers of.
 */
export function sealIntegers(column: number, values: Float64Array, runs: Runs, isTime: boolean): SealedPage {
  const rows = runs.start[runs.count]!;
  const all = spanOf(values, rows);
  const range = { min: all.min, max: all.max };
  if (all.min === all.max) return sealConstant(column, encodingIds.constant, all.min, rows);
  const scale = isTime ? scaleOf(values, rows) : 1;
  const frameWidth = packedWidth((all.max - all.min) / scale);
  const steps = stepSpan(values, runs);
  if (steps !== undefined) {
    const firsts = firstSpan(values, runs);
    const firstWidth = packedWidth((firsts.max - firsts.min) / scale);
    const stepWidth = packedWidth((steps.max - steps.min) / scale);
    if (packedBytes(firstWidth, runs.count) + packedBytes(stepWidth, rows - runs.count) < packedBytes(frameWidth, rows)) {
      const raw = encodeDelta(values, rows, runs.start, runs.count, scale, firsts, firstWidth, steps, stepWidth);
      return sealPage({ column, encoding: encodingIds.delta, values: rows, range }, raw);
    }
  }
  return sealPage({ column, encoding: encodingIds.frame, values: rows, range }, encodeFrame(values, rows, all.min, scale, frameWidth));
}

interface MutableSpan {
  min: number;
  max: number;
}

function spanOf(values: Float64Array, rows: number): MutableSpan {
  let min = values[0]!;
  let max = min;
  for (let row = 1; row < rows; row++) {
    const value = values[row]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function firstSpan(values: Float64Array, runs: Runs): MutableSpan {
  const span = { min: Infinity, max: -Infinity };
  for (let run = 0; run < runs.count; run++) {
    const value = values[runs.start[run]!]!;
    if (value < span.min) span.min = value;
    if (value > span.max) span.max = value;
  }
  return span;
}

/** Span of the steps inside runs; undefined where there are none or they are too far apart for exact arithmetic. */
function stepSpan(values: Float64Array, runs: Runs): MutableSpan | undefined {
  let min = Infinity;
  let max = -Infinity;
  for (let run = 0; run < runs.count; run++) {
    const to = runs.start[run + 1]!;
    for (let row = runs.start[run]! + 1; row < to; row++) {
      const step = values[row]! - values[row - 1]!;
      if (step < min) min = step;
      if (step > max) max = step;
    }
  }
  return max - min <= Number.MAX_SAFE_INTEGER ? { min, max } : undefined;
}

function scaleOf(values: Float64Array, rows: number): number {
  for (const scale of timeScales) {
    let row = 0;
    while (row < rows && Math.round(values[row]! / scale) * scale === values[row]!) row++;
    if (row === rows) return scale;
  }
  return 1;
}

/** Decodes the rows of the runs `selected`, in that order, to the front of `out`; `payload` is the opened page. */
export function decodeIntegers(page: PageMeta, payload: Uint8Array, runs: Runs, selected: Uint32Array, out: Float64Array, where: string): void {
  const rows = runs.start[runs.count]!;
  if (page.values !== rows) throw pageDamage(page, where, `${page.values} values for ${rows} rows`);
  if (page.encoding === encodingIds.constant) {
    out.fill(openConstant(page, payload, where), 0, rowsOf(runs, selected));
  } else if (page.encoding === encodingIds.frame) {
    const packed = decodeFrame(aligned(payload), rows);
    if (typeof packed === 'string') throw pageDamage(page, where, packed);
    let at = 0;
    for (let i = 0; i < selected.length;) {
      // Runs that follow one another are one loop.
      let last = selected[i]!;
      const from = runs.start[last]!;
      for (i++; i < selected.length && selected[i] === last + 1; i++) last++;
      const to = runs.start[last + 1]!;
      unpack(packed, from, to, out, at);
      at += to - from;
    }
  } else if (page.encoding === encodingIds.delta) {
    const delta = decodeDelta(aligned(payload), rows, runs.count);
    if (typeof delta === 'string') throw pageDamage(page, where, delta);
    const first = new Float64Array(1);
    let at = 0;
    for (const run of selected) {
      const from = runs.start[run]!;
      const to = runs.start[run + 1]!;
      unpack(delta.firsts, run, run + 1, first, 0);
      unpackSums(delta.steps, from - run, to - run - 1, first[0]!, out, at);
      at += to - from;
    }
  } else {
    throw pageDamage(page, where, `encoding ${page.encoding} is unknown for numbers`);
  }
}

/** Decodes a column of small numbers for all rows; false where it is not stored in one byte each, and must be decoded as others. */
export function decodeBytes(page: PageMeta, payload: Uint8Array, out: Uint16Array, where: string): boolean {
  if (page.encoding === encodingIds.constant) {
    out.fill(openConstant(page, payload, where));
    return true;
  }
  if (page.encoding !== encodingIds.frame) return false;
  const packed = decodeFrame(aligned(payload), out.length);
  if (typeof packed === 'string') throw pageDamage(page, where, packed);
  if (packed.width !== 1) return false;
  const { bytes, base, scale } = packed;
  for (let row = 0; row < out.length; row++) out[row] = base + scale * bytes[row]!;
  return true;
}

/** Rows of the runs `selected`. */
export function rowsOf(runs: Runs, selected: Uint32Array): number {
  let rows = 0;
  for (const run of selected) rows += runs.start[run + 1]! - runs.start[run]!;
  return rows;
}

/** Pages that were stored raw stand anywhere; a copy of one is needed only while it is decoded. */
const alignedScratch = new DecodeScratch();

/** Typed arrays over a payload need its first byte at a multiple of 8. The result is valid until the next call. */
function aligned(payload: Uint8Array): Uint8Array {
  if (payload.byteOffset % 8 === 0) return payload;
  const copy = alignedScratch.bytes('page', payload.length).subarray(0, payload.length);
  copy.set(payload);
  return copy;
}
