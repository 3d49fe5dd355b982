import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutText, wordEnd } from '../../../src/chunks/shred/cut-text.ts';
import { cutWith } from './cuts.ts';
import { line } from './lines.ts';

const words = (count: number): string => Array.from({ length: count }, (_, i) => `w${i}`).join(' ');
const cut = (text: string): string => text.replaceAll(/w\d+/g, (word) => `⟨word:${word}⟩`);

describe('words', () => {
  test.each([
    ['', ''],
    ['   ', '   '],
    ['one', '⟨word:one⟩'],
    [' one,two(three)  ', ' ⟨word:one⟩,⟨word:two⟩(⟨word:three⟩)  '],
    ['[x]="y"|z&?', '[⟨word:x⟩]="⟨word:y⟩"|⟨word:z⟩&?'],
    ['10:00:01.5 a/b-c_d', '⟨word:10:00:01.5⟩ ⟨word:a/b-c_d⟩'],
    ['größe\x00x', '⟨word:gr\xc3\xb6\xc3\x9fe⟩\x00⟨word:x⟩'],
    ['one\ntwo three', '⟨word:one⟩\n⟨any:two three⟩'],
    ['one\r\n\tat two', '⟨word:one⟩\r\n⟨any:\tat two⟩'],
    ['\n\n', '\n⟨any:\n⟩'],
    ['one\n', '⟨word:one⟩\n'],
    [words(64), cut(words(64))],
    [`${words(64)}. `, cut(words(64)).replace('w63⟩', 'w63.⟩ ')],
    [`${words(64)} w64 w65`, `${cut(words(64))} ⟨any:w64 w65⟩`],
  ])('%j', (text, holes) => {
    expect(cutWith(cutText, text)).toBe(holes);
  });
});

test('a word ends where the line does', () => {
  expect([wordEnd(Buffer.from('ab c'), 0, 1), wordEnd(Buffer.from('ab c'), 0, 4), wordEnd(Buffer.from('ab c'), 2, 4)]).toEqual([1, 2, 2]);
});

test('holes rise inside any line, and none is an empty word', () => {
  fc.assert(
    fc.property(line, (bytes) => {
      expect(cutWith(cutText, bytes)).not.toContain('⟨word:⟩');
    }),
    { numRuns: 3000 },
  );
});
