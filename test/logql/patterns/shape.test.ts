import { expect, it } from 'vitest';
import { fieldPlaces, wordSign } from '../../../src/logql/patterns/shape.ts';

it.each([
  ['@ @ @', 'mmm'],
  ['level=@ msg="@ @" path=/@/@ x=@,@ @', 'mmmfffmm'],
  ['{"level":"@","path":"/@","Msg":"@ @","ok":@,"a":["@","@"]}', 'mfmmffm'],
  ['{"path": "@", "message": "@"}', 'fm'],
  ['a=b=@ @', 'fm'],
  ['= @ "": @', 'mm'],
])('fieldPlaces(%j)', (shape, roles) => {
  expect(fieldPlaces(shape.replaceAll('@', wordSign)).map((is) => (is ? 'f' : 'm')).join('')).toBe(roles);
});
