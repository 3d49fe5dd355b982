import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asBuffer, compressLz4, decompressLz4 } from '../../src/bytes/mod.ts';

const blocks = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(500)).map(([text, count]) => new Uint8Array(Buffer.from(text.repeat(count)))),
);

test('what is compressed comes back', () => {
  fc.assert(fc.property(blocks, (raw) => {
    expect(new Uint8Array(decompressLz4(compressLz4(raw), raw.length) ?? [])).toEqual(raw);
  }));
});

test('another length than the directory says, cut, changed or random bytes: no data, and no crash', () => {
  fc.assert(
    fc.property(blocks, fc.nat(3000), fc.nat(3000), fc.nat(255), (raw, cut, at, value) => {
      const data = compressLz4(raw);
      expect(decompressLz4(data, raw.length + 1)).toBeUndefined();
      expect(decompressLz4(data.subarray(0, Math.min(cut, data.length - 1)), raw.length)?.length ?? raw.length).toBe(raw.length);
      const changed = Buffer.from(data);
      if (at < changed.length) changed[at] = value;
      expect(decompressLz4(changed, raw.length)?.length ?? raw.length).toBe(raw.length);
      expect(decompressLz4(raw, 100)?.length ?? 100).toBe(100);
    }),
  );
});

test('a view of the same memory', () => {
  const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const buffer = asBuffer(bytes);
  buffer[0] = 9;
  expect([bytes[0], buffer.length, asBuffer(buffer) === buffer]).toEqual([9, 2, true]);
});
