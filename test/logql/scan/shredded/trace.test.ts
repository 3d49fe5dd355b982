import { describe, expect, it } from 'vitest';
import { hasByte, traceParser } from '../../../../src/logql/scan/shredded/trace.ts';
import { parseQuery } from '../../../../src/logql/mod.ts';
import type { Stage } from '../../../../src/logql/syntax/mod.ts';
import { tasksOf } from './compare.ts';
import { groupOf, headerOnly, templateOf } from './group.ts';

function stageOf(text: string): Stage {
  parseQuery(`{a="b"} ${text}`);
  return tasksOf(`{a="b"} ${text}`)[0]!.stages[0]!;
}

/** The labels as `name=hole number` or `name='text'`; null where lines must be seen. */
function traced(parser: string, lines: readonly string[]): string | null {
  const labels = traceParser(stageOf(parser), templateOf(groupOf(lines)));
  return labels === null ? null : labels.map(({ name, from }) => `${name}=${from.kind === 'hole' ? from.hole : from.kind === 'text' ? `'${from.bytes.toString()}'` : 'mixed'}`).join(' ');
}

describe('traceParser', () => {
  it.each<[string, string, readonly string[], string | null]>([
    ['JSON', '| json', ['{"a":1,"b":{"c":"x"},"d":[1]}', '{"a":2,"b":{"c":"y"},"d":[2]}'], 'a=0 b_c=1'],
    ['a key twice', '| json', ['{"a":1,"a":"x"}', '{"a":2,"a":"y"}'], 'a=0'],
    ['keys that become one name', '| json', ['{"a.b":1,"a_b":"x"}', '{"a.b":2,"a_b":"y"}'], 'a_b=0'],
    ['a null before the same key', '| json', ['{"a":1,"a":"x"}', '{"a":null,"a":"y"}'], null],
    ['nulls under the same key', '| json', ['{"a":1,"a":null}', '{"a":null,"a":2}'], null],
    ['a null on its own', '| json', ['{"a":1,"b":"x"}', '{"a":null,"b":"y"}'], 'a=0 b=1'],
    ['JSON for logfmt', '| logfmt', ['{"a":1}', '{"a":2}'], null],
    ['listed expressions', '| json a="b"', ['{"a":1}', '{"a":2}'], null],
    ['logfmt', '| logfmt', ['a=1 b="x y" c', 'a=2 b="x z" c'], 'a=0 b=1'],
    ['logfmt with empty values', '| logfmt --keep-empty', ['a=1 b=2 c', 'a=2 b=3 c'], "a=0 b=1 c=''"],
    ['an empty value before the same key', '| logfmt', ['a=1 a=2', 'a= a=3'], null],
    ['empty values under the same key', '| logfmt', ['a=1 a=', 'a= a=3'], null],
    ['the same where empty ones count', '| logfmt --keep-empty', ['a=1 a=', 'a= a=3'], 'a=0'],
    ['escapes where faults count', '| logfmt --strict', ['a=1 b="x\\q"', 'a=2 b="y"'], null],
    ['a pattern', '| pattern `a=<x> b=<y>`', ['a=1 b=2', 'a=3 b=4'], 'x=0 y=1'],
    ['a pattern over more than a hole', '| pattern `a=<x>`', ['a=1 b=2', 'a=3 b=4'], 'x=mixed'],
    ['a pattern with what fills holes here', '| pattern `<x>v=<y>`', ['a=1 v=2', 'a=3 v=4', 'a=5 v=6'], 'x=mixed y=1'],
    ['a pattern whose text may stand in a hole', '| pattern `<x> b<y>`', ['a="1 b2" b=2', 'a="3" b=4'], null],
    ['a pattern where lines may be empty', '| pattern `<x>`', ['', 'a b', 'c'], null],
    ['a regular expression', '| regexp `(?P<x>a)`', ['a=1 b=2', 'a=3 b=4'], null],
  ])('%s', (_name, parser, lines, expected) => {
    const templates = groupOf(lines).templates.length;
    // Lines of several shapes: each of them is asked.
    if (templates > 1) expect(() => groupOf(lines).templates.map((template) => traceParser(stageOf(parser), template))).not.toThrow();
    else expect(traced(parser, lines)).toBe(expected);
  });

  it('knows which bytes a column may hold', () => {
    expect(hasByte(headerOnly('ab\\', 1, 2), 0x5c)).toBe(true);
    expect(hasByte(headerOnly('ab', 1, 2), 0x5c)).toBe(false);
  });
});
