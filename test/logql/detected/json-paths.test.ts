import { expect, it } from 'vitest';
import { fieldsOf } from './run.ts';

// The paths that real Loki answered.
it.each<[string, Readonly<Record<string, readonly string[]>>]>([
  ['{"a.b":1,"Ünï":2,"1a":3,"quote\\"key":4}', { _1a: ['1a'], _n_: ['Ünï'], a_b: ['a.b'], quote_key: ['quote"key'] }],
  ['{"o":{"a b":{"c":1}}}', { o_a_b_c: ['o', 'a b', 'c'] }],
  ['{"o":{" ":1}}', { o: ['o', ' '] }],
  ['{"x_extracted":1,"o":{"y_extracted":2,"z":{"w":3}}}', { o_y_extracted: ['o', 'y'], o_z_w: ['o', 'z', 'w'], x_extracted: ['x_extracted'] }],
  ['{"app":1,"o":{"app":2}}', { app_extracted: ['app'], o_app: ['o', 'app'] }],
  ['{"o":{"n":1},"p":{"n_extracted":{"m":2}}}', { o_n_extracted: ['o', 'n'], p_n_extracted_m: ['p', 'n', 'm'] }],
  ['{"a":{"b":1},"a_b":2}', { a_b: ['a', 'b'] }],
  ['{"a_b":2,"a":{"b":1}}', { a_b: ['a_b'] }],
])('paths of %s', (line, paths) => {
  const fields = fieldsOf([{ line, stream: { app: 'shop', o_n: 'x' } }]);
  expect(Object.fromEntries(fields.map(({ label, jsonPath }) => [label, jsonPath]))).toEqual(paths);
});

it('follows the keys from line to line', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `{"k${i}":1,"o":{"k${i}":2,"same":{"x":1}}}`);
  const fields = fieldsOf(lines.map((line) => ({ line })), 100_000);
  expect(fields.length).toBe(40_001);
  for (const { label, jsonPath } of fields) expect(jsonPath?.join('_')).toBe(label);
});
