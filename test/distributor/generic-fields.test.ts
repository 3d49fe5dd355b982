import { expect, test } from 'vitest';
import { genericFieldsOf } from '../../src/distributor/generic-fields.ts';
import { defaultLimits } from '../../src/model/mod.ts';
import { Harness } from './harness.ts';

const fields = (lists: Record<string, string[]>) => ({ discover_service_name: [], discover_log_levels: false, discover_generic_fields: new Map(Object.entries(lists)) });

async function metadataOf(lists: Record<string, string[]>, line: string, metadata: Record<string, string> = {}, labels: Record<string, string> = { app: 'a' }) {
  const harness = new Harness(fields(lists));
  expect((await harness.pushJson({ streams: [{ stream: labels, values: [['1795358000000000000', line, metadata]] }] })).status).toBe(204);
  return { ...harness.stored()[0]!.metadata };
}

test.each<[string, string[], string, Record<string, string>, Record<string, string>, Record<string, string>]>([
  ['a label comes first', ['id', 'app'], 'id=3', { id: '2' }, { id: '1' }, { f: '1', id: '2' }],
  ['of labels the first of the list', ['x', 'app', 'env'], '', {}, { app: 'a', env: 'e' }, { f: 'a' }],
  ['then metadata', ['x', 'id'], 'x=1', { id: '2', x: '3' }, { app: 'a' }, { f: '3', id: '2', x: '3' }],
  ['metadata by its stored name', ['user_id'], '', { 'user.id': '7' }, { app: 'a' }, { f: '7', user_id: '7' }],
  ['logfmt: the first of the list, in any case', ['b', 'a'], 'a=1 B=2 b=3', {}, { app: 'a' }, { f: '2' }],
  ['logfmt with quotes', ['a'], 'x=1 a="two \\"words\\""', {}, { app: 'a' }, { f: 'two "words"' }],
  ['logfmt without a value', ['a'], 'a x=1', {}, { app: 'a' }, {}],
  ['JSON paths', ['none', 'a.b'], '{"a":{"b":"deep"},"none_":1}', {}, { app: 'a' }, { f: 'deep' }],
  ['JSON: numbers as they are written', ['n'], '{"n":1.50}', {}, { app: 'a' }, { f: '1.50' }],
  ['JSON: elements of arrays', ['l[1]'], '{"l":["x","y"]}', {}, { app: 'a' }, { f: 'y' }],
  ['JSON: objects as text', ['o'], '{"o":{"p":1}}', {}, { app: 'a' }, { f: '{"p":1}' }],
  ['names that are no path are no path', ['a b', 'c'], '{"a b":1,"c":2}', {}, { app: 'a' }, { f: '2' }],
  ['nothing found', ['a'], 'plain text', {}, { app: 'a' }, {}],
  ['it replaces metadata of its name', ['app'], '', { f: 'sent' }, { app: 'a' }, { f: 'a' }],
])('%s', async (_, hints, line, metadata, labels, stored) => {
  expect(await metadataOf({ f: hints }, line, metadata, labels)).toEqual(stored);
});

test('several fields look at what was sent only', async () => {
  expect(await metadataOf({ a: ['id'], b: ['a', 'id'] }, '', { id: '1' })).toEqual({ a: '1', b: '1', id: '1' });
});

test('none where metadata are not allowed, or none are asked for', () => {
  expect(genericFieldsOf(defaultLimits)).toBe(null);
  expect(genericFieldsOf({ ...defaultLimits, ...fields({ a: ['b'] }), allow_structured_metadata: false })).toBe(null);
});
