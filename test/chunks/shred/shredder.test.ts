import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WordArena } from '../../../src/chunks/word-arena.ts';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { segmentLimits } from '../../../src/chunks/limits.ts';
import { Shredder, type RowTexts, type TemplateRows } from '../../../src/chunks/shred/shredder.ts';
import { templateKey } from '../../../src/chunks/shred/template.ts';
import { line, metadata } from './lines.ts';

function textsOf(values: readonly (string | Uint8Array)[]): RowTexts {
  const parts = values.map((value) => Buffer.from(value));
  const start = new Uint32Array(parts.length);
  for (let i = 1; i < parts.length; i++) start[i] = start[i - 1]! + parts[i - 1]!.length;
  return { bytes: Buffer.concat(parts), start, length: Uint32Array.from(parts, (part) => part.length) };
}

/** Takes lines without metadata apart. */
function shred(lines: readonly (string | Uint8Array)[], meta: readonly Uint8Array[] = lines.map(() => new Uint8Array(0))): readonly TemplateRows[] {
  return new Shredder(new WordArena()).shred(textsOf(lines), textsOf(meta), lines.length);
}

/** Text of a template with a mark for each hole, and its rows. */
const print = ({ template, rows }: TemplateRows): string => `${template.kind} ${template.text.map((piece, i) => piece.toString('latin1') + (template.holes[i] === undefined ? '' : `⟨${template.holes[i]}⟩`)).join('')} ${[...rows].join(',')}`;

test('lines of one shape are one template, in order of first appearance', () => {
  expect(shred(['{"a":"x"}', 'a=1 b=2', '{"a":"y"}', 'GET /x', 'a=3 b=4', '{"b":"x"}', 'PUT /y', '', '{"a":1}']).map(print)).toEqual([
    'json {"a":"⟨string⟩"} 0,2', 'logfmt a=⟨bare⟩ b=⟨bare⟩ 1,4', 'text ⟨word⟩ ⟨word⟩ 3,6', 'json {"b":"⟨string⟩"} 5', 'text  7', 'json {"a":⟨token⟩} 8',
  ]);
});

test('equal lines with other metadata are another template', () => {
  const pairs = (...names: readonly string[]): Uint8Array => Uint8Array.from(encodeMetadata(names.map((name) => ({ name, value: name }))));
  const groups = shred(['x y', 'x z', 'x y', 'x y'], [pairs('a'), pairs('a', 'b'), new Uint8Array(0), Uint8Array.of(255)]);
  expect(groups.map(({ template, width }) => [template.metadata, width])).toEqual([[['a'], 3], [['a', 'b'], 4], [[], 2], [null, 3]]);
});

test('every row stands in one template, ascending, and its holes and values make up what went in', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line, metadata), { minLength: 1, maxLength: 400, size: 'max' }), (rows) => {
      const lines = textsOf(rows.map(([text]) => text));
      const meta = textsOf(rows.map(([, pairs]) => pairs));
      const groups = new Shredder(new WordArena()).shred(lines, meta, rows.length);
      const seen: number[] = [];
      for (const { template, rows: own, width, start, length } of groups) {
        expect([...own]).toEqual([...own].sort((a, b) => a - b));
        expect([start.length, length.length]).toEqual([own.length * width, own.length * width]);
        for (const [i, row] of own.entries()) {
          seen.push(row);
          let text = template.text[0]!.toString('latin1');
          for (let hole = 0; hole < template.holes.length; hole++) {
            const from = start[i * width + hole]!;
            text += lines.bytes.toString('latin1', from, from + length[i * width + hole]!) + template.text[hole + 1]!.toString('latin1');
          }
          expect(text).toBe(Buffer.from(rows[row]![0]).toString('latin1'));
          const values = Array.from({ length: width - template.holes.length }, (_, k) => {
            const from = start[i * width + template.holes.length + k]!;
            return meta.bytes.subarray(from, from + length[i * width + template.holes.length + k]!);
          });
          const whole = template.metadata === null ? values[0]! : encodeMetadata(template.metadata.map((name) => ({ name, value: '' })));
          const bytes = whole.length + (template.metadata === null ? 0 : values.reduce((sum, value) => sum + value.length + (value.length < 128 ? 0 : value.length < 16_384 ? 1 : 2), 0));
          expect(bytes).toBe(rows[row]![1].length);
        }
      }
      expect(seen.sort((a, b) => a - b)).toEqual(rows.map((_, row) => row));
      expect(new Set(groups.map(({ template }) => templateKey(template))).size).toBe(groups.length);
    }),
    { numRuns: 200 },
  );
});

describe('what is not worth a template', () => {
  const many = (count: number, rest: string): string[] => Array.from({ length: count }, (_, i) => `{"k${i}":"${rest}"}`);

  test('few templates are all kept', () => {
    expect(shred(many(12, 'x')).length).toBe(12);
  });

  test('of more, those with few bytes or rows are kept whole, together', () => {
    const common = Array.from({ length: 1000 }, (_, i) => `{"n":${i},"more":"text"}`);
    const groups = shred([...common, ...many(20, 'x'), ...many(20, 'x'.repeat(8000))]);
    expect(groups.map(({ template, rows }) => [template.kind, rows.length])).toEqual([['json', 1000], ['plain', 40]]);
  });

  test('a line with very much text that does not vary', () => {
    const groups = shred([`{"${'k'.repeat(segmentLimits.templateTextBytesMax)}":1}`, `{"${'k'.repeat(100)}":1}`, ' '.repeat(segmentLimits.templateTextBytesMax)]);
    expect(groups.map(({ template, rows }) => [template.kind, [...rows]])).toEqual([['json', [1]], ['text', [2]], ['plain', [0]]]);
  });

  test('templates beyond so many', () => {
    const lines = Array.from({ length: segmentLimits.templatesKept + 100 }, (_, i) => `${'='.repeat(i)} ${'x'.repeat(1100)}`);
    const groups = shred([...lines, ...lines, ...lines, ...lines]);
    expect(groups.length).toBe(segmentLimits.templatesKept + 1);
    expect(groups.at(-1)).toMatchObject({ template: { kind: 'plain' }, rows: { length: 400 } });
  });

  test('a hundred thousand empty lines between many shapes', () => {
    const lines = Array.from({ length: 65_536 }, (_, i) => (i % 2000 === 0 ? `{"k${i}":1}` : ''));
    const groups = shred(lines);
    expect(groups.reduce((rows, group) => rows + group.rows.length, 0)).toBe(65_536);
  });
});

test('a line that is kept whole does not keep those behind it', () => {
  const whole = `{"${'k'.repeat(segmentLimits.templateTextBytesMax)}":1}`;
  expect(shred(['a=1 b=2', whole, 'a=3 b=4', whole, whole, 'a=5 b=6']).map(({ template, rows }) => [template.kind, [...rows]])).toEqual([['logfmt', [0, 2, 5]], ['plain', [1, 3, 4]]]);
});
