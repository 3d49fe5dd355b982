import fc from 'fast-check';
import { compressSync, uncompressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { decompressSnappy } from '../../../src/protocols/loki/snappy.ts';

/** Runs it to its end; null where the block is refused. */
function decompress(block: Buffer, at: number, length: number): Buffer | null {
  const work = decompressSnappy(block, at, length);
  try {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
    }
  } catch (error) {
    if (isSpoorError(error, 'push_snappy')) return null;
    throw error;
  }
}

/** Where the length at the head ends. */
const headEnd = (block: Buffer): number => block.findIndex((byte) => byte < 0x80) + 1;

describe('decompressSnappy', () => {
  test('undoes what the library does', () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('a', 'ab', 'abc', 'level=info ', 'x'.repeat(70)).map((text) => Buffer.from(text)));
    const raw = fc.array(fc.tuple(piece, fc.integer({ min: 1, max: 60 })), { maxLength: 60 }).map((pieces) => Buffer.concat(pieces.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))));
    fc.assert(
      fc.property(raw, (data) => {
        const block = compressSync(data);
        expect(decompress(block, headEnd(block), data.length)?.equals(data)).toBe(true);
      }),
    );
  });

  test('takes long literals and far copies', () => {
    const noise = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 2_654_435_761) >>> 24));
    const data = Buffer.concat([noise, noise.subarray(0, 70_000), Buffer.alloc(100_000, 'ab')]);
    const block = compressSync(data);
    expect(decompress(block, headEnd(block), data.length)?.equals(data)).toBe(true);
  });

  test('lets others in between', () => {
    const block = compressSync(Buffer.alloc(2 ** 20));
    const work = decompressSnappy(block, headEnd(block), 2 ** 20);
    let slices = 0;
    while (work.next().done !== true) slices += 1;
    expect(slices).toBeGreaterThan(10);
  });

  test('refuses or takes damaged blocks as the library does', () => {
    const whole = compressSync(Buffer.from('level=info msg="hello hello hello" level=info n=12345 level=warn'.repeat(20)));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.option(fc.nat(whole.length)), (place, byte, cut) => {
        const block = Buffer.from(cut === null ? whole : whole.subarray(0, cut));
        if (place < block.length) block[place] = byte;
        const end = headEnd(block);
        if (end === 0 || end > 3) return;
        const claimed = block.subarray(0, end).reduce((sum, digit, i) => sum + (digit & 0x7f) * 128 ** i, 0);
        let expected: Buffer | null;
        try {
          expected = uncompressSync(block) as Buffer;
        } catch {
          expected = null;
        }
        const found = decompress(block, end, claimed);
        expect(found === null).toBe(expected === null);
        if (found !== null && expected !== null) expect(found.equals(expected)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, number[], number]>([
    ['nothing', [], 1],
    ['a copy before the beginning', [1, 5], 4],
    ['a copy of offset 0', [0, 0x61, 1, 0], 5],
    ['a literal that is cut', [4 << 2, 0x61], 5],
    ['a length that is cut', [61 << 2, 1], 300],
    ['more than was claimed', [1 << 2, 0x61, 0x61], 1],
    ['less than was claimed', [0, 0x61], 2],
  ])('refuses %s', (_name, block, length) => {
    expect(decompress(Buffer.from(block), 0, length)).toBeNull();
  });
});
