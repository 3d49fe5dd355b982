import { describe, expect, test } from 'vitest';
import { metadataHeads, metadataLength, rebuildLines, rebuildMetadata } from '../../../src/chunks/shred/rebuild.ts';
import type { Template } from '../../../src/chunks/shred/template.ts';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import type { BytesTexts } from '../../../src/model/mod.ts';

const column = (...values: readonly string[]): BytesTexts => {
  const start: number[] = [];
  let at = 0;
  for (const value of values) {
    start.push(at);
    at += value.length;
  }
  return { bytes: Buffer.from(values.join('')), start: Uint32Array.from(start), length: Uint32Array.from(values, (value) => value.length) };
};
const template: Template = { kind: 'text', text: ['<', '|', '>'].map((piece) => Buffer.from(piece)), holes: ['any', 'any'], metadata: [] };
const long = 'x'.repeat(1000);

describe('lines', () => {
  const columns = [column('a', '', long), column('', 'b', 'c')];
  const lines = ['<a|>', '<|b>', `<${long}|c>`];

  test('are put where they belong, in any order', () => {
    const out = Buffer.alloc(1100, '.');
    expect(rebuildLines(template, columns, 3, out, Uint32Array.of(1050, 0, 20), Uint32Array.from(lines, (line) => line.length))).toBe(-1);
    expect(out.toString()).toBe(`<|b>${'.'.repeat(16)}${lines[2]}${'.'.repeat(1050 - 20 - lines[2]!.length)}<a|>${'.'.repeat(46)}`);
  });

  test.each([
    [[3, 4, 1004], 0],
    [[5, 4, 1004], 0],
    [[4, 4, 1003], 2],
    [[4, 4, 20], 2],
    [[4, 0, 1004], 1],
  ])('of lengths %j instead of 4, 4, 1004 are refused, and nothing behind their place is touched', (lengths, failed) => {
    const out = Buffer.alloc(1100, '.');
    const at = Uint32Array.of(0, 10, 20);
    expect(rebuildLines(template, columns, 3, out, at, Uint32Array.from(lengths))).toBe(failed);
    const end = at[failed]! + lengths[failed]!;
    expect(out.toString('latin1', end)).toBe('.'.repeat(1100 - end));
  });

  test('without holes', () => {
    const out = Buffer.alloc(4);
    const same: Template = { kind: 'text', text: [Buffer.from('==')], holes: [], metadata: [] };
    expect(rebuildLines(same, [], 2, out, Uint32Array.of(0, 2), Uint32Array.of(2, 2))).toBe(-1);
    expect(out.toString()).toBe('====');
    expect(rebuildLines(same, [], 1, out, Uint32Array.of(0), Uint32Array.of(3))).toBe(0);
  });
});

test('metadata of lengths in one, two and three bytes', () => {
  const heads = metadataHeads(['a', 'größe']);
  for (const sizes of [[0, 127], [128, 16_383], [16_384, 1]] as const) {
    const values = sizes.map((size) => 'v'.repeat(size));
    const columns = values.map((value) => column('other', value));
    const expected = encodeMetadata([{ name: 'a', value: values[0]! }, { name: 'größe', value: values[1]! }]);
    expect(metadataLength(heads, columns, 1)).toBe(expected.length);
    const out = Buffer.alloc(expected.length + 2, '.');
    rebuildMetadata(heads, columns, 1, out, 1);
    expect(out.equals(Buffer.concat([Buffer.from('.'), expected, Buffer.from('.')]))).toBe(true);
  }
});
