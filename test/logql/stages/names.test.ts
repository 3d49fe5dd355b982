import { expect, it } from 'vitest';
import { labelName, nestedName } from '../../../src/logql/stages/names.ts';

it.each([
  ['a', 'a'], ['a.b-c/d e', 'a_b_c_d_e'], ['1a', '_1a'], ['_', '_'], ['Ünï', '_n_'], ['🚀', '_'], [' \t a \u00a0', 'a'], ['   ', ''], ['', ''], ['\u0085x\u2028', 'x'], ['\ufeffx', '_x'],
])('%j is the label %j', (key, name) => {
  expect(labelName(key)).toBe(name);
});

it.each([
  ['a', 'b', 'a_b'], ['a', '1', 'a_1'], ['', '1', '_1'], ['a', ' ', 'a'], ['a', ' b.c ', 'a_b_c'], ['', '', ''],
])('%j and in it %j are the label %j', (prefix, key, name) => {
  expect(nestedName(prefix, key)).toBe(name);
});
