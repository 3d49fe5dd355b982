import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { parseQuery, prettyExpr } from '../../../src/logql/syntax/mod.ts';

/** What a real Loki answered to format_query (tools/record-parser.ts recorded it): the query, whether it was accepted, and the printed form or the error. */
type Answer = readonly [query: string, accepted: 0 | 1, text: string];

interface Difference {
  readonly query: string;
  readonly loki: Answer;
  readonly ours: Answer;
}

/** Where we differ on purpose. */
const exceptions: readonly { readonly why: string; readonly covers: (difference: Difference) => boolean }[] = [
  {
    why: 'A NUL is refused by both; the position that Loki tells is that of the token before it, or left from another query, as its scanner reads ahead.',
    covers: ({ query, loki, ours }) => query.includes('\0') && loki[1] === 0 && ours[1] === 0,
  },
  {
    why: 'An escape that makes a byte which is no UTF-8 (\\xff) is U+FFFD to us, as in every answer; Loki keeps the byte, prints it as an escape, and refuses it in some places.',
    covers: ({ query }) => /\\(?:x[89a-fA-F][0-9a-fA-F]|[23][0-7][0-7])/.test(query),
  },
  {
    why: 'After a first error Loki goes on reading and tells an error that it meets further on instead of the first, if that is one of a value.',
    covers: ({ loki, ours }) => loki[1] === 0 && ours[1] === 0 && loki[2].startsWith('parse error : ') && ours[2].startsWith('parse error at line '),
  },
  {
    why: 'Where line filters are too long for one line, Loki prints them without their alternatives, which makes another query of it; we print all of it.',
    covers: ({ loki, ours }) => loki[1] === 1 && ours[1] === 1 && withoutAlternatives(loki[2]) === withoutAlternatives(ours[2]),
  },
];

function withoutAlternatives(text: string): string {
  return text.replaceAll(/^( *(?:\|[=~>]|![=~>]) .*)$/gm, (line) => line.replaceAll(/ or (?:ip\()?"(?:[^"\\]|\\.)*"\)?/g, '')).replaceAll(/\s+/g, ' ');
}

function ourAnswer(query: string): Answer {
  try {
    return [query, 1, prettyExpr(parseQuery(query))];
  } catch (error) {
    if (isSpoorError(error, 'parse_error')) return [query, 0, error.message];
    throw error;
  }
}

/** The list of what was expected is how yacc happened to have built its tables. */
function withoutExpected(text: string): string {
  return text.replace(/, expecting [\s\S]*$/, '');
}

const recorded = process.env['SPOOR_PARSER_ANSWERS'] ?? new URL('../../fixtures/parser-answers.jsonl.br', import.meta.url);
const answers = brotliDecompressSync(readFileSync(recorded)).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as Answer);

describe("Loki's parser", () => {
  test('answered many queries, of which it accepted a good part', () => {
    expect(answers.length).toBeGreaterThan(10_000);
    expect(answers.filter(([, accepted]) => accepted === 1).length).toBeGreaterThan(4000);
  });

  test('and ours accept and refuse the same, print the same, and tell the same errors in the same places', () => {
    const different = answers
      .map((loki): Difference => ({ query: loki[0], loki, ours: ourAnswer(loki[0]) }))
      .filter(({ loki, ours }) => loki[1] !== ours[1] || (loki[1] === 1 ? loki[2] !== ours[2] : withoutExpected(loki[2]) !== withoutExpected(ours[2])));
    const used = new Map(exceptions.map(({ why }) => [why, 0]));
    const wrong = different.filter((difference) => {
      const exception = exceptions.find(({ covers }) => covers(difference));
      if (exception !== undefined) used.set(exception.why, (used.get(exception.why) ?? 0) + 1);
      return exception === undefined;
    });
    expect(wrong).toEqual([]);
    expect([...used].filter(([, count]) => count === 0), 'strike these exceptions').toEqual([]);
    expect(different.length).toBeLessThan(answers.length / 50);
  });
});
