import { expect, it } from 'vitest';
import { valuesOf } from './run.ts';

it('lists the values of a field in JSON, logfmt, metadata and what the query parsed', () => {
  const rows = [{ line: '{"v":"a"}' }, { line: 'v=b' }, { line: 'x', metadata: { v: 'c' } }, { line: 'x', parsed: { v: 'd' } }, { line: 'v=a' }];
  expect(valuesOf('v', rows)).toEqual(['a', 'b', 'c', 'd']);
});

it('lists sizes in one form, but not those of metadata', () => {
  expect(valuesOf('size', [{ line: 'size=1024kib' }, { line: 'size="1048576 b"' }, { line: 'x', metadata: { size: '1024kib' } }])).toEqual(['1.0MB', '1024kib']);
});

it('looks at no more rows once there are enough', () => {
  const rows = Array.from({ length: 2000 }, (_, i) => ({ line: `v=${i}` }));
  expect(valuesOf('v', rows, 2)).toEqual(['0', '1']);
  expect(valuesOf('v', [{ line: 'v=1', metadata: { v: '0' } }, { line: 'v=2' }], 1)).toEqual(['0', '1']);
});

it('knows neither index labels nor errors', () => {
  expect(valuesOf('app', [{ line: '{"app":"other"}', stream: { app: 'shop' } }])).toEqual([]);
  expect(valuesOf('app_extracted', [{ line: '{"app":"other"}', stream: { app: 'shop' } }])).toEqual(['other']);
  expect(valuesOf('__error__', [{ line: '{"__error__":"x"}', parsed: { __error__: 'JSONParserErr' } }])).toEqual([]);
});
