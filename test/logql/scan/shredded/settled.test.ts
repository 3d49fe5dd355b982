import { describe, expect, it } from 'vitest';
import { isSettled } from '../../../../src/logql/scan/shredded/settled.ts';
import { headerOnly } from './group.ts';

const digits = headerOnly('0123456789', 1, 9);
const words = headerOnly('abcdefgh ', 0, 9);

describe('isSettled', () => {
  it.each<[boolean, string, string, ReturnType<typeof headerOnly>[]]>([
    [true, '<ip> - <rest>', '* - *', [digits, words]],
    [false, '<ip> - <rest>', '* - *', [words, digits]],
    [true, '<a>', '*', [words]],
    [true, 'x=<a>', 'x=*', [words]],
    [false, 'x=<a>', '*x=', [words]],
    [false, 'x=1<a>', 'x=*', [digits]],
    [true, '<a>"<b>', '*"*', [words, words]],
    // The text may begin in the template's text and go on in a hole.
    [false, '<a>-1<b>', '*-*-1*', [digits, digits, words]],
    // An empty hole brings other text near.
    [false, '<a>-x<b>', '"-*x', [words]],
    [false, '<a>;<b>', '* *', [digits, digits]],
    [true, '<_>=<b> <_>', 'level=* status=*', [digits, words]],
    [false, '<a> b<b>', 'x=* b', [words]],
  ])('%s: %s over %s', (expected, pattern, text, columns) => {
    const pieces = text.split('*').map((piece) => Buffer.from(piece));
    expect(isSettled(pattern, { kind: 'text', text: pieces, holes: pieces.slice(1).map(() => 'any'), metadata: [] }, columns)).toBe(expected);
  });
});
