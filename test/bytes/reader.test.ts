import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/bytes/mod.ts';
import { isSpoorError, SpoorError } from '../../src/model/mod.ts';

/** Reads everything it can until the reader objects; whatever it throws must be coded. */
function readAll(reader: ByteReader, operations: readonly number[]): SpoorError | undefined {
  const calls = [
    () => reader.u8(), () => reader.u16(), () => reader.u32(), () => reader.i64(), () => reader.u64(), () => reader.f64(),
    () => reader.varint(1000, 'count'), () => reader.bytes(7), () => reader.align(8), () => reader.text(20, 'name'), () => reader.varint(),
  ];
  try {
    for (const operation of operations) calls[operation % calls.length]?.();
    reader.end();
    return undefined;
  } catch (error) {
    if (isSpoorError(error, 'corruption')) return error;
    throw error;
  }
}

test('random bytes give values or a coded error that names the place, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(fc.nat(100), { maxLength: 40 }), (bytes, operations) => {
      const reader = new ByteReader(bytes, 'the file');
      const error = readAll(reader, operations);
      expect(error?.message ?? 'damaged data in the file at offset').toMatch(/^damaged data in the file at offset/);
      expect(reader.offset).toBeGreaterThanOrEqual(0);
      expect(reader.offset).toBeLessThanOrEqual(bytes.length);
      expect(reader.remaining).toBe(bytes.length - reader.offset);
    }),
    { numRuns: 500 },
  );
});

test('every cut of what was written is an error', () => {
  const whole = new ByteWriter().u8(1).u16(2).u32(3).i64(-4n).u64(5n).f64(6.5).varint(300).text('seven').align(4).bytes(Buffer.from('eight')).view();
  const read = (bytes: Uint8Array): void => {
    const reader = new ByteReader(bytes, 'x');
    reader.u8();
    reader.u16();
    reader.u32();
    reader.i64();
    reader.u64();
    reader.f64();
    reader.varint();
    reader.text(10);
    reader.align(4);
    reader.bytes(5);
    reader.end();
  };
  expect(() => read(whole)).not.toThrow();
  for (let length = 0; length < whole.length; length++) expect(() => read(whole.subarray(0, length)), `${length} bytes`).toThrow(SpoorError);
  expect(() => read(Buffer.concat([whole, Buffer.from([0])]))).toThrow('damaged data in x at offset 45: 1 bytes left over');
});

test('lengths are checked before anything is made of them', () => {
  const claim = new ByteWriter().varint(2 ** 40).view();
  expect(() => new ByteReader(claim, 'x').text(100, 'label')).toThrow('length of label is 1099511627776, over the limit of 100');
  expect(() => new ByteReader(claim, 'x').text(2 ** 50, 'label')).toThrow(`${2 ** 40} bytes wanted, 0 left`);
  expect(() => new ByteReader(Buffer.alloc(4), 'x').bytes(2 ** 31)).toThrow('2147483648 bytes wanted, 4 left');
  expect(() => new ByteReader(Buffer.alloc(4), 'x').bytes(-1)).toThrow(SpoorError);
});

test('a varint ends, and fits a number', () => {
  expect(new ByteReader(new ByteWriter().varint(Number.MAX_SAFE_INTEGER).view(), 'x').varint()).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => new ByteReader(Buffer.alloc(20, 0xff), 'x').varint()).toThrow('number does not end');
  expect(() => new ByteReader(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), 'x').varint()).toThrow('over the limit of 9007199254740991');
  expect(() => new ByteReader(Buffer.from([5]), 'x').varint(4, 'pages')).toThrow('pages is 5, over the limit of 4');
});

test('reads from inside a larger buffer, without a copy', () => {
  const whole = Buffer.from([9, 9, 1, 2, 3, 9]);
  const reader = new ByteReader(whole.subarray(2, 5), 'x', 1);
  const view = reader.bytes(2);
  expect([...view]).toEqual([2, 3]);
  whole[3] = 7;
  expect(view[0]).toBe(7);
  expect(() => reader.u8()).toThrow('at offset 3');
});
