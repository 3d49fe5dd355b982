import { describe, expect, test } from 'vitest';
import { decodeLokiPush, defaultPushBodyLimits, timeUnset, type PushBodyLimits } from '../../../src/protocols/mod.ts';
import { plainOf } from './plain.ts';

const decode = async (text: string, limits: Partial<PushBodyLimits> = {}) =>
  decodeLokiPush({ body: Buffer.from(text), contentType: 'application/json', limits: { ...defaultPushBodyLimits, ...limits } });
const plain = async (text: string) => plainOf(await decode(text));
const entries = async (text: string) => (await plain(`{"streams":[{"labels":"{a=\\"b\\"}","entries":${text}}]}`))[0]!.entries;

describe("the form of Loki's first API", () => {
  test('labels as a string, entries as objects, in any order of keys and any case', async () => {
    const entry = '{"ts":"1970-01-01T00:00:01.5Z","line":"a \\"line\\"\\n","structuredMetadata":{"k":"v\\u0041"},"hash":5}';
    const wanted = [{ labels: [['a', 'b\n'], ['c', 'd']], entries: [{ timeNs: 1_500_000_000n, line: new Uint8Array(Buffer.from('a "line"\n')), metadata: [['k', 'vA']] }] }];
    for (const text of [
      `{"streams":[{"labels":"{c=\\"d\\",a=\\"b\\\\n\\"}","entries":[${entry}]}]}`,
      `{"streams":[{"Entries":[${entry}],"x":[1,{}],"LABELS":"{c=\\"d\\",a=\\"b\\\\n\\"}"}]}`,
    ]) expect(await plain(text)).toMatchObject(wanted);
  });

  test.each<[string, bigint[]]>([
    ['[{"ts":"2026-01-02T03:04:05.123456789+01:00"}]', [1_767_319_445_123_456_789n]],
    ['[{"TS":"1969-12-31T23:59:59Z"}]', [-1_000_000_000n]],
    ['[{"line":"x"},{"ts":null},null,{}]', [timeUnset, timeUnset, timeUnset, timeUnset]],
    ['[{"ts":"0001-01-01T00:00:00Z"}]', [timeUnset]],
    ['[{"ts":"2999-01-01T00:00:00Z"}]', [2n ** 63n - 1n]],
    ['[]', []],
    ['null', []],
  ])('times of %s', async (text, times) => {
    expect((await entries(text)).map(({ timeNs }) => timeNs)).toEqual(times);
  });

  test('the new form comes first where a stream has both, and then the old one is only passed over', async () => {
    expect(await plain('{"streams":[{"labels":5,"entries":{"no":1},"stream":{"n":"1"},"values":[["1","x"]]}]}')).toMatchObject([{ labels: [['n', '1']], entries: [{ timeNs: 1n }] }]);
    expect(await plain('{"streams":[{"labels":"{a=\\"b\\"}","entries":[{"ts":"1970-01-01T00:00:01Z"}],"values":[]}]}')).toMatchObject([{ labels: [], entries: [] }]);
  });

  test('without entries there is nothing to read', async () => {
    expect(await plain('{"streams":[{"labels":{"a":"b"}},{"labels":"{a="}]}')).toMatchObject([{ entries: [] }, { entries: [] }]);
  });

  test.each<[string, string]>([
    ['"labels":{"a":"b"},"entries":[]', 'the labels of a stream must be a string'],
    ['"labels":"{a=b}","entries":[{}]', 'unexpected identifier'],
    ['"labels":"{}","entries":{}', 'the entries of a stream must be an array'],
    ['"labels":"{}","entries":[[]]', 'an entry must be an object'],
    ['"labels":"{}","entries":[{"ts":"yesterday"}]', 'RFC 3339'],
    ['"labels":"{}","entries":[{"ts":1767319445123456789}]', 'RFC 3339'],
    ['"labels":"{}","entries":[{"ts":"1767319445123456789"}]', 'RFC 3339'],
    ['"labels":"{}","entries":[{"ts":"1600-01-01T00:00:00Z"}]', 'must not be before 1677'],
    ['"labels":"{}","entries":[{"line":5}]', 'the line of an entry must be a string'],
    ['"labels":"{}","entries":[{"structuredMetadata":[]}]', 'structured metadata must be an object'],
    ['"labels":"{}","entries":[{"structuredMetadata":{"a":1}}]', 'a value of structured metadata'],
  ])('{%s} is refused', async (stream, reason) => {
    await expect(decode(`{"streams":[{${stream}}]}`)).rejects.toMatchObject({ status: 400, message: expect.stringContaining(reason) as string });
  });

  test('limits hold', async () => {
    const many = `{"streams":[{"labels":"{}","entries":[${Array.from({ length: 2000 }, () => '{"ts":"1970-01-01T00:00:01Z","structuredMetadata":{"a":"b"}}').join(',')}]}]}`;
    await expect(decode(many, { entriesMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.entries_max' } });
    await expect(decode(many, { metadataPairsMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.metadata_pairs_max' } });
    await expect(decode(`{"streams":[{"labels":"{a=\\"${'x'.repeat(2000)}\\"}","entries":[{}]}]}`, { labelsBytesMax: 1000 })).rejects.toMatchObject({ details: { name: 'push.labels_bytes_max' } });
  });
});
