import { describe, expect, it, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { defaultPushBodyLimits } from '../../../src/protocols/mod.ts';
import { bodyOf, readBulk } from './read.ts';

const create = { create: { _index: 'logs' } };

async function refusal(body: Buffer | string, options = {}): Promise<string> {
  try {
    await readBulk(Buffer.from(body), options);
  } catch (error) {
    if (isSpoorError(error)) return `${error.code} ${error.status} ${error.message}`;
    throw error;
  }
  throw new Error('taken');
}

describe('actions', () => {
  it('adds the documents of index and create, in their order, and answers update and delete one by one', async () => {
    const { rows, items } = await readBulk(
      bodyOf([
        { index: { _index: 'logs', _id: 'a"b' } }, { message: 'one' },
        { update: { _index: 'logs', _id: '1' } }, { doc: { a: 1 } },
        { delete: { _index: 'logs', _id: 2 } },
        create, { message: 'two' },
      ]),
    );
    expect(rows.map(({ line }) => line)).toEqual(['one', 'two']);
    expect(items.map(({ action, status, _id, error }) => [action, status, _id, error?.type])).toEqual([
      ['index', 201, 'a"b', undefined],
      ['update', 400, '1', 'illegal_argument_exception'],
      ['delete', 400, '2', 'illegal_argument_exception'],
      ['create', 201, expect.stringMatching(/^[\w-]{20}$/), undefined],
    ]);
  });

  it('takes the index of the action, or else that of the URL, or else the default of shippers', async () => {
    const body = bodyOf([create, { message: 'a' }, { index: {} }, { message: 'b' }, '{"index":{"_type":"x","routing":["a"],"_index":"l\\u006fgs2"}}', { message: 'c' }]);
    const named = await readBulk(body, { index: 'path' });
    expect(named.items.map(({ _index }) => _index)).toEqual(['logs', 'path', 'logs2']);
    expect(new Set(named.rows.map(({ labels }) => labels['_index']))).toEqual(new Set(['logs', 'logs2', 'path']));
    const unnamed = await readBulk(body);
    expect(unnamed.items.map(({ _index }) => _index)).toEqual(['logs', 'logs-generic-default', 'logs2']);
    expect(unnamed.rows.find(({ line }) => line === 'b')?.labels).toEqual({});
  });

  it('tells of each item what is wrong with it, and stores the others', async () => {
    const { rows, items } = await readBulk(
      bodyOf([
        create, '[1]', create, '"text"', create, '{"a":', create, '{"a":1} x', create, '', create, '{"a":"\\x"}', create, { message: 'good' }, create, '{"@timestamp":"yesterday","message":"m"}',
        create, { '@timestamp': true }, create, '{"a":01}', create, '{"a":nul}', create, '{"a" 1}', create, '{a:1}', create, '{"a":"b\u0001"}', create, { message: 'also good' }, create,
      ]),
    );
    expect(rows.map(({ line }) => line)).toEqual(['good', 'also good']);
    expect(items.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400, 201, 400, 400, 400, 400, 400, 400, 400, 201, 400]);
    expect(items[2]?.error).toEqual({ type: 'document_parsing_exception', reason: '[1:6] unexpected end of input' });
    expect(items[7]?.error?.reason).toContain("failed to parse field [@timestamp] of type [date]: 'yesterday'");
    expect(items.at(-1)?.error).toEqual({ type: 'parse_exception', reason: 'the document of this action is missing' });
  });

  it('goes on after lines that are no actions', async () => {
    const { rows, items } = await readBulk(
      bodyOf([create, { message: 'one' }, 'no JSON', create, { message: 'two' }, { noop: {} }, { message: 'passed over' }, '{"create":[]}', create, { message: 'three' }, '{"create":{}} {}', { message: 'passed over' }, create, { message: 'four' }, '{"create":']),
    );
    expect(rows.map(({ line }) => line)).toEqual(['one', 'two', 'three', 'four']);
    expect(items.map(({ status }) => status)).toEqual([201, 400, 201, 400, 400, 201, 400, 201, 400]);
    expect(items[3]?.error?.reason).toBe('Malformed action/metadata line [4]: expected field [create], [delete], [index] or [update] but found [noop]');
  });

  it('passes over blank lines between, and takes lines that end as in Windows', async () => {
    const { rows } = await readBulk(Buffer.from('\n  \r\n{"create":{}}\r\n{"message":"a"}\r\n\n{"create":{}}\n {"message":"b"} \n\n'));
    expect(rows.map(({ line }) => line)).toEqual(['a', 'b']);
  });
});

test.each<[string, string, string]>([
  ['nothing', '', 'elastic_bulk 400 request body is required'],
  ['no line end at the end', '{"create":{}}\n{"message":"a"}', 'elastic_bulk 400 The bulk request must be terminated by a newline [\\n]'],
  ['only blanks', ' \n\n', 'elastic_bulk 400 Validation Failed: 1: no requests added;'],
  ['no action at all', 'hello\nworld\n', 'elastic_bulk 400 Malformed action/metadata line [1]: expected START_OBJECT but found [h]'],
  ['a document without an action', '{"message":"a"}\n', 'elastic_bulk 400 Malformed action/metadata line [1]: expected field [create], [delete], [index] or [update] but found [message]'],
])('refuses %s as a whole', async (_, body, wanted) => {
  expect(await refusal(body)).toBe(wanted);
});

it('refuses more documents and streams than a push may hold', async () => {
  const many = bodyOf(Array.from({ length: 40 }, (_, i) => [create, { message: 'a', host: `h${i}` }]).flat());
  expect(await refusal(many, { limits: { ...defaultPushBodyLimits, entriesMax: 20 } })).toContain('push_too_many 413');
  expect(await refusal(many, { limits: { ...defaultPushBodyLimits, streamsMax: 20 } })).toContain('push_too_many 413');
});

it('makes one stream of documents with equal labels, however they are mixed', async () => {
  const { rows, streams } = await readBulk(bodyOf(Array.from({ length: 300 }, (_, i) => [create, { '@timestamp': 1_700_000_000_000 + i, message: String(i), host: { name: `h${i % 3}` } }]).flat()));
  expect(streams).toBe(3);
  expect(rows.filter(({ labels }) => labels['host_name'] === 'h1').map(({ line }) => Number(line))).toEqual(Array.from({ length: 100 }, (_, i) => i * 3 + 1));
});

it('refuses a document that would take too long to read, and stores the others', async () => {
  const { rows, items } = await readBulk(Buffer.concat([bodyOf([create]), Buffer.from('{"message":"'), Buffer.alloc(9_000_000, 0x61), Buffer.from('"}\n'), bodyOf([create, { message: 'short' }])]));
  expect(items.map(({ status }) => status)).toEqual([413, 201]);
  expect(rows.map(({ line }) => line)).toEqual(['short']);
});

it('refuses bodies that are made to need far more memory than they are long', async () => {
  const deep = (i: number): string => `{"message":"m","${'p'.repeat(900)}":{${Array.from({ length: 100 }, (_, key) => `"${i}-${key}":1`).join(',')}}}`;
  expect(await refusal(bodyOf(Array.from({ length: 200 }, (_, i) => [create, deep(i)]).flat()))).toMatch(/^push_too_many 413 .* bytes of field names/);
});
