import { hashText, hexDigit, traceRandomness, type Randomness } from '../randomness.ts';

/** A trace ID as 128 bits, in four words, most significant first. */
export type TraceKey = Uint32Array;

const randomness: Randomness = { high: 0, low: 0 };

/**
 * Writes the key of a trace ID into `out`. Up to 32 hex digits, dashes left out, are the key itself, so that a 64-bit B3 ID and the same one padded are one trace. Of any other ID it is a hash.
 * In both cases the low 56 bits are its randomness (see randomness.ts).
 */
export function readTraceKey(trace: string, out: TraceKey): void {
  let digits = 0;
  let word = 0;
  out.fill(0);
  for (let i = trace.length - 1; i >= 0; i--) {
    const code = trace.charCodeAt(i);
    if (code === 0x2d) continue;
    const digit = hexDigit(code);
    if (digit < 0 || digits === 32) {
      hashKey(trace, out);
      return;
    }
    word |= digit << ((digits & 7) * 4);
    digits++;
    if ((digits & 7) === 0) {
      out[4 - (digits >> 3)] = word;
      word = 0;
    }
  }
  if ((digits & 7) !== 0) out[3 - (digits >> 3)] = word;
  if (digits < 14) hashKey(trace, out);
}

/** The randomness in a key. */
export function randomnessOfKey(key: TraceKey, at: number, out: Randomness): void {
  out.high = ((key[at + 2]! & 0xffffff) << 4) | (key[at + 3]! >>> 28);
  out.low = key[at + 3]! & 0xfffffff;
}

function hashKey(trace: string, out: TraceKey): void {
  traceRandomness(trace, randomness);
  out[0] = hashText(trace, 0x2545f491);
  out[1] = hashText(trace, 0x4f6cdd1d);
  out[2] = (hashText(trace, 0x38b34ae5) << 24) | (randomness.high >>> 4);
  out[3] = (randomness.high << 28) | randomness.low;
}
