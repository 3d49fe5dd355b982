import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogfmtFields, looksLikeLogfmt } from '../../../agent/fields/logfmt.ts';
import { FieldNames } from '../../../agent/fields/names.ts';
import { FieldTable } from '../../../agent/fields/table.ts';

function read(text: string, names: readonly string[]): readonly [boolean, Record<string, string>] {
  const known = new FieldNames();
  for (const name of names) known.add(name);
  const table = new FieldTable(new LogfmtFields(known));
  const bytes = Buffer.from(text);
  const found = table.read(bytes, 0, bytes.length);
  return [found, Object.fromEntries(names.flatMap((name) => (table.get(name) === undefined ? [] : [[name, table.get(name) ?? '']])))];
}

describe('LogfmtFields', () => {
  it.each<[string, string, boolean, Record<string, string>]>([
    ['pairs', 'a=1 b=two c.d=x', true, { a: '1', b: 'two', 'c.d': 'x' }],
    ['quoted values', String.raw`a="x y" b="q\"z\n"`, true, { a: 'x y', b: 'q"z\n' }],
    ['empty values and flags', 'a= flag b=""', true, { a: '', b: '' }],
    ['words before the pairs', '2026-11-22 INFO a=1', true, { a: '1' }],
    ['equals signs in values', 'a=b=c', true, { a: 'b=c' }],
    ['a quote that does not end', 'a=1 b="x y', false, { a: '1' }],
    ['no pairs', 'a line of words', false, {}],
    ['an equals sign with nothing before it', '=x a=1', true, { a: '1' }],
    ['the first of a name that stands twice', 'a=1 a=2', true, { a: '1' }],
  ])('reads %s', (_, text, found, fields) => {
    expect(read(text, ['a', 'b', 'c.d'])).toEqual([found, fields]);
  });

  it('never throws and stays inside the line', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom('a', '=', '"', '\\', ' ', 'a="x"', 'b='), fc.string())), (pieces) => {
      read(pieces.join(''), ['a', 'b']);
    }), { numRuns: 1000 });
  });
});

it.each([
  ['level=info', true], ['ts=2026 x', true], ['http.status-code=200', true], ['=x', false], ['a line', false], ['', false], ['{"a":1}', false], [`${'x'.repeat(100)}=1`, false],
])('looksLikeLogfmt(%j) is %j', (text, expected) => {
  const bytes = Buffer.from(text);
  expect(looksLikeLogfmt(bytes, 0, bytes.length)).toBe(expected);
});
