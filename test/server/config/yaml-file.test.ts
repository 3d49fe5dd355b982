import { expect, test } from 'vitest';
import { YamlFile } from '../../../src/server/config/yaml-file.ts';

test('mappings are walked with their paths, values are plain data', () => {
  const file = new YamlFile('a:\n  b: 1\n  c: [x, {d: 2}]\n  e:\n', 'f.yaml');
  const seen: unknown[] = [];
  file.walk(file.root, '', (key, pair, path) => {
    seen.push([key, path, file.place(pair.key, path)]);
    file.walk(pair.value, path, (inner, innerPair, innerPath) => seen.push([inner, innerPath, file.plain(innerPair.value), file.place(innerPair.key, innerPath)]));
  });
  expect(seen).toEqual([
    ['a', 'a', 'f.yaml:1: a'], ['b', 'a.b', 1, 'f.yaml:2: a.b'], ['c', 'a.c', ['x', { d: 2 }], 'f.yaml:3: a.c'], ['e', 'a.e', null, 'f.yaml:4: a.e'],
  ]);
});

test('nothing is an empty mapping', () => {
  for (const text of ['', '# only a comment', '~']) {
    const file = new YamlFile(text, 'f.yaml');
    file.walk(file.root, '', () => expect.unreachable());
  }
});

test('what is no YAML, or no mapping, is told with its place', () => {
  expect(() => new YamlFile('a: 1\nb: [', 'f.yaml')).toThrow(expect.objectContaining({ code: 'bad_config', message: expect.stringContaining('f.yaml:') as string }));
  const file = new YamlFile('a:\n- 1\n', 'f.yaml');
  expect(() => file.walk(file.root, '', (_key, pair, path) => file.walk(pair.value, path, () => undefined))).toThrow('f.yaml:2: a: must be a mapping');
});
