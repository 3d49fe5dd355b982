import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { segmentLimits } from '../../../src/chunks/limits.ts';
import { HexPool, HexPoolReader } from '../../../src/chunks/columns/pool.ts';
import { roundTrip, valuesOf } from './values.ts';

let state = 7;
function hex(digits: number): string {
  let text = '';
  while (text.length < digits) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += (state >>> 8).toString(16).padStart(6, '0');
  }
  return text.slice(0, digits);
}
const many = (count: number, make: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => make(i));

test('numbers are in order of first appearance, over all columns', () => {
  const pool = new HexPool();
  const [a, b, c] = [hex(32), hex(32), hex(32)];
  expect([...pool.codesOf(valuesOf([a, b, a]))!.subarray(0, 3)]).toEqual([0, 1, 0]);
  expect([...pool.codesOf(valuesOf([c, b]))!.subarray(0, 2)]).toEqual([2, 1]);
  expect(pool.count).toBe(3);
  const page = pool.bytes();
  expect(Buffer.from(page).toString('hex', 0, 48)).toBe(a + b + c);
  expect([...page.subarray(48)]).toEqual([16, 0]);
  const reader = new HexPoolReader(page, 'pool');
  expect([reader.count, reader.digits, reader.upper, reader.text(2)]).toEqual([3, 32, false, c]);
});

describe('is not used', () => {
  const pool = new HexPool();
  pool.codesOf(valuesOf(many(10, () => hex(32))));
  const before = Buffer.from(pool.bytes());
  test.each([
    ['other lengths', [hex(32), hex(40)]], ['upper letters', [`A${hex(31)}`, hex(32)]], ['short values', [hex(16)]], ['no digits', [hex(32), `${hex(31)}g`]], ['odd lengths', [hex(33)]], ['uneven words', [hex(34)]],
  ])('for %s', (_, texts) => {
    expect(pool.codesOf(valuesOf(texts))).toBeNull();
    expect(Buffer.from(pool.bytes())).toEqual(before);
    expect(new HexPool().codesOf(valuesOf([texts[0]!.slice(0, 30), ...texts]))).toBeNull();
  });

  test('for values that are too long', () => {
    expect(new HexPool().codesOf(valuesOf([hex(segmentLimits.hexPoolDigitsMax + 8)]))).toBeNull();
    expect(new HexPool().codesOf(valuesOf([hex(segmentLimits.hexPoolDigitsMax)]))).not.toBeNull();
  });

  test('where nearly all values are new, unless a column is mostly known', () => {
    const fresh = new HexPool();
    const first = many(5000, () => hex(32));
    expect(fresh.codesOf(valuesOf(first))).not.toBeNull();
    expect(fresh.codesOf(valuesOf(many(100, () => hex(32))))).toBeNull();
    expect(fresh.count).toBe(5000);
    expect(fresh.codesOf(valuesOf(first.slice(0, 300)))).not.toBeNull();
  });

  test('stays in use where values repeat', () => {
    const fresh = new HexPool();
    const texts = many(5000, () => hex(64));
    for (let round = 0; round < 3; round++) expect(fresh.codesOf(valuesOf(texts))).not.toBeNull();
    expect(fresh.count).toBe(5000);
    expect(fresh.codesOf(valuesOf(many(100, () => hex(64))))).not.toBeNull();
  });
});

test('values that are made to collide are not taken, and what was there stays', () => {
  // Differences in the highest bits of neighbouring words cancel each other, whatever the seed.
  const base = Buffer.alloc(64, 0x5a);
  const texts = many(4096, (i) => {
    const bytes = Buffer.from(base);
    for (let word = 0; word < 12; word++) {
      if (((i >>> word) & 1) === 0) continue;
      bytes[4 * word + 3]! ^= 0x80;
      bytes[4 * word + 7]! ^= 0x80;
      bytes[4 * word + 6]! ^= 0x01;
    }
    return bytes.toString('hex');
  });
  const pool = new HexPool();
  const known = many(50, () => hex(128));
  pool.codesOf(valuesOf(known));
  const before = Buffer.from(pool.bytes());
  const codes = pool.codesOf(valuesOf(texts));
  if (codes === null) expect(Buffer.from(pool.bytes())).toEqual(before);
  else expect(new Set(codes.subarray(0, texts.length)).size).toBe(new Set(texts).size);
  expect([...pool.codesOf(valuesOf(known))!.subarray(0, 50)]).toEqual([...known.keys()]);
  roundTrip(valuesOf(texts), { pool });
});

test('any part of a value is found, and nothing else', () => {
  const pool = new HexPool();
  const texts = many(500, () => hex(32));
  pool.codesOf(valuesOf(texts));
  const reader = new HexPoolReader(pool.bytes(), 'pool');
  fc.assert(
    fc.property(fc.nat(499), fc.nat(31), fc.integer({ min: 1, max: 32 }), fc.boolean(), (place, from, length, change) => {
      let needle = texts[place]!.slice(from, from + length);
      if (change) needle = `${needle.slice(0, -1)}${needle.endsWith('0') ? '1' : '0'}`;
      expect([...reader.find(Buffer.from(needle))]).toEqual(texts.flatMap((text, code) => (text.includes(needle) ? [code] : [])));
    }),
    { numRuns: 1500 },
  );
  // Over the end of one value and the beginning of the next.
  expect([...reader.find(Buffer.from(texts[3]!.slice(20) + texts[4]!.slice(0, 12)))]).toEqual([]);
  expect([...reader.find(Buffer.from(texts[3]!.toUpperCase()))]).toEqual([]);
  expect([...reader.find(Buffer.from('xyz'))]).toEqual([]);
});

test('upper letters', () => {
  const pool = new HexPool();
  const texts = many(300, (i) => hex(32).toUpperCase().replace(/^./, i % 2 === 0 ? 'F' : 'A'));
  expect(roundTrip(valuesOf(texts), { pool }).header.kind).toBe('pool');
  expect(pool.upper).toBe(true);
});

test('a page that is none', () => {
  for (const page of [[], [0], [16, 0, 0], [...Array.from({ length: 17 }, () => 1), 16, 0], [...Array.from({ length: 16 }, () => 1), 16, 2], [...Array.from({ length: 16 }, () => 1), 0, 0], [8, 0], [...Array.from({ length: 200 }, () => 1), 200, 0]]) {
    expect(() => new HexPoolReader(Uint8Array.from(page), 'pool')).toThrow('damaged data in pool');
  }
  expect(new HexPoolReader(Uint8Array.of(16, 0), 'pool').count).toBe(0);
});
