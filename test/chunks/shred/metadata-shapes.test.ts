import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { segmentLimits } from '../../../src/chunks/limits.ts';
import { MetadataShapes, type MetadataShape } from '../../../src/chunks/shred/metadata-shapes.ts';
import { metadataHeads, metadataLength, rebuildMetadata } from '../../../src/chunks/shred/rebuild.ts';
import { metadata } from './lines.ts';

const of = (...pairs: readonly (readonly [string, string])[]): Uint8Array => Uint8Array.from(encodeMetadata(pairs.map(([name, value]) => ({ name, value }))));

/** The shape of the bytes, which stand between others, and its values. */
function cut(shapes: MetadataShapes, bytes: Uint8Array): { readonly shape: MetadataShape; readonly values: readonly Buffer[] } {
  const all = Buffer.concat([Buffer.from([1, 97, 1, 98]), bytes, Buffer.from([1, 97, 1, 98])]);
  const shape = shapes.cut(all, 4, bytes.length);
  const count = shape.names?.length ?? 1;
  return { shape, values: Array.from({ length: count }, (_, i) => all.subarray(shapes.start[i], shapes.end[i])) };
}

test('names and values', () => {
  const shapes = new MetadataShapes();
  const first = cut(shapes, of(['level', 'info'], ['trace_id', 'abc']));
  expect([first.shape.names, first.values.map(String)]).toEqual([['level', 'trace_id'], ['info', 'abc']]);
  const second = cut(shapes, of(['level', ''], ['trace_id', 'x'.repeat(200)]));
  expect(second.shape).toBe(first.shape);
  expect(second.values.map(String)).toEqual(['', 'x'.repeat(200)]);
  const third = cut(shapes, of(['level', 'info']));
  expect(third.shape).not.toBe(first.shape);
  expect(cut(shapes, of(['level', 'warn'], ['trace_id', '1'])).shape).toBe(first.shape);
  expect(cut(shapes, new Uint8Array(0)).shape.names).toEqual([]);
});

test('lists of names that look alike are told apart', () => {
  const shapes = new MetadataShapes();
  const lists = [of(['a', ''], ['b', '']), of(['ab', '']), of(['a', 'b']), of(['a2:bb', '']), of(['a', ''], ['bb', '']), of(['2:ab', ''])];
  expect(new Set(lists.map((bytes) => cut(shapes, bytes).shape.id)).size).toBe(lists.length);
});

describe('bytes that are not as encodeMetadata writes them are one value', () => {
  test.each([
    ['a length that does not end', [0x80]],
    ['a name and no value', [1, 97]],
    ['a name longer than all', [5, 97, 0]],
    ['a value longer than all', [1, 97, 2, 98]],
    ['a length of a value in more bytes than it needs', [1, 97, 0x80, 0]],
    ['the same in three bytes', [1, 97, 0x81, 0x80, 0]],
    ['a length of a name in two bytes', [0x81, 0, 97, 0]],
    ['a name that is no UTF-8', [2, 0xc3, 0x28, 0]],
    ['a name that is half a character', [1, 0xc3, 0]],
    ['a name with half a pair', [3, 0xed, 0xa0, 0x80, 0]],
    ['more behind a pair', [1, 97, 0, 5]],
  ])('%s', (_, bytes) => {
    const { shape, values } = cut(new MetadataShapes(), Uint8Array.from(bytes));
    expect(shape.names).toBe(null);
    expect(values).toEqual([Buffer.from(bytes)]);
  });

  test('names of 128 bytes, values of two mebibytes, 129 pairs', () => {
    const shapes = new MetadataShapes();
    for (const bytes of [of(['x'.repeat(128), '']), of(['a', 'x'.repeat(1 << 21)]), of(...Array.from({ length: 129 }, (_, i) => [`${i}`, ''] as const))]) expect(cut(shapes, bytes).shape.names).toBe(null);
    for (const bytes of [of(['x'.repeat(127), '']), of(['a', 'x'.repeat((1 << 21) - 1)]), of(...Array.from({ length: 128 }, (_, i) => [`${i}`, ''] as const))]) expect(cut(shapes, bytes).shape.names).not.toBe(null);
  });
});

test('only so many lists are told apart; those that are known stay so', () => {
  const shapes = new MetadataShapes();
  const list = (i: number): Uint8Array => of([`name${i}`, 'x']);
  const ids = Array.from({ length: 2 * segmentLimits.metadataShapesMax }, (_, i) => cut(shapes, list(i)).shape);
  expect(new Set(ids).size).toBe(segmentLimits.metadataShapesMax - 1);
  for (const [i, shape] of ids.entries()) expect(cut(shapes, list(i)).shape).toBe(shape);
});

test('any metadata can be put together again from shape and values', () => {
  fc.assert(
    fc.property(fc.array(metadata, { maxLength: 20 }), (rows) => {
      const shapes = new MetadataShapes();
      for (const bytes of rows) {
        const { shape, values } = cut(shapes, bytes);
        if (shape.names === null) {
          expect(values).toEqual([Buffer.from(bytes)]);
          continue;
        }
        const heads = metadataHeads(shape.names);
        expect(heads).toEqual(shape.heads);
        const columns = values.map((value) => ({ bytes: Buffer.from(value), start: Uint32Array.of(0), length: Uint32Array.of(value.length) }));
        const out = Buffer.alloc(bytes.length);
        expect(metadataLength(heads, columns, 0)).toBe(bytes.length);
        rebuildMetadata(heads, columns, 0, out, 0);
        expect(out.equals(bytes)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
