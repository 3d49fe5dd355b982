import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayEnd, cutJson, stringEnd, tokenEnd } from '../../../src/chunks/shred/cut-json.ts';
import { holesMax } from '../../../src/chunks/shred/cuts.ts';
import { cutWith } from './cuts.ts';
import { line } from './lines.ts';

const many = (pairs: number): string => `{${Array.from({ length: pairs }, (_, i) => `"k${i}":${i}`).join(',')}}`;

describe('objects', () => {
  test.each([
    ['{}', '{}'],
    [' { \t} \n', ' { \t} \n'],
    ['{"a":"b"}', '{"a":"⟨string:b⟩"}'],
    ['{"a":""}', '{"a":"⟨string:⟩"}'],
    ['{ "a" : 1 , "b":-2.5e+7}', '{ "a" : ⟨token:1⟩ , "b":⟨token:-2.5e+7⟩}'],
    ['{"a":true,"b":false,"c":null}', '{"a":⟨token:true⟩,"b":⟨token:false⟩,"c":⟨token:null⟩}'],
    ['{"a":1,"a":2}', '{"a":⟨token:1⟩,"a":⟨token:2⟩}'],
    [String.raw`{"a":"x\"y\\","b\"":"\u0041"}`, String.raw`{"a":"⟨string:x\"y\\⟩","b\"":"⟨string:\u0041⟩"}`],
    ['{"a":{"b":{"c":"d"},"e":{}}}', '{"a":{"b":{"c":"⟨string:d⟩"},"e":{}}}'],
    ['{"a":[],"b":[1,[2,{"x":"]"}]] }', '{"a":[⟨array:⟩],"b":[⟨array:1,[2,{"x":"]"}]⟩] }'],
    [`{"a":${'9'.repeat(400)}}`, `{"a":⟨token:${'9'.repeat(400)}⟩}`],
    [`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, `${'{"a":'.repeat(33)}⟨token:1⟩${'}'.repeat(33)}`],
    [many(holesMax), many(holesMax).replaceAll(/:(\d+)/g, ':⟨token:$1⟩')],
  ])('%j', (text, cut) => {
    expect(cutWith(cutJson, text)).toBe(cut);
  });

  test('bytes that are no UTF-8', () => {
    expect(cutWith(cutJson, Buffer.from('{"\xff":"\xfe\x00"}', 'latin1'))).toBe('{"\xff":"⟨string:\xfe\x00⟩"}');
  });
});

test.each([
  '', ' ', '{', '}', '{}{}', '{} x', '[]', '"a"', '1', '{"a"}', '{"a":}', '{"a":1,}', '{,}', '{"a":1 "b":2}', '{"a" 1}', '{a:1}', '{"a":tru}', '{"a":truefalse}', '{"a":nulls}', '{"a":+1}', '{"a":.5}',
  '{"a":1', '{"a":"b', '{"a":"b\\"}', '{"a":[1}', '{"a":[1}]', '{"a":[}]}', '{"a":["]}', '{"a":{"b":1}', '{"a":1}]', '{"a":1x}', `${'{"a":'.repeat(34)}1${'}'.repeat(34)}`, many(holesMax + 1),
])('no object, or none without a fault: %j', (text) => {
  expect(cutWith(cutJson, text)).toBe(undefined);
});

test('whatever stands behind the line is not looked at', () => {
  const bytes = Buffer.from('{"a":"b"}');
  expect([stringEnd(bytes, 6, 7), tokenEnd(Buffer.from('12}'), 0, 2), arrayEnd(Buffer.from('[1]'), 0, 2)]).toEqual([-1, -1, -1]);
  expect([stringEnd(bytes, 6, 8), tokenEnd(Buffer.from('12}'), 0, 3), arrayEnd(Buffer.from('[1]'), 0, 3)]).toEqual([7, 2, 2]);
  expect(stringEnd(Buffer.from('a\\"'), 0, 3)).toBe(-1);
});

test('holes rise inside any line', () => {
  fc.assert(
    fc.property(line, (bytes) => {
      cutWith(cutJson, bytes);
    }),
    { numRuns: 3000 },
  );
});
