import { describe, expect, it } from 'vitest';
import { spreadNeedle } from '../../../../src/logql/scan/shredded/spread.ts';
import type { LineTemplate, ShreddedColumn } from '../../../../src/model/mod.ts';
import { headerOnly } from './group.ts';

/** `text` with a hole for each `*`. */
function template(text: string, hole: LineTemplate['holes'][number] = 'any'): LineTemplate {
  const pieces = text.split('*').map((piece) => Buffer.from(piece));
  return { kind: 'text', text: pieces, holes: pieces.slice(1).map(() => hole), metadata: [] };
}

const column = (bytes: string, min: number, max: number, holds: (needle: string) => boolean = () => true): ShreddedColumn => ({ ...headerOnly(bytes, min, max), mayHold: (needle) => holds(Buffer.from(needle).toString()) });
const word = (holds?: (needle: string) => boolean): ShreddedColumn => column('abcdefgABCDEFG', 1, 6, holds);

function spreads(text: string, needle: string, columns: readonly ShreddedColumn[], fold = false): string[] | null {
  const found = spreadNeedle(template(text), columns, Buffer.from(needle), fold);
  return found === null ? null : found.map((spread) => spread.map(({ hole, ask }) => `${hole} ${ask.kind} ${ask.bytes.toString()}`).join(', '));
}

describe('spreadNeedle', () => {
  it.each<[string, string, string, readonly ShreddedColumn[], readonly string[]]>([
    ['the end of a hole and the beginning of the next', '* *', 'ab cd', [word(), word()], ['0 ends ab, 1 starts cd']],
    ['a whole hole between two', '* * *', 'a bcd e', [word(), word(), word()], ['0 ends a, 1 equals bcd, 2 starts e']],
    ['text, two holes and text', '<* *>', '<ab cd>', [word(), word()], ['0 equals ab, 1 equals cd']],
    ['text after the last hole', '* *!', 'b cd!', [word(), word()], ['0 ends b, 1 equals cd']],
    ['nothing over the end of the line', '* *', 'a b!', [word(), word()], []],
    ['nothing where a hole is too short', '* * *', 'a bcd e', [word(), column('bcd', 1, 2), word()], []],
    ['nothing where a hole is too long', '* * *', 'a bcd e', [word(), column('bcd', 4, 9), word()], []],
    ['nothing where bytes do not fit', '* *', 'ab xy', [word(), word()], []],
    ['nothing that lies over one hole', '<*> *', '<ab> ', [word(), word()], []],
    ['nothing that a filter rules out', '* *', 'ab cd', [word(), word((needle) => needle !== 'cd')], []],
    ['an empty hole', '* * *', 'a  b', [word(), column('abc', 0, 3), word()], ['0 ends a, 1 equals , 2 starts b']],
    ['the same needle twice', '* * *', 'a b', [word(), word(), word()], ['0 ends a, 1 starts b', '1 ends a, 2 starts b']],
  ])('finds %s', (_, text, needle, columns, wanted) => {
    expect(spreads(text, needle, columns)).toEqual(wanted);
  });

  it('compares text without case where that is asked', () => {
    expect(spreads('* AND *', 'b and c', [word(), word()], true)).toEqual(['0 ends b, 1 starts c']);
    expect(spreads('* AND *', 'b and c', [word(), word()])).toEqual([]);
  });

  it('gives up where there are too many', () => {
    const any = column('a ', 0, 100);
    expect(spreads(Array.from({ length: 40 }, () => '*').join(' '), 'a '.repeat(30), Array.from({ length: 40 }, () => any))).toBeNull();
  });
});
