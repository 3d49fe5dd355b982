import { expect, test } from 'vitest';

type Entry = Readonly<Record<string, unknown>>;

const { keyOf, levelOf, narrow } = (await import(new URL('../../ui/entry.js', import.meta.url).href)) as {
  readonly keyOf: (entry: Entry) => string;
  readonly levelOf: (entry: Entry) => string;
  readonly narrow: (query: string, name: string, operator: string, value: string, indexed: boolean) => string;
};

test.each([
  ['{a="b"}', true, '{a="b", x="y"}'],
  ['{a="b"} |= "}"', true, '{a="b", x="y"} |= "}"'],
  ['{}', true, '{x="y"}'],
  ['{ a="b", }', true, '{ a="b",x="y" }'],
  ['{a="}\\"}"} | json', true, '{a="}\\"}", x="y"} | json'],
  ['{a=`}`}', true, '{a=`}`, x="y"}'],
  ['sum(rate({a="b"}[5m]))', true, 'sum(rate({a="b", x="y"}[5m]))'],
  ['{a="b"} |= "z" ', false, '{a="b"} |= "z" | x="y"'],
  ['no selector', true, 'no selector'],
])('narrowing %j (label of the stream: %s)', (query, indexed, narrowed) => expect(narrow(query, 'x', '=', 'y', indexed).replaceAll(/\s+\}/g, '}')).toBe(narrowed.replaceAll(/\s+\}/g, '}')));

test('a value is quoted', () => expect(narrow('{a="b"}', 'x', '!=', 'say "hi" \\', true)).toBe('{a="b", x!="say \\"hi\\" \\\\"}'));

test.each([
  [{ line: '', metadata: { detected_level: 'ERROR' } }, 'error'],
  [{ line: 'level=debug', labels: { level: 'warning' } }, 'warn'],
  [{ line: '{"severity":"Information"}' }, 'info'],
  [{ line: 'ts=1 lvl=warn' }, 'warn'],
  [{ line: '2026-01-01 12:00:00 ERROR [main]' }, 'error'],
  [{ line: 'level=unheard of' }, ''],
  [{ line: 'nothing said', metadata: { detected_level: 'unknown' } }, ''],
  [{ line: 'an error in lower case is no level' }, ''],
])('the level of %j is "%s"', (entry, level) => expect(levelOf(entry)).toBe(level));

test('entries are the same where time, labels and line are', () => {
  const entry = { ns: 1n, labels: { a: 'b' }, line: 'x' };
  expect(keyOf(entry)).toBe(keyOf({ ...entry, metadata: {} }));
  for (const other of [{ ...entry, ns: 2n }, { ...entry, labels: {} }, { ...entry, line: 'y' }]) expect(keyOf(other)).not.toBe(keyOf(entry));
});
