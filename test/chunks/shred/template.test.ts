import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnCount, holeKinds, sameTemplate, templateKey, templateKinds, type HoleKind, type Template, type TemplateKind } from '../../../src/chunks/shred/template.ts';

const piece = fc.oneof(fc.constantFrom('', 'a', ';', '1:a', ';1:a1', ';raw', '1', 'a1'), fc.string({ unit: 'binary', maxLength: 4 }));
const template: fc.Arbitrary<Template> = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(templateKinds) as TemplateKind[])),
    holes: fc.array(fc.constantFrom(...(Object.keys(holeKinds) as HoleKind[])), { maxLength: 3 }),
    pieces: fc.array(piece, { minLength: 4, maxLength: 4 }),
    metadata: fc.option(fc.array(piece, { maxLength: 3 })),
  })
  .map(({ kind, holes, pieces, metadata }) => ({ kind, holes, text: pieces.slice(0, holes.length + 1).map((one) => Buffer.from(one)), metadata }));

test('keys are equal for equal templates, and for no others', () => {
  fc.assert(
    fc.property(template, template, (a, b) => {
      const plain = ({ kind, holes, text, metadata }: Template): string => JSON.stringify([kind, holes, text.map((one) => one.toString('hex')), metadata]);
      expect(templateKey(a) === templateKey(b)).toBe(plain(a) === plain(b));
      expect(sameTemplate(a, { ...a, text: a.text.map((one) => Buffer.from(one)) })).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

test('columns are the holes, then the values of metadata, or all metadata as one', () => {
  const base: Template = { kind: 'text', text: [Buffer.from(''), Buffer.from('')], holes: ['any'], metadata: [] };
  expect([columnCount(base), columnCount({ ...base, metadata: ['a', 'b'] }), columnCount({ ...base, metadata: null })]).toEqual([1, 3, 2]);
});

test('numbers of kinds never change', () => {
  expect([templateKinds, holeKinds]).toEqual([{ json: 1, logfmt: 2, text: 3, plain: 4 }, { string: 1, token: 2, array: 3, bare: 4, word: 5, any: 6 }]);
});
