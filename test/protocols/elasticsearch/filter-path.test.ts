import { expect, it, test } from 'vitest';
import { decodeBulk, filtered, FilterPath, runInSlices, writeBulkAnswer } from '../../../src/protocols/mod.ts';
import { bodyOf, bulkOptions } from './read.ts';

test.each<[string, string[], boolean]>([
  ['', ['a'], true],
  ['a', ['a', 'b'], true],
  ['a.b', ['a'], false],
  ['a.b', ['a', 'b', 'c'], true],
  ['items.*.status', ['items', 'create', 'status'], true],
  ['items.*.status', ['items', 'create', 'error', 'type'], false],
  ['**.type', ['items', 'create', 'error', 'type'], true],
  ['items.**.type', ['items', 'type'], true],
  ['it*s.cr*te._i*', ['items', 'create', '_id'], true],
  ['it*s', ['its'], true],
  ['it*ts', ['its'], false],
  ['-took', ['took'], false],
  ['-took', ['errors'], true],
  ['items,-items.*._id', ['items', 'index', '_id'], false],
  ['items,-items.*._id', ['items', 'index', 'status'], true],
])('%s and %j: %s', (text, path, wanted) => expect(new FilterPath(text).keeps(path)).toBe(wanted));

it('leaves out of a small answer what is not wanted, and what then is empty', () => {
  const answer = { version: { number: '8', flavor: 'x' }, nodes: [{ a: 1, b: {} }, { b: 2 }], tagline: 't' };
  expect(filtered(answer, new FilterPath(''))).toBe(answer);
  expect(filtered(answer, new FilterPath('version.number,nodes.a'))).toEqual({ version: { number: '8' }, nodes: [{ a: 1 }] });
  expect(filtered(answer, new FilterPath('nothing'))).toEqual({});
});

const body = bodyOf([{ create: { _index: 'l"ogs' } }, { message: 'a' }, { index: { _id: 'x' } }, '[]', { delete: { _id: 'x' } }]);
const error = { type: 'document_parsing_exception', reason: '[1:1] a document must be a JSON object' };

test.each<[string, unknown]>([
  ['errors', { errors: true }],
  ['took,errors,items.*.status', { errors: true, took: 7, items: [{ create: { status: 201 } }, { index: { status: 400 } }, { delete: { status: 400 } }] }],
  // As Filebeat and Logstash ask.
  ['errors,items.*.error,items.*.status', { errors: true, items: [{ create: { status: 201 } }, { index: { status: 400, error } }, { delete: { status: 400, error: expect.anything() as unknown } }] }],
  ['items.index.error.reason', { items: [{ index: { error: { reason: error.reason } } }] }],
  ['items.create._shards.total,items.*._index', { items: [{ create: { _index: 'l"ogs', _shards: { total: 1 } } }, { index: { _index: 'logs-generic-default' } }, { delete: { _index: 'logs-generic-default' } }] }],
  ['-items,-took', { errors: true }],
  ['nothing', {}],
])('answers a bulk request with %s only', async (filter, wanted) => {
  const request = await runInSlices(decodeBulk(body, bulkOptions()));
  const answer = await runInSlices(writeBulkAnswer(request, 7, new FilterPath(filter)));
  expect(JSON.parse(answer.body.toString())).toEqual(wanted);
  request.release();
});

it('answers with all that Elasticsearch does where nothing is said', async () => {
  const request = await runInSlices(decodeBulk(body, bulkOptions()));
  const answer = JSON.parse((await runInSlices(writeBulkAnswer(request, 7, new FilterPath('')))).body.toString()) as { items: object[] };
  expect(answer.items[0]).toEqual({
    create: { _index: 'l"ogs', _id: expect.stringMatching(/^.{20}$/) as string, _version: 1, result: 'created', _shards: { total: 1, successful: 1, failed: 0 }, _seq_no: 0, _primary_term: 1, status: 201 },
  });
  expect(answer.items[1]).toEqual({ index: { _index: 'logs-generic-default', _id: 'x', status: 400, error } });
});
