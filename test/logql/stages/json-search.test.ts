import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonPathReader } from '../../../src/logql/mod.ts';

function find(line: string, path: string): string | null {
  const bytes = Buffer.from(`<${line}>`);
  const reader = new JsonPathReader(path);
  return reader.find(bytes, 1, bytes.length - 1) ? bytes.toString('utf8', reader.start, reader.end) : null;
}

test.each<[string, string, string | null]>([
  ['{"a":"b"}', 'a', 'b'],
  [' { "a" : { "b" : 1.50 } } ', 'a.b', '1.50'],
  ['{"a":[1,{"b":"c"}]}', 'a[1].b', 'c'],
  ['{"a b":true}', '["a b"]', 'true'],
  ['{"a":{"b":1}}', 'a', '{"b":1}'],
  ['{"a":null}', 'a', 'null'],
  ['{"x":{"a":1},"a":2}', 'a', '2'],
  ['{"a":"q\\"q"}', 'a', 'q\\"q'],
  ['{"\\u0061":"escaped"}', 'a', 'escaped'],
  ['{"b":1}', 'a', null],
  ['{"a":[1]}', 'a[3]', null],
  ['{"a":tru}', 'a', null],
  ['{"a"', 'a', null],
  ['', 'a', null],
])('%s at %s: %s', (line, path, value) => {
  expect(find(line, path)).toBe(value);
});

test('a path that is none is refused', () => {
  expect(() => new JsonPathReader('a b')).toThrow('syntax error');
});

test('any string in any object is found where it stands', () => {
  const key = fc.stringMatching(/^[a-z_]{1,6}$/);
  fc.assert(fc.property(fc.dictionary(key, fc.json({ maxDepth: 2 })), key, fc.string(), (others, name, value) => {
    const entries = Object.entries(others).filter(([other]) => other !== name).map(([other, json]) => `${JSON.stringify(other)}:${json}`);
    const quoted = JSON.stringify(value);
    expect(find(`{${[...entries, `${JSON.stringify(name)}:${quoted}`].join(',')}}`, name)).toBe(quoted.slice(1, -1));
  }));
});
