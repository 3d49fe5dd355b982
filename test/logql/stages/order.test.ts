import { expect, test } from 'vitest';
import { inRunOrder } from '../../../src/logql/stages/order.ts';
import { formatStage, parseQuery } from '../../../src/logql/syntax/mod.ts';

test.each([
  ['| json |= "a"', '|= "a" | json'],
  ['| decolorize |= "a" | drop x |~ "b"', '|= "a" |~ "b" | decolorize | drop x'],
  ['| json | a="b" |= "c" | logfmt |= "d"', '| json | a="b" |= "c" |= "d" | logfmt'],
  ['| line_format "x" |= "a" | unpack |= "b" | keep y |= "c"', '| line_format "x" |= "a" | unpack |= "b" |= "c" | keep y'],
  ['| json', '| json'],
])('%s', (stages, want) => {
  const query = parseQuery(`{a="b"} ${stages}`);
  if (query.kind !== 'log_query') throw new Error('no log query');
  expect(inRunOrder(query.stages).map(formatStage).join(' ')).toBe(want);
});
