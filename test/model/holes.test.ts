import { describe, expect, it } from 'vitest';
import { holeMayHold, wordSeparators } from '../../src/model/mod.ts';

const bytesOf = (text: string): number[] => [...Buffer.from(text)];

describe('holeMayHold', () => {
  it.each([
    ['word', 'aZ09-./:\\é', ` \t\n"'()[]{}<>,;=|?&`],
    ['bare', `aZ09-./:\\'()[]{}<>,;|?&é`, ' \t\n"='],
    ['string', 'a "=\n', ''],
    ['token', '-1.e', ''],
    ['array', '1, [2]', ''],
    ['any', '\0 "=', ''],
  ] as const)('%s', (hole, held, refused) => {
    expect(bytesOf(held).every((byte) => holeMayHold(hole, byte))).toBe(true);
    expect(bytesOf(refused).some((byte) => holeMayHold(hole, byte))).toBe(false);
  });

  it('knows separators among all bytes', () => {
    expect(wordSeparators).toHaveLength(256);
    expect(wordSeparators[0x20]).toBe(1);
    expect(wordSeparators[0x80]).toBe(0);
  });
});
