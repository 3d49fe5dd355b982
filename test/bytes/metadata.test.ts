import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countMetadataBytes, decodeMetadata, encodeMetadata } from '../../src/bytes/mod.ts';
import { isSpoorError, labelSet } from '../../src/model/mod.ts';

const pairs = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 1 })), { maxLength: 8 }).map(labelSet);

test('what is encoded is decoded, wherever it stands', () => {
  fc.assert(
    fc.property(pairs, fc.uint8Array(), fc.uint8Array(), (labels, before, after) => {
      const encoded = encodeMetadata(labels);
      expect(decodeMetadata(Buffer.concat([before, encoded, after]), before.length, encoded.length)).toEqual(labels);
      expect(encoded.length === 0).toBe(labels.length === 0);
    }),
  );
});

test('equal metadata are equal bytes, in whatever order the pairs came', () => {
  fc.assert(fc.property(pairs, (labels) => {
    expect(encodeMetadata(labelSet(labels.toReversed().map(({ name, value }) => [name, value])))).toEqual(encodeMetadata(labels));
  }));
});

test('cut and random bytes give coded errors only', () => {
  const check = (bytes: Uint8Array): void => {
    try {
      decodeMetadata(bytes, 0, bytes.length);
    } catch (error) {
      expect(isSpoorError(error, 'corruption')).toBe(true);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), check));
  const whole = encodeMetadata([{ name: 'trace_id', value: 'abc' }]);
  for (let length = 1; length < whole.length; length++) expect(() => decodeMetadata(whole, 0, length)).toThrow('structured metadata');
});

test('the bytes are those that segments and journals hold', () => {
  expect(Buffer.from(encodeMetadata([{ name: 'a', value: 'é' }, { name: 'b', value: 'x' }])).toString('hex')).toBe('016102c3a901620178');
});

test('counts values, and four bytes for each pair', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string({ minLength: 1, maxLength: 300 }))), (pairs) => {
      const labels = labelSet(pairs);
      const encoded = Buffer.concat([Buffer.from('before'), encodeMetadata(labels), Buffer.from('behind')]);
      expect(countMetadataBytes(encoded, 6, encoded.length - 12)).toBe(labels.reduce((sum, { value }) => sum + 4 + Buffer.byteLength(value), 0));
    }),
  );
  // What is no metadata counts as it is.
  expect(countMetadataBytes(Buffer.from([5, 1, 2]), 0, 3)).toBe(3);
});
