import { describe, expect, it } from 'vitest';
import { alignNeedle, answers, lower, type Ask } from '../../../../src/logql/scan/shredded/alignments.ts';
import { inAlphabet, type LineTemplate } from '../../../../src/model/mod.ts';
import { headerOnly } from './group.ts';

/** `text` with a hole for each `*`. */
function template(text: string, hole: LineTemplate['holes'][number] = 'any'): LineTemplate {
  const pieces = text.split('*').map((piece) => Buffer.from(piece));
  return { kind: 'text', text: pieces, holes: pieces.slice(1).map(() => hole), metadata: [] };
}

const digits = headerOnly('0123456789', 1, 4);
const letters = headerOnly('abcABC', 0, 6);

function aligned(text: string, needle: string, columns = [digits, letters], fold = false, hole: LineTemplate['holes'][number] = 'any'): string {
  const { always, asks, spills } = alignNeedle(template(text, hole), columns, Buffer.from(needle), fold);
  const told = asks.map((own) => own.map(({ kind, bytes }) => `${kind} ${bytes.toString()}`).join('+')).join(';');
  return `${always ? 'always' : told}${spills ? ' spills' : ''}`;
}

describe('alignNeedle', () => {
  it.each([
    ['a needle in the text', 'x=* y=*', 'x=', 'always'],
    ['a needle in a hole', 'x=* y=*', '12', 'contains 12;'],
    ['a needle that is too long for a hole', 'x=* y=*', '12345', ';'],
    ['a needle whose bytes stand in no hole', 'x=* y=*', '1q', ';'],
    ['text and the beginning of a hole', 'x=* y=*', '=12', 'starts 12;'],
    ['the end of a hole and text', 'x=* y=*', '12 y', 'ends 12;'],
    ['text, a whole hole, and text', 'x=* y=*', '=12 y', 'equals 12;'],
    ['text on both sides of an empty hole', 'x=*! y=*', '=! y', ';', [letters, digits]],
    ['a needle over two holes', 'x=* y=*', '1 y=a', ' spills'],
    ['a needle over the end of the line', 'x=*', '12z', ''],
    ['holes side by side', '**', '1a', ' spills'],
  ] as const)('finds %s', (_name, text, needle, wanted, columns: readonly ReturnType<typeof headerOnly>[] = [digits, letters]) => {
    const told = aligned(text, needle, [...columns]);
    if (wanted === ' spills') expect(told).toContain('spills');
    else if (needle === '=! y') expect(told).toBe('equals ;');
    else expect(told).toBe(wanted);
  });

  it('folds ASCII letters', () => {
    expect(aligned('X=* y', 'x=', undefined, true)).toBe('always');
    expect(aligned('x=*', 'abc', [letters], true)).toBe('contains abc');
    expect(aligned('x=*', 'abc', [headerOnly('ABC', 1, 9)], true)).toBe('contains abc');
    expect(aligned('x=*', 'abc', [headerOnly('ABC', 1, 9)], false)).toBe('');
  });

  it('knows what a hole cannot hold', () => {
    expect(aligned('x=*', 'a b', [headerOnly('ab ', 1, 9)], false, 'word')).toBe('');
    expect(aligned('x=*', 'a b', [headerOnly('ab ', 1, 9)], false, 'any')).toBe('contains a b');
  });
});

describe('answers', () => {
  const ask = (kind: Ask['kind'], text: string): Ask => ({ kind, bytes: Buffer.from(text) });
  it.each<[Ask, string, boolean, boolean]>([
    [ask('contains', 'bc'), 'abcd', false, true],
    [ask('contains', 'bc'), 'aBCd', false, false],
    [ask('contains', 'bc'), 'aBCd', true, true],
    [ask('starts', 'ab'), 'abc', false, true],
    [ask('starts', 'ab'), 'cab', false, false],
    [ask('ends', 'ab'), 'cab', false, true],
    [ask('ends', 'ab'), 'abc', false, false],
    [ask('equals', 'ab'), 'ab', false, true],
    [ask('equals', 'ab'), 'abc', false, false],
    [ask('equals', ''), '', false, true],
    [ask('contains', 'abc'), 'ab', false, false],
  ])('%o of %s, folded %s: %s', (wanted, text, fold, expected) => {
    const bytes = Buffer.from(`__${text}__`);
    expect(answers(wanted, fold, bytes, 2, 2 + Buffer.byteLength(text))).toBe(expected);
  });

  it('knows letters and alphabets', () => {
    expect([lower(0x41), lower(0x5a), lower(0x61), lower(0x5b), lower(0xc1)]).toEqual([0x61, 0x7a, 0x61, 0x5b, 0xc1]);
    expect([inAlphabet(digits.header.alphabet, 0x30), inAlphabet(digits.header.alphabet, 0x61)]).toEqual([true, false]);
  });
});
