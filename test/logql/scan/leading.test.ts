import { expect, test } from 'vitest';
import { splitStages } from '../../../src/logql/scan/leading.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';

test.each([
  ['|= "a" | json |= "b"', 2, ['json']],
  ['| decolorize |= "a"', 1, ['decolorize']],
  ['| json | x="y" |= "a" | logfmt |= "b"', 0, ['json', 'label_filter', 'line_filter', 'line_filter', 'logfmt']],
  ['| json |= "a" | line_format "{{.x}}" |= "b"', 1, ['json', 'line_format', 'line_filter']],
  ['| unpack |= "a"', 0, ['unpack', 'line_filter']],
  ['|= "" |~ ".*"', 0, []],
])('%s', (stages, filters, rest) => {
  const query = parseQuery(`{a="b"} ${stages}`);
  const split = splitStages(query.kind === 'log_query' ? query.stages : []);
  expect(split.filters.length).toBe(filters);
  expect(split.rest.map(({ kind }) => kind)).toEqual(rest);
});
