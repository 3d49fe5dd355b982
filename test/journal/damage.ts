import { expect } from 'vitest';
import { isSpoorError } from '../../src/model/mod.ts';

/** Decoding with any byte wrong, missing or too many must be `corruption`. */
export function expectDamageFound(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array, at: number, change: number): void {
  const damaged = Uint8Array.from(bytes);
  damaged[at % damaged.length]! ^= change;
  for (const bad of [damaged, bytes.subarray(0, at % bytes.length), Buffer.concat([bytes, Buffer.alloc(1)])]) {
    let thrown: unknown;
    try {
      decode(bad);
    } catch (error) {
      thrown = error;
    }
    expect(isSpoorError(thrown, 'corruption')).toBe(true);
  }
}
