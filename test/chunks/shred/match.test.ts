import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutJson } from '../../../src/chunks/shred/cut-json.ts';
import { cutLogfmt } from '../../../src/chunks/shred/cut-logfmt.ts';
import { cutText } from '../../../src/chunks/shred/cut-text.ts';
import { Cuts } from '../../../src/chunks/shred/cuts.ts';
import { viewOf } from '../../../src/chunks/columns/texts.ts';
import { matchTemplate } from '../../../src/chunks/shred/match.ts';
import type { HoleKind, Template, TemplateKind } from '../../../src/chunks/shred/template.ts';
import { cutWith, printCuts } from './cuts.ts';
import { line, logfmt, regularJson, text } from './lines.ts';

const templateOf = (kind: TemplateKind, pieces: readonly string[], holes: readonly HoleKind[]): Template => ({ kind, text: pieces.map((piece) => Buffer.from(piece)), holes, metadata: [] });
const matches = (template: Template, bytes: Buffer, start: number, end: number, cuts: Cuts): boolean => matchTemplate(template, template.text.map(viewOf), bytes, viewOf(bytes), start, end, cuts);
const match = (template: Template, of: string | Uint8Array): string | undefined => cutWith((bytes, start, end, cuts) => matches(template, bytes, start, end, cuts), of);

const templates = {
  json: templateOf('json', ['{"a":"', '","b":', ',"c":[', ']}'], ['string', 'token', 'array']),
  logfmt: templateOf('logfmt', ['a=', ' b="', '"'], ['bare', 'string']),
  text: templateOf('text', ['', ' - ', '\n', ''], ['word', 'word', 'any']),
};

test.each<[keyof typeof templates, string, string | undefined]>([
  ['json', '{"a":"x","b":1,"c":[]}', '{"a":"⟨string:x⟩","b":⟨token:1⟩,"c":[⟨array:⟩]}'],
  ['json', '{"a":"","b":null,"c":[[1],"]"]}', '{"a":"⟨string:⟩","b":⟨token:null⟩,"c":[⟨array:[1],"]"⟩]}'],
  ['json', '{"a":"x","b":nul,"c":[]}', undefined],
  ['json', '{"a":"x","b":"1","c":[]}', undefined],
  ['json', '{"a":"x","b":1,"c":[]} ', undefined],
  ['json', '{"a":"x","b":1,"c":[]', undefined],
  ['json', '{"a":"x\\","b":1,"c":[]}', undefined],
  ['json', '{"a":"', undefined],
  ['json', '', undefined],
  ['logfmt', 'a= b=""', 'a=⟨bare:⟩ b="⟨string:⟩"'],
  ['logfmt', 'a=1 b="x y"', 'a=⟨bare:1⟩ b="⟨string:x y⟩"'],
  ['logfmt', 'a=1  b="x"', undefined],
  ['logfmt', 'a=1 b="x', undefined],
  ['text', 'x - y\nz', '⟨word:x⟩ - ⟨word:y⟩\n⟨any:z⟩'],
  ['text', 'x - \nz', undefined],
  ['text', ' - y\nz', undefined],
])('%s: %j', (kind, of, cut) => {
  expect(match(templates[kind], of)).toBe(cut);
});

/** Cut as the shredder does. */
function cutLine(bytes: Buffer, cuts: Cuts): void {
  if (!cutJson(bytes, 0, bytes.length, cuts) && !cutLogfmt(bytes, 0, bytes.length, cuts)) cutText(bytes, 0, bytes.length, cuts);
}

function learn(bytes: Buffer): Template {
  const cuts = new Cuts();
  cutLine(bytes, cuts);
  const pieces: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < cuts.count; at = cuts.end[i++]!) pieces.push(bytes.subarray(at, cuts.start[i]));
  pieces.push(bytes.subarray(at));
  return { kind: cuts.kind, text: pieces, holes: cuts.holes.slice(0, cuts.count), metadata: [] };
}

test('a line matches the template that was made of it, with the same holes', () => {
  fc.assert(
    fc.property(line, (given) => {
      const bytes = Buffer.from(given);
      const cuts = new Cuts();
      cutLine(bytes, cuts);
      const expected = printCuts(bytes, 0, bytes.length, cuts);
      expect(matches(learn(bytes), bytes, 0, bytes.length, cuts)).toBe(true);
      expect(printCuts(bytes, 0, bytes.length, cuts)).toBe(expected);
    }),
    { numRuns: 3000 },
  );
});

test.each([['json', regularJson], ['logfmt', logfmt]] as const)('a %s line that matches the template of another is cut as it would be by itself', (_, lines) => {
  let matched = 0;
  fc.assert(
    fc.property(fc.array(lines, { minLength: 12, maxLength: 12 }), fc.array(fc.oneof(lines, line), { maxLength: 12 }), (learned, others) => {
      for (const template of learned.map((one) => learn(Buffer.from(one))).filter(({ kind }) => kind !== 'text')) {
        for (const other of [...learned, ...others]) {
          const bytes = Buffer.from(other);
          const cuts = new Cuts();
          if (!matches(template, bytes, 0, bytes.length, cuts)) continue;
          matched++;
          const found = printCuts(bytes, 0, bytes.length, cuts);
          cutLine(bytes, cuts);
          expect([cuts.kind, printCuts(bytes, 0, bytes.length, cuts)]).toEqual([template.kind, found]);
        }
      }
    }),
    { numRuns: 100 },
  );
  expect(matched).toBeGreaterThan(100);
});

test('a text that matches has its words where they are', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 30 }), (lines) => {
      const template = learn(Buffer.from(lines[0]!));
      for (const other of lines) match(template, other);
    }),
  );
});
