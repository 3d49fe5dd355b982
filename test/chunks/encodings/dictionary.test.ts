import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeDictionary, DictionaryBuilder } from '../../../src/chunks/encodings/dictionary.ts';
import { segmentLimits } from '../../../src/chunks/limits.ts';
import type { BytesColumn } from '../../../src/model/mod.ts';

const textsOf = (column: BytesColumn): string[] =>
  Array.from(column.start, (start, i) => Buffer.from(column.bytes.subarray(start, start + column.length[i]!)).toString('latin1'));

test('equal values have one number, and all come back', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 4 }), { maxLength: 400, size: 'max' }), (values) => {
      const dictionary = new DictionaryBuilder();
      const codes = Float64Array.from(values, (value) => {
        const bytes = Buffer.from(`..${value}..`, 'latin1');
        return dictionary.code(bytes, 2, bytes.length - 4);
      });
      const distinct = [...new Set(values.map((value) => Buffer.from(value, 'latin1').toString('latin1')))];
      expect(dictionary.entries).toBe(distinct.length);
      expect(textsOf(dictionary.expand(codes, values.length))).toEqual(values.map((value) => Buffer.from(value, 'latin1').toString('latin1')));
      const decoded = decodeDictionary(dictionary.encode(), dictionary.entries);
      if (typeof decoded === 'string') throw new Error(decoded);
      expect(textsOf(decoded)).toEqual(distinct);
    }),
  );
});

test('a page at an odd address', () => {
  const dictionary = new DictionaryBuilder();
  dictionary.code(Buffer.from('abcdef'), 1, 3);
  const page = dictionary.encode();
  const moved = new Uint8Array(page.length + 3);
  moved.set(page, 3);
  const decoded = decodeDictionary(moved.subarray(3), 1);
  expect(typeof decoded === 'string' ? decoded : textsOf(decoded)).toEqual(['bcd']);
});

test('it refuses to grow over its limits', () => {
  const many = new DictionaryBuilder();
  for (let i = 0; i < segmentLimits.dictionaryEntriesMax; i++) expect(many.code(Buffer.from(`${i}`), 0, `${i}`.length)).toBe(i);
  expect(many.code(Buffer.from('more'), 0, 4)).toBe(-1);
  expect(many.code(Buffer.from('17'), 0, 2)).toBe(17);
  const big = new DictionaryBuilder();
  expect(big.code(Buffer.alloc(segmentLimits.dictionaryBytesMax + 1), 0, segmentLimits.dictionaryBytesMax + 1)).toBe(-1);
  expect(big.code(Buffer.alloc(segmentLimits.dictionaryBytesMax), 0, segmentLimits.dictionaryBytesMax)).toBe(0);
  expect(big.code(Buffer.from('x'), 0, 1)).toBe(-1);
});

test('damage is told, not read', () => {
  const dictionary = new DictionaryBuilder();
  for (const value of ['a', 'bcd', '']) dictionary.code(Buffer.from(value), 0, value.length);
  const page = dictionary.encode();
  expect(decodeDictionary(page.subarray(0, page.length - 1), 3)).toContain('past the end');
  expect(decodeDictionary(Buffer.concat([page, Buffer.from('x')]), 3)).toContain('left over');
  expect(decodeDictionary(page, 2)).toContain('3 packed numbers where 2 belong');
  const long = Buffer.from(page);
  long[24] = 200;
  expect(decodeDictionary(long, 3)).toContain('past the end');
});
