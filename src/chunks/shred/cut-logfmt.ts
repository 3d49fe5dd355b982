import { stringEnd } from './cut-json.ts';
import type { Cuts } from './cuts.ts';

/** A line needs so many pairs to be taken for logfmt. */
const pairsMin = 2;

/**
 * Cuts a line of logfmt pairs: it begins with one, and has more pairs than words without a value. False where it is none, or is one that `| logfmt`
 * would find a fault with; then `cuts` is of no use.
 */
export function cutLogfmt(bytes: Buffer, start: number, end: number, cuts: Cuts): boolean {
  cuts.begin('logfmt');
  let pairs = 0;
  let words = 0;
  let i = start;
  for (;;) {
    while (i < end && bytes[i]! <= 0x20) i++;
    if (i >= end) break;
    const key = i;
    let byte = 0;
    while (i < end) {
      byte = bytes[i]!;
      // Keys must be ASCII here: whether others are valid is a question of more than one byte.
      if (byte <= 0x20 || byte === 0x3d || byte === 0x22) break;
      if (byte >= 0x80) return false;
      i++;
    }
    if (i >= end || byte <= 0x20) {
      words++;
      if (words > pairs) return false;
      continue;
    }
    if (byte !== 0x3d || i === key) return false;
    pairs++;
    i++;
    if (i < end && bytes[i] === 0x22) {
      const close = stringEnd(bytes, i + 1, end);
      if (close < 0 || !cuts.add('string', i + 1, close)) return false;
      i = close + 1;
      // What follows a closing quote at once is a key of its own for Loki; such lines are rare enough to be left.
      if (i < end && bytes[i]! > 0x20) return false;
      continue;
    }
    const value = i;
    i = bareEnd(bytes, i, end);
    if (i < end && bytes[i]! > 0x20) return false;
    if (!cuts.add('bare', value, i)) return false;
  }
  return pairs >= pairsMin;
}

/** The index behind a value without quotes. */
export function bareEnd(bytes: Buffer, at: number, end: number): number {
  let i = at;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte <= 0x20 || byte === 0x3d || byte === 0x22) break;
    i++;
  }
  return i;
}
