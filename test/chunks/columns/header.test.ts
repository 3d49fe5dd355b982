import { expect, test } from 'vitest';
import { ByteWriter } from '../../../src/bytes/mod.ts';
import { alphabetBytes, alphabetClass, alphabetFrom, alphabetHolds, alphabetOf, alphabetRest } from '../../../src/chunks/columns/alphabet.ts';
import type { ColumnHeader } from '../../../src/chunks/columns/column.ts';
import { writeHeader } from '../../../src/chunks/columns/header.ts';
import { throughBytes } from './values.ts';

const plain: ColumnHeader = { kind: 'text', count: 3, alphabet: alphabetOf(Buffer.from('abc')), lengthMin: 1, lengthMax: 300, parameters: Uint8Array.of(1, 2, 3), range: null };

test('ranges come back exactly, in few bytes where they are short', () => {
  const sizes: readonly (readonly [number, number, number])[] = [
    [0, 0, 3], [1, 100, 3], [-5, 5, 3], [0.001, 12.345, 4], [-0.5, 1e15, 16], [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 16], [1 / 3, 2 / 3, 16], [1e300, 1e301, 16], [-(2 ** 52), 2 ** 52 - 1, 17],
  ];
  for (const [min, max, bytes] of sizes) {
    throughBytes({ ...plain, range: { min, max } });
    const [without, withRange] = [new ByteWriter(), new ByteWriter()];
    writeHeader(without, plain);
    writeHeader(withRange, { ...plain, range: { min, max } });
    expect(withRange.length - without.length, `${min} to ${max}`).toBeLessThanOrEqual(bytes);
  }
});

test('sets of bytes come back; common ones are a byte', () => {
  const sets: readonly (readonly [string, number])[] = [['', 1], ['0123456789', 1], ['0123456789abcdef', 1], ['abc', 17], ['ab\n', 17], ['é', 33]];
  for (const [text, bytes] of sets) {
    const set = alphabetOf(Buffer.from(text));
    const written = alphabetBytes(set);
    expect(written).toHaveLength(bytes);
    expect(alphabetRest(written[0]!)).toBe(bytes - 1);
    expect(alphabetFrom(written[0]!, written.subarray(1))).toEqual(set);
    throughBytes({ ...plain, alphabet: set });
    expect(alphabetHolds(alphabetClass(set), Buffer.from(text))).toBe(true);
  }
  expect(alphabetRest(200)).toBe(-1);
  expect(alphabetHolds(alphabetOf(Buffer.from('abc')), Buffer.from('abd'))).toBe(false);
  expect([...alphabetBytes(alphabetClass(alphabetOf(Uint8Array.from({ length: 256 }, (_, i) => i))))]).toHaveLength(1);
});
