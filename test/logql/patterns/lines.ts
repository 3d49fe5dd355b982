import fc from 'fast-check';
import type { PatternClusters, PatternShape } from '../../../src/logql/patterns/clusters.ts';
import { LineTokens } from '../../../src/logql/patterns/line-tokens.ts';
import { renderPattern } from '../../../src/logql/patterns/render.ts';
import { fieldPlaces, shapeOf, wordsOf } from '../../../src/logql/patterns/shape.ts';
import type { BytesColumn } from '../../../src/model/mod.ts';

/** Lines as a column. */
export function columnOf(lines: readonly Uint8Array[]): BytesColumn {
  const start = new Uint32Array(lines.length);
  for (let i = 1; i < lines.length; i++) start[i] = start[i - 1]! + lines[i - 1]!.length;
  return { bytes: Buffer.concat(lines), start, length: Uint32Array.from(lines, (line) => line.length) };
}

/** Adds lines, of level 0 and step 0. */
export function addLines(clusters: PatternClusters, lines: readonly Uint8Array[]): PatternClusters {
  const column = columnOf(lines);
  for (let row = 0; row < lines.length; row++) clusters.addLine(column, row, 0, 0);
  return clusters;
}

/** How a line is read: its shape with `#` for variables and `@` for words, and the words. */
export function read(text: string | Uint8Array): { readonly shape: string; readonly words: readonly string[] } {
  const line = Buffer.from(text);
  const tokens = new LineTokens();
  tokens.read(line, 0, line.length);
  return { shape: shapeOf(tokens, line, 0, line.length).replaceAll('\u0100', '#').replaceAll('\u0101', '@'), words: wordsOf(tokens, line) };
}

/** The patterns of the clusters that a line may be in: one, unless clusters were dropped. */
export function patternsOf(shapes: readonly PatternShape[], line: Uint8Array): string[] {
  const buffer = Buffer.from(line);
  const tokens = new LineTokens();
  tokens.read(buffer, 0, buffer.length);
  const text = shapeOf(tokens, buffer, 0, buffer.length);
  const words = wordsOf(tokens, buffer);
  const fields = fieldPlaces(text);
  return shapes
    .filter(({ shape }) => shape === text)
    .flatMap(({ fields: known, clusters }) =>
      clusters.map((cluster) => {
        let [field, told] = [0, 0];
        return { places: fields.map((is) => (is ? known[field++] : cluster.words[told++]) ?? null), values: cluster.values };
      }),
    )
    .filter(({ places }) => places.every((word, place) => word === null || word === words[place]))
    .map(({ places, values }) => renderPattern(text, places, values));
}

const pieces = [
  'a', 'b', 'c', 'ab', 'ba', 'foo', 'bar', 'GET', 'level', 'msg', 'user', '_', 'dead', 'v1', 'b12', 'node3', '1', '2', '12', '1a', '0x1f', '200ms', 'é', '\u00ff', '<_>', '<div>',
  ' ', ' ', ' ', '  ', '-', '-', '--', '.', '/', '/', ':', '": ', '":', '="', '=', '"', ',', ', ', '[', ']', '] "', '{', '}', '<', '>', '\n', '\t', '\u001b[31m', '\u001b[', '@', '#', '+', '%',
];

/** Lines of few different pieces, so that what could be mistaken for something else is. */
export const trickyLine: fc.Arbitrary<Buffer> = fc
  .array(fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: fc.constant('550e8400-abcd-41d4-a716-446655440000') }), { maxLength: 14 })
  .map((parts) => Buffer.from(parts.join('')));

export const junkLine: fc.Arbitrary<Buffer> = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
