import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatExpr, parseQuery, prettyExpr } from '../../../src/logql/syntax/mod.ts';
import { tokenize } from '../../../src/logql/syntax/lexer.ts';
import { isSpoorError } from '../../../src/model/mod.ts';
import { logQuery, metric } from './arbitrary.ts';

/** The tree without what printing does not keep: how a number with a unit was written. */
function bare(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) => {
    if (key === 'text') return undefined;
    if (typeof value === 'bigint') return String(value);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
}

/** Parses, or fails with a coded error. */
function outcome(query: string): string {
  try {
    return parseQuery(query).kind;
  } catch (error) {
    if (isSpoorError(error, 'parse_error')) return error.message;
    throw error;
  }
}

describe('printing and reading', () => {
  test('gives the same tree, on one line and on many', () => {
    fc.assert(
      fc.property(fc.oneof(logQuery, metric), (tree) => {
        const text = formatExpr(tree);
        expect(bare(parseQuery(text))).toBe(bare(tree));
        expect(formatExpr(parseQuery(text))).toBe(text);
      }),
      { numRuns: 600 },
    );
  });

  test('a pretty query reads as the same log query', () => {
    fc.assert(
      fc.property(logQuery, (tree) => {
        expect(bare(parseQuery(prettyExpr(tree)))).toBe(bare(tree));
      }),
      { numRuns: 300 },
    );
  });
});

describe('text that is no query', () => {
  const words = fc.constantFrom(
    '{', '}', '(', ')', '[5m]', '[', ']', 'app', '=', '!=', '=~', '"x"', '`y', '"', ',', '|', '|=', '|~', 'json', 'logfmt', 'unwrap', 'by', 'sum', 'rate', 'count_over_time', 'topk', '5', '1.5h', '5MB',
    'and', 'or', 'offset', 'on', 'group_left', '+', '-', '*', '^', '#', '\n', "'", '--strict', 'vector', 'label_replace', '\\', '漢', '\0', 'ip', '>', '==', 'bool',
  );
  test('fails with a coded error', () => {
    fc.assert(fc.property(fc.array(words, { maxLength: 25 }), fc.constantFrom('', ' '), (list, between) => typeof outcome(list.join(between)) === 'string'), { numRuns: 3000 });
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => typeof outcome(text) === 'string'), { numRuns: 1000 });
  });

  test('cut and mutated queries too', () => {
    const dir = new URL('../../../../shared/conformance/cases/', import.meta.url);
    const seeds = ['sum by (a) (rate({app="x"} |= "y" | json | a>5 | unwrap b [5m] offset 1h)) / on (c) group_left topk(3, vector(1)) > bool 2'];
    if (fs.existsSync(dir)) {
      for (const file of fs.readdirSync(dir)) {
        const cases = JSON.parse(fs.readFileSync(new URL(file, dir), 'utf8')) as readonly { readonly params?: { readonly query?: unknown } }[];
        seeds.push(...cases.map((one) => one.params?.query).filter((query) => typeof query === 'string'));
      }
    }
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.nat(), fc.nat(), fc.string({ maxLength: 3 }), (seed, at, skip, insert) => {
        const cut = at % (seed.length + 1);
        return typeof outcome(seed.slice(0, cut)) === 'string' && typeof outcome(seed.slice(0, cut) + insert + seed.slice(cut + (skip % 4))) === 'string';
      }),
      { numRuns: 3000 },
    );
  });

  // Each of these is as long as a query may be; any rule that took more than linear time would run into the time limit of tests.
  const length = 131_000;
  const hostile: readonly (readonly [string, string])[] = [
    ['parentheses', '('.repeat(length)],
    ['braces', '{'.repeat(length)],
    ['opened ranges', 'rate(('.repeat(length / 6)],
    ['numbers', '1 '.repeat(length / 2)],
    ['one number', '1'.repeat(length)],
    ['signs', '1' + '+-'.repeat(length / 2)],
    ['function names', 'sum '.repeat(length / 4)],
    ['spaces after function names', `sum${' '.repeat(length)}`],
    ['comments', '/*'.repeat(length / 2)],
    ['quotes', '"'.repeat(length)],
    ['brackets', '['.repeat(length)],
    ['line filters', `{a="b"}${'|="x"'.repeat((length - 7) / 5)}`],
    ['alternatives', `{a="b"} |= "x"${' or "x"'.repeat((length - 14) / 7)}`],
    ['matchers', `{${'a="b",'.repeat(length / 6)}a="b"}`],
    ['label filters', `{a="b"} | ${'a=1 or '.repeat(length / 7)}a=1`],
    ['stages', `{a="b"}${'|json'.repeat((length - 7) / 5)}`],
    ['unary minus', '-'.repeat(length)],
    ['dashes', '--strict'.repeat(length / 8)],
    ['durations', '5m'.repeat(length / 2)],
  ];
  test.each(hostile)('%s', (_name, query) => {
    expect(typeof outcome(query)).toBe('string');
  });
});

describe('tokenize', () => {
  test('ends every text with one $end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const kinds = tokenize(text).map((token) => token.kind);
        expect(kinds.filter((kind) => kind === '$end')).toHaveLength(1);
        expect(kinds.at(-1)).toBe('$end');
      }),
      { numRuns: 1000 },
    );
  });
});
