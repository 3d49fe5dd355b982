import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GramFilter, GramFilterBuilder, gramBytes, isGramFilterSize } from '../../src/chunks/grams.ts';
import { segmentLimits } from '../../src/chunks/mod.ts';
import { randomNumbers } from '../support/random.ts';
import { valuesOf } from './columns/values.ts';

const plenty = 1e7;

function filterOf(...columns: readonly (readonly (string | Uint8Array)[])[]): GramFilter {
  const builder = new GramFilterBuilder(plenty);
  for (const texts of columns) expect(builder.add(valuesOf(texts), texts.length, plenty)).toBe(true);
  const raw = builder.finish();
  if (raw === null) throw new TypeError('no filter');
  expect(isGramFilterSize(raw.length)).toBe(true);
  return new GramFilter(raw, 'x');
}

/** In another case, letter by letter. */
const swapped = (text: Buffer): Buffer => Buffer.from(text.map((byte, i) => (i % 2 === 0 && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a ? byte ^ 0x20 : byte)));

const words = (count: number, seed: number): string[] => {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => Array.from({ length: 5 + Math.floor(random() * 6) }, () => String.fromCharCode(0x61 + Math.floor(random() * 26))).join(''));
};

test('every piece of every text may be held, in any case', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }).map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))), { minLength: 1, maxLength: 40 }), fc.nat(), fc.nat(), (texts, at, length) => {
      fc.pre(texts.some((text) => text.length >= gramBytes));
      const filter = filterOf(texts);
      for (const text of texts) {
        const piece = text.subarray(at % (text.length + 1)).subarray(0, 1 + (length % 40));
        expect(filter.mayHold(piece)).toBe(true);
        expect(filter.mayHold(swapped(piece))).toBe(true);
        expect(filter.mayHold(text)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a needle shorter than a gram says nothing', () => {
  const filter = filterOf(['something']);
  for (const needle of ['', 'z', 'zz', 'zzz']) expect(filter.mayHold(Buffer.from(needle))).toBe(true);
  expect(filter.mayHold(Buffer.from('zzzz'))).toBe(false);
});

test('grams do not reach from one text into the next', () => {
  expect(filterOf(['abcdef', 'ghijkl']).mayHold(Buffer.from('efgh'))).toBe(false);
});

test.each([[200], [5_000], [20_000]])('few words that are none of %i may be held', (count) => {
  const filter = filterOf(words(count, 1));
  const held = words(2000, 2).filter((word) => filter.mayHold(Buffer.from(word)));
  expect(held.length).toBeLessThan(0.15 * 2000);
});

describe('what is worth it', () => {
  test('texts whose new grams take too much are left out, without a trace', () => {
    const [big, own] = [words(3000, 3), words(3000, 4)];
    const without = new GramFilterBuilder(plenty);
    expect(without.add(valuesOf(big), big.length, plenty)).toBe(true);
    const expected = without.finish();
    const builder = new GramFilterBuilder(plenty);
    expect(builder.add(valuesOf(big), big.length, plenty)).toBe(true);
    expect(builder.add(valuesOf(own), own.length, 10_000)).toBe(false);
    // What is known already costs nothing.
    expect(builder.add(valuesOf(big.slice(0, 100)), 100, 0)).toBe(true);
    expect(builder.finish()).toEqual(expected);
  });

  test('a filter takes no more than its part of the texts, and nothing where there are no grams', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 0, max: 60_000 }), (count, storedBytes) => {
        const texts = words(count, count);
        const builder = new GramFilterBuilder(storedBytes);
        builder.add(valuesOf(texts), count, storedBytes);
        const filter = builder.finish();
        expect(filter === null || filter.length <= storedBytes / segmentLimits.gramFilterPart).toBe(true);
      }),
      { numRuns: 50 },
    );
    const builder = new GramFilterBuilder(plenty);
    expect(builder.add(valuesOf(['a', 'bc', '', 'def']), 4, plenty)).toBe(true);
    expect(builder.finish()).toBeNull();
  });

  test('texts of nothing but noise have none', () => {
    const random = randomNumbers(5);
    const noise = Array.from({ length: 100 }, () => Uint8Array.from({ length: 10_000 }, () => Math.floor(random() * 256)));
    const builder = new GramFilterBuilder(plenty);
    expect(builder.add(valuesOf(noise), noise.length, 1e6)).toBe(false);
    expect(builder.finish()).toBeNull();
  });
});

test.each([[0], [32], [63], [96], [2 * segmentLimits.gramFilterBytesMax]])('a filter of %i bytes is damage', (bytes) => {
  expect(() => new GramFilter(new Uint8Array(bytes), 'a/segment')).toThrowError(/damaged data in a\/segment at offset 0: a filter of \d+ bytes/);
});
