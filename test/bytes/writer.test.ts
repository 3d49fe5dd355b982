import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/bytes/mod.ts';

type Operation =
  | { readonly kind: 'u8' | 'u16' | 'u32' | 'varint' | 'f64'; readonly value: number }
  | { readonly kind: 'i64'; readonly value: bigint }
  | { readonly kind: 'u64'; readonly value: bigint }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'align'; readonly value: number };

const int64 = 2n ** 63n;
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant('varint' as const), value: fc.oneof(fc.nat(300), fc.maxSafeNat()) }),
  fc.record({ kind: fc.constant('f64' as const), value: fc.double() }),
  fc.record({ kind: fc.constant('i64' as const), value: fc.bigInt({ min: -int64, max: int64 - 1n }) }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.bigInt({ min: 0n, max: 2n * int64 - 1n }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array() }),
  fc.record({ kind: fc.constant('align' as const), value: fc.constantFrom(1, 2, 4, 8, 64) }),
);

function write(writer: ByteWriter, op: Operation): void {
  if (op.kind === 'i64') writer.i64(op.value);
  else if (op.kind === 'u64') writer.u64(op.value);
  else if (op.kind === 'text') writer.text(op.value);
  else if (op.kind === 'bytes') writer.bytes(op.value);
  else writer[op.kind](op.value);
}

function read(reader: ByteReader, op: Operation): unknown {
  if (op.kind === 'bytes') return new Uint8Array(reader.bytes(op.value.length));
  if (op.kind === 'text') return reader.text(10_000);
  if (op.kind === 'align') {
    reader.align(op.value);
    return op.value;
  }
  return reader[op.kind]();
}

test('what is written is read back, whatever the capacity at the start, and nothing is left over', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), fc.nat(100), (operations, capacity) => {
      const writer = new ByteWriter(capacity);
      for (const op of operations) write(writer, op);
      const bytes = Buffer.from(writer.view());
      expect(bytes.length).toBe(writer.length);
      const reader = new ByteReader(bytes, 'x');
      for (const op of operations) expect(read(reader, op)).toEqual(op.value);
      reader.end();
    }),
  );
});

test('everything is little-endian, aligned with zeros', () => {
  const bytes = new ByteWriter().u16(0x0102).u32(0x03040506).i64(-2n).varint(300).text('é').align(8).view();
  expect(bytes.toString('hex')).toBe(['0201', '06050403', 'feffffffffffffff', 'ac02', '02c3a9', '0000000000'].join(''));
});

test('a length that is known only later is put in afterwards', () => {
  const writer = new ByteWriter().u8(7).u32(0).text('content');
  writer.patchU32(1, writer.length);
  expect(new ByteReader(writer.view().subarray(1), 'x').u32()).toBe(13);
});
