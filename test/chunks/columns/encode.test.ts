import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HexPool } from '../../../src/chunks/columns/pool.ts';
import { roundTrip, valuesOf } from './values.ts';

let state = 1;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const int = (below: number): number => Math.floor(random() * below);
const hex = (digits: number): string => Array.from({ length: digits }, () => int(16).toString(16)).join('');
const many = (make: (i: number) => string, count = 600): string[] => Array.from({ length: count }, (_, i) => make(i));

describe('content picks the encoding', () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['one value', ['abc'], 'constant'],
    ['one empty value', [''], 'constant'],
    ['no values', [], 'constant'],
    ['all the same', many(() => 'info'), 'constant'],
    ['words', many(() => ['info', 'warn', 'error', ''][int(4)]!), 'dictionary'],
    ['status codes', many(() => ['200', '404', '500'][int(3)]!), 'dictionary'],
    ['numbers', many(() => String(int(1e6))), 'integer'],
    ['numbers of both signs', many(() => String(int(1e6) - 5e5)), 'integer'],
    ['the largest and the smallest', many((i) => String((i % 2 === 0 ? 1 : 2) * 2 ** 52 - 1 - i)), 'integer'],
    ['fixed decimals', many(() => (random() * 100).toFixed(2)), 'decimal'],
    ['trimmed decimals', many(() => String(Number((random() * 100).toFixed(3)))), 'decimal'],
    ['decimals of one digit at least', many((i) => (i % 9 === 0 ? `${i}.0` : `${i}.${1 + int(9)}`)), 'decimal'],
    ['negative decimals', many(() => (random() - 0.5).toFixed(3).replace('-0.000', '0.000')), 'decimal'],
    ['span ids', many(() => hex(16)), 'hex'],
    ['upper hex', many(() => hex(12).toUpperCase()), 'hex'],
    ['trace ids without a pool', many(() => hex(32)), 'hex'],
    ['uuids', many(() => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`), 'uuid'],
    ['upper uuids', many(() => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`.toUpperCase()), 'uuid'],
    ['addresses', many(() => `10.${int(256)}.${int(256)}.${int(256)}`), 'ipv4'],
    ['prefix and number', many(() => `usr-${int(2e5)}`), 'affix'],
    ['prefix and hex', many(() => `req-${hex(12)}`), 'affix'],
    ['number and unit', many(() => `${(random() * 100).toFixed(1)}ms`), 'affix'],
    ['address and port', many(() => `${int(256)}.${int(256)}.${int(256)}.${int(256)}:8080`), 'affix'],
    ['prefix and text', many(() => `session ${'é'.repeat(int(3))}${Buffer.from(hex(12)).toString('base64')} ends`), 'affix'],
    ['text', many(() => Buffer.from(hex(12)).toString('base64').slice(int(5))), 'text'],
    ['mixed case', many((i) => (i % 2 === 0 ? hex(16) : hex(16).toUpperCase())), 'text'],
  ];
  test.each(cases)('%s', (_, texts, kind) => {
    expect(roundTrip(valuesOf(texts)).header.kind).toBe(kind);
  });
});

describe('one value that does not fit', () => {
  const odd = ['', '-0', '0', '1e5', '007', '+1', '1.50', '1.5', '.5', '5.', '-', '-0.5', '-0.0', '--1', '-01', '00', '1.', '0x1f', 'NaN', '9007199254740991', '9007199254740992', '-9007199254740991', '12345678901234567890',
    '0.1234567890123456', '1.000000000000001', '1'.repeat(400), 'ABCD', 'abCD', 'zzzz', '256.1.1.1', '1.1.1.01', '1.1.1', '1.1.1.1.1', ' 1', '1 ', '1\n', '２'];
  const bases: readonly (readonly [string, () => string])[] = [
    ['numbers', () => String(int(1e5))], ['decimals', () => (random() * 50).toFixed(1)], ['trimmed decimals', () => String(Number((random() * 50).toFixed(2)))],
    ['hex', () => hex(16)], ['short hex', () => hex(4)], ['addresses', () => `${int(256)}.${int(256)}.0.1`], ['units', () => `${int(1e5)}ms`], ['words', () => ['a', 'b', '200'][int(3)]!],
    ['uuids', () => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`], ['trace ids', () => hex(32)],
  ];
  test.each(bases)('among %s', (_, make) => {
    for (const [i, value] of odd.entries()) {
      const texts = many(make, 21);
      texts[[0, 7, 20][i % 3]!] = value;
      roundTrip(valuesOf(texts));
    }
    // Beyond what a sample sees.
    for (const value of odd.slice(0, 8)) roundTrip(valuesOf(many(make, 700).with(133, value)));
  });
});

test('any bytes come back', () => {
  const value = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.string({ maxLength: 8 }).map((text) => Buffer.from(text)), fc.integer().map((n) => Buffer.from(String(n))), fc.constantFrom('', 'a', 'info', '200', '1.5').map((text) => Buffer.from(text)));
  fc.assert(fc.property(fc.array(value, { maxLength: 60 }), fc.nat(3), (texts, gap) => void roundTrip(valuesOf(texts, undefined, gap))), { numRuns: 300 });
});

test('values of one pattern come back', () => {
  const pattern = fc.constantFrom(/^-?(0|[1-9]\d{0,16})$/, /^\d{1,3}\.\d{1,4}$/, /^\d+\.\d\d$/, /^[0-9a-f]{8}$/, /^x[0-9]{1,4}$/, /^[ab]{0,2}\d{1,2}ms$/, /^10\.\d{1,3}\.\d{1,3}\.\d{1,3}$/, /^2026-11-2\dT0\d:[0-5]\d:[0-5]\d(\.\d{1,3})?Z$/, /^v\d\.\d\.\d$/);
  fc.assert(fc.property(pattern.chain((regex) => fc.array(fc.stringMatching(regex), { minLength: 1, maxLength: 80 })), (texts) => void roundTrip(valuesOf(texts))), { numRuns: 300 });
});

describe('sizes', () => {
  test('65,536 values of each kind', () => {
    for (const make of [() => String(int(9e4)), () => (random() * 60).toFixed(3), () => hex(16), () => ['a', 'bb', 'ccc'][int(3)]!, () => `/api/${int(3000)}`, () => Buffer.from(hex(8)).toString('base64').slice(int(9))]) roundTrip(valuesOf(many(make, 65_536)));
  });

  test('values of a mebibyte, alike and not', () => {
    const big = Buffer.alloc(2 ** 20, 'abc');
    expect(roundTrip(valuesOf([big, big])).header.kind).toBe('dictionary');
    roundTrip(valuesOf([big, Buffer.alloc(2 ** 20, 'abd'), '', 'x']));
    roundTrip(valuesOf([Buffer.alloc(2 ** 20, '7'), '1', '2']));
    roundTrip(valuesOf([Buffer.alloc(2 ** 20, 'f0'), Buffer.alloc(2 ** 20, '0f')]));
  });

  test('many entries', () => {
    const names = many(() => Buffer.from(hex(12)).toString('base64').slice(int(9)), 1000);
    const encoded = roundTrip(valuesOf(many(() => `a rather long text, of which there are a few: ${names[int(1000)]!}`, 20_000)));
    expect(encoded.header.kind).toBe('dictionary');
    expect(encoded.pages).toHaveLength(2);
  });
});

test('the same as an earlier column', () => {
  const ids = many(() => hex(16));
  const [first, second, third] = [valuesOf(many(() => String(int(1e9)))), valuesOf(ids), valuesOf(ids, undefined, 5)];
  const encoded = roundTrip(third, { earlier: [first, second] });
  expect(encoded.header.kind).toBe('same');
  expect(encoded.pages).toEqual([]);
  expect([...encoded.header.parameters]).toEqual([1]);
  expect(roundTrip(valuesOf(ids.with(599, hex(16))), { earlier: [second] }).header.kind).toBe('hex');
  expect(roundTrip(valuesOf(ids.with(77, 'a')), { earlier: [second] }).header.kind).not.toBe('same');
});

test('a pool takes hexadecimal values of one length', () => {
  const pool = new HexPool();
  const ids = many(() => hex(32), 1000);
  for (let round = 0; round < 3; round++) {
    const encoded = roundTrip(valuesOf(many(() => ids[int(1000)]!)), { pool });
    expect(encoded.header.kind).toBe('pool');
  }
  expect(pool.count).toBeLessThanOrEqual(1000);
  expect(roundTrip(valuesOf(many(() => `trace=${ids[int(1000)]!}`)), { pool }).header.kind).toBe('affix');
  expect(roundTrip(valuesOf(many(() => hex(40))), { pool }).header.kind).toBe('hex');
  expect(roundTrip(valuesOf(many(() => ids[int(2)]!)), { pool }).header.kind).toBe('dictionary');
});
