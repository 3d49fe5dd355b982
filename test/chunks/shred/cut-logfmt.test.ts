import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bareEnd, cutLogfmt } from '../../../src/chunks/shred/cut-logfmt.ts';
import { holesMax } from '../../../src/chunks/shred/cuts.ts';
import { cutWith } from './cuts.ts';
import { line } from './lines.ts';

const many = (pairs: number): string => Array.from({ length: pairs }, (_, i) => `k${i}=${i}`).join(' ');

describe('pairs', () => {
  test.each([
    ['a=1 b=2', 'a=⟨bare:1⟩ b=⟨bare:2⟩'],
    ['  a=1\t\tb=2\n', '  a=⟨bare:1⟩\t\tb=⟨bare:2⟩\n'],
    ['a= b=', 'a=⟨bare:⟩ b=⟨bare:⟩'],
    ['a="x y" b=""', 'a="⟨string:x y⟩" b="⟨string:⟩"'],
    [String.raw`a="x\"y\\" b=c\d`, String.raw`a="⟨string:x\"y\\⟩" b=⟨bare:c\d⟩`],
    ['a=1 alone b=2', 'a=⟨bare:1⟩ alone b=⟨bare:2⟩'],
    ['a=1 b=2 x y', 'a=⟨bare:1⟩ b=⟨bare:2⟩ x y'],
    ['a=ü b=1', 'a=⟨bare:\xc3\xbc⟩ b=⟨bare:1⟩'],
    ['a=1 a=2', 'a=⟨bare:1⟩ a=⟨bare:2⟩'],
    ['.=1 [x]=/', '.=⟨bare:1⟩ [x]=⟨bare:/⟩'],
    ['a="1\n2" b=3', 'a="⟨string:1\n2⟩" b=⟨bare:3⟩'],
    [many(holesMax), many(holesMax).replaceAll(/=(\d+)/g, '=⟨bare:$1⟩')],
  ])('%j', (text, cut) => {
    expect(cutWith(cutLogfmt, text)).toBe(cut);
  });
});

test.each([
  '', ' ', 'word', 'two words', 'a=1', 'word a=1 b=2', 'a=1 x y b=2', '=1 b=2', 'a=1 =2', 'a==1 b=2', 'a=b=c d=e', 'a=b"c d=e', 'a=1 b"=2', 'a="x"y b=1', 'a="x"=y b=1', 'a="x b=1', 'a="x\\" b=1', 'ü=1 b=2', many(holesMax + 1),
])('no pairs, or not without a fault: %j', (text) => {
  expect(cutWith(cutLogfmt, text)).toBe(undefined);
});

test('a value ends where the line does', () => {
  expect(bareEnd(Buffer.from('ab c'), 0, 2)).toBe(2);
  expect(bareEnd(Buffer.from('ab c'), 0, 4)).toBe(2);
  expect(bareEnd(Buffer.from('ab c'), 2, 4)).toBe(2);
});

test('holes rise inside any line', () => {
  fc.assert(
    fc.property(line, (bytes) => {
      cutWith(cutLogfmt, bytes);
    }),
    { numRuns: 3000 },
  );
});
