import { expect, test } from 'vitest';
import { mediaTypeOf } from '../../../src/protocols/loki/media-type.ts';

test.each([
  ['application/json', 'application/json'], ['Application/JSON', 'application/json'], [' application/json ; charset=utf-8', 'application/json'], ['application/json;charset="a b"; q=1;', 'application/json'], ['x', 'x'],
])('media type %s', (header, wanted) => {
  expect(mediaTypeOf(header)).toBe(wanted);
});

test.each([
  [undefined, 'mime: no media type'], ['', 'mime: no media type'], [';;', 'mime: no media type'], ['a/', 'mime: expected token after slash'], ['a b', 'mime: expected slash after first token'],
  ['a/b c', 'mime: unexpected content after media subtype'], ['a/b; charset', 'mime: invalid media parameter'], ['a/b; =x', 'mime: invalid media parameter'],
])('media type %s is refused', (header, message) => {
  expect(() => mediaTypeOf(header)).toThrow(message);
});
