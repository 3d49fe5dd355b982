/**
 * Dice that are no dice: 56 bits that follow from a trace ID or from a line, and thresholds to compare them with, as in OpenTelemetry's consistent probability sampling
 * (opentelemetry.io, specification, trace/tracestate-probability-sampling): what is kept with probability p is kept by every service, node and tool that does it this way, and what is
 * kept with p is also kept with every p above it. docs/operate/agent-shape.md says how to agree with it from elsewhere.
 */

/** Randomness: two halves of 28 bits, high and low. */
export interface Randomness {
  high: number;
  low: number;
}

const half = 2 ** 28;

/** What is kept: randomness at or above T = (1 − fraction) × 2^56. */
export class Threshold {
  readonly fraction: number;
  readonly #high: number;
  readonly #low: number;

  /** @param fraction of what comes, 0 to 1 */
  constructor(fraction: number) {
    this.fraction = fraction;
    const rejected = (1 - fraction) * half;
    this.#high = Math.floor(rejected);
    this.#low = Math.round((rejected - this.#high) * half);
  }

  keeps(randomness: Randomness): boolean {
    return randomness.high > this.#high || (randomness.high === this.#high && randomness.low >= this.#low);
  }
}

/**
 * The randomness of a trace ID: its last 14 hex digits (the low 56 bits, as W3C Trace Context level 2 has them random). An ID that does not end in 14 hex digits, dashes left out, is hashed.
 * Upper and lower case are the same.
 */
export function traceRandomness(trace: string, out: Randomness): void {
  let digits = 0;
  let high = 0;
  let low = 0;
  let factor = 1;
  for (let i = trace.length - 1; i >= 0 && digits < 14; i--) {
    const code = trace.charCodeAt(i);
    if (code === 0x2d) continue;
    const digit = hexDigit(code);
    if (digit < 0) break;
    if (digits === 7) factor = 1;
    if (digits < 7) low += digit * factor;
    else high += digit * factor;
    factor *= 16;
    digits++;
  }
  if (digits === 14) {
    out.high = high;
    out.low = low;
  } else {
    const hash = hashText(trace, 0x5f0e3c11);
    const second = hashText(trace, 0x1b873593);
    out.high = hash >>> 4;
    out.low = second >>> 4;
  }
}

/** The randomness of a line: of its bytes, its time, and the stream that it is from. */
export function lineRandomness(bytes: Uint8Array, start: number, end: number, seconds: number, nanos: number, stream: number, out: Randomness): void {
  let a = stream | 0;
  let b = Math.imul(stream ^ 0x9e3779b9, c1);
  a = mix(a, seconds | 0);
  b = mix(b, nanos | 0);
  a = mix(a, nanos | 0);
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    a = mix(a, word);
    b = (Math.imul(b ^ word, c2) + 0x52dce729) | 0;
  }
  let rest = 0;
  for (; at < end; at++) rest = (rest << 8) | bytes[at]!;
  a = mix(a, rest);
  b = mix(b, rest ^ (end - start));
  out.high = finish(a ^ (end - start)) >>> 4;
  out.low = finish(b + a) >>> 4;
}

/** 32 bits that stand for a text, such as the name of a container's stream. */
export function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    hash = mix(hash, code >= 0x41 && code <= 0x5a ? code + 32 : code);
  }
  return finish(hash ^ text.length);
}

const c1 = 0xcc9e2d51;
const c2 = 0x1b873593;

/** One round and the end of MurmurHash3, 32 bit (github.com/aappleby/smhasher; public domain). */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, c1);
  k = (k << 15) | (k >>> 17);
  const mixed = hash ^ Math.imul(k, c2);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The value of a hex digit's code; -1 for anything else. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
