import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { BlockLines } from '../../../src/logql/scan/block-lines.ts';
import { LineSelector } from '../../../src/logql/scan/select.ts';
import { splitStages } from '../../../src/logql/scan/leading.ts';
import { parseQuery, type Stage } from '../../../src/logql/syntax/mod.ts';
import { makeBlock } from './blocks.ts';

function stagesOf(text: string): readonly Stage[] {
  const query = parseQuery(`{a="b"} ${text}`);
  return query.kind === 'log_query' ? query.stages : [];
}

function select(filters: string, lines: readonly (string | Uint8Array)[], layout: Parameters<typeof makeBlock>[2] = {}): readonly string[] {
  const rows = lines.map((line, i) => ({ stream: 0, time: i, line: Buffer.from(line as string) }));
  const block = makeBlock([[]], rows, layout);
  const selected = new LineSelector(splitStages(stagesOf(filters)).filters).select(new BlockLines(block.lines!, block.rows));
  return Array.from(selected, (row) => Buffer.from(rows[row]!.line).toString('latin1'));
}

describe('evaluates', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['|= "ab"', ['xabx', 'a', 'b', 'ab', ''], ['xabx', 'ab']],
    ['!= "ab"', ['xabx', 'a', 'b', 'ab', ''], ['a', 'b', '']],
    ['|= "ab" or "cd"', ['ab', 'cd', 'ac', 'bd'], ['ab', 'cd']],
    ['|= "a" != "b"', ['ab', 'a', 'b', 'ca'], ['a', 'ca']],
    ['|~ "(?i)err[0-9]"', ['ERR1', 'err', '1', 'xErr9'], ['ERR1', 'xErr9']],
    ['|~ "foo.*bar"', ['foobar', 'bar', 'foo', 'xfoo bar'], ['foobar', 'xfoo bar']],
    ['|~ "(?i)sKy"', ['s\u212ay', 'ſky', 'sky', 'say'], ['s\u212ay', 'ſky', 'sky'].map((text) => Buffer.from(text).toString('latin1'))],
  ])('%s', (filters, lines, wanted) => {
    expect(select(filters, lines)).toEqual(wanted);
  });

  test('a text that reaches from one line into the next is in neither', () => {
    expect(select('|= "abc"', ['xa', 'bcx', 'abc'])).toEqual(['abc']);
    expect(select('|~ "a(b|c)c?d"', ['xa', 'bcd', 'abcd'])).toEqual(['abcd']);
    expect(select('|~ "abc+"', ['ab', 'c', 'xab', 'cab', 'abcc'])).toEqual(['abcc']);
  });
});

const pieces = fc.constantFrom('a', 'b', 'ab', 'A', 'B', 'k', 'K', '\u212a', 's', 'ſ', 'é', 'É', '\r', '\n', ' ', '\0', 'err', 'ERR', 'Err', '1', '42');
const line = fc.oneof(
  fc.array(pieces, { maxLength: 8 }).map((parts) => Buffer.from(parts.join(''))),
  fc.tuple(fc.array(pieces, { maxLength: 4 }), fc.uint8Array({ maxLength: 3 }), fc.array(pieces, { maxLength: 4 })).map(([a, middle, b]) => Buffer.concat([Buffer.from(a.join('')), middle, Buffer.from(b.join(''))])),
);
const text = fc.array(pieces, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
const regex = fc.constantFrom('(?i)err', '(?i)ks', 'a.b', 'a.*b', '[^a]b', '(?i)é', 'err|42', '(?i)a(b|k)', '\\bab\\b', '^a', 'b$', '(?s)a.b', '.', '\\x00', 'a\\r', '(?i)[ks]1', 'ab+', '[\\x{fffd}1]', '(?i)sk|err1');
const filter = fc.oneof(
  fc.tuple(fc.constantFrom('|=', '!='), fc.array(text, { minLength: 1, maxLength: 3 })),
  fc.tuple(fc.constantFrom('|~', '!~'), fc.array(regex, { minLength: 1, maxLength: 2 })),
);

/** One line at a time, by re2js and Buffer.includes: each byte that is no UTF-8 is U+FFFD. */
function naive(op: string, values: readonly string[], bytes: Buffer): boolean {
  const any = values.some((value) => (op === '|=' || op === '!=' ? bytes.includes(value) : RE2JS.compile(value).test(decode(bytes))));
  return any === op.startsWith('|');
}

function decode(bytes: Buffer): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    let width = 4;
    let piece = '';
    for (; width > 0; width--) {
      piece = bytes.toString('utf8', i, i + width);
      if (Array.from(piece).length === 1 && Buffer.from(piece).equals(bytes.subarray(i, i + width))) break;
    }
    out += width === 0 ? '\ufffd' : piece;
    i += Math.max(1, width);
  }
  return out;
}

describe('edge cases', () => {
  test('rows are those that pass one by one', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.array(filter, { minLength: 1, maxLength: 3 }), fc.nat(2), fc.boolean(), (lines, filters, gap, shuffled) => {
        const stages = filters.map(([op, values]) => `${op} ${values.map((value) => JSON.stringify(value)).join(' or ')}`).join(' ');
        const wanted = lines.filter((bytes) => filters.every(([op, values]) => naive(op, values, bytes))).map((bytes) => bytes.toString('latin1'));
        expect(select(stages, lines, { gap, shuffled })).toEqual(wanted);
      }),
      { numRuns: 2500 },
    );
  });
});
