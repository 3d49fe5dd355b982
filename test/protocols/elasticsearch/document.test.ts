import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { bodyOf, readBulk, type Options } from './read.ts';

const create = { create: { _index: 'logs' } };

async function one(document: string | object, options: Options = {}, action: object = create): ReturnType<typeof rowOf> {
  return rowOf(document, options, action);
}
async function rowOf(document: string | object, options: Options, action: object) {
  const { rows, items } = await readBulk(bodyOf([action, document]), options);
  if (rows.length !== 1) throw new Error(JSON.stringify(items));
  return rows[0]!;
}

describe('line', () => {
  test.each<[object | string, string]>([
    [{ message: 'text', a: 1 }, 'text'],
    [{ message: 'a "quoted" \\ back\nslash \u{1F680} é' }, 'a "quoted" \\ back\nslash \u{1F680} é'],
    ['{"message":"\\u00e9\\ud83d\\ude80\\/\\b\\f\\n\\r\\t"}', 'é\u{1F680}/\b\f\n\r\t'],
    ['{"message":"half \\ud83d pair \\ude80"}', 'half \uFFFD pair \uFFFD'],
    [{ message: 42 }, '42'],
    [{ message: false }, 'false'],
    [{ log: 'from docker' }, 'from docker'],
    [{ message: '', log: 'not empty' }, 'not empty'],
    [{ message: '' }, ''],
    [{ log: { file: { path: '/x' } }, msg: 'bunyan' }, 'bunyan'],
    [{ a: 1 }, '{"a":1}'],
    [{ message: null, a: 1 }, '{"message":null,"a":1}'],
    [{ message: ['a'], b: 1 }, '{"message":["a"],"b":1}'],
    ['  { "a" : "x\\u0041" }  ', '{ "a" : "x\\u0041" }'],
    ['{}', '{}'],
  ])('of %j is %j', async (document, line) => {
    expect((await one(document)).line).toBe(line);
  });

  it('keeps the candidates that were not chosen as metadata', async () => {
    expect((await one({ msg: 'second', message: 'first' })).metadata).toEqual({ msg: 'second' });
  });

  it('is the whole document where there are more fields, or longer ones, than may be, or metadata are not allowed', async () => {
    const document = JSON.stringify({ message: 'm', host: { name: 'h' }, a: 'x', b: 'y', c: 'z' });
    for (const limits of [{ pairsMax: 2 }, { pairBytesMax: 5 }, { pairsMax: 0 }]) {
      const row = await one(document, { document: limits });
      expect(row).toMatchObject({ line: document, metadata: {}, labels: { host_name: 'h' } });
    }
    expect((await one(document, { document: { pairsMax: 3, pairBytesMax: 6 } })).line).toBe('m');
    expect((await one({ message: 'm', ['k'.repeat(2000)]: 1 })).line).toContain('kkk');
  });
});

describe('time', () => {
  test.each<[object, bigint]>([
    [{ '@timestamp': '2026-11-22T14:05:12.504498+01:00', message: 'm' }, 1_795_352_712_504_498_000n],
    [{ '@timestamp': 1_700_000_000_123, message: 'm' }, 1_700_000_000_123_000_000n],
    [{ '@timestamp': '1700000000123', message: 'm' }, 1_700_000_000_123_000_000n],
    [{ '@timestamp': 1_700_000_000.5, message: 'm' }, 1_700_000_000_500_000_000n],
    [{ '@timestamp': '1960-01-01', message: 'm' }, -315_619_200_000_000_000n],
    [{ timestamp: '2026-11-22T14:05:12Z', message: 'm' }, 1_795_356_312_000_000_000n],
    [{ message: 'none' }, 1_800_000_000_000_000_005n],
    [{ '@timestamp': null, message: 'm' }, 1_800_000_000_000_000_005n],
    [{ '@timestamp': '', message: 'm' }, 1_800_000_000_000_000_005n],
  ])('of %j', async (document, timeNs) => {
    const row = await one(document);
    expect(row.timeNs).toBe(timeNs);
    expect(row.metadata).toEqual({});
  });

  it('tells documents of one request apart that have none', async () => {
    const { rows } = await readBulk(bodyOf([create, { message: 'a' }, create, { message: 'a' }]), { document: { nowNanos: 999_999_999 } });
    expect(rows.map(({ timeNs }) => timeNs)).toEqual([1_800_000_000_999_999_999n, 1_800_000_001_000_000_000n]);
  });

  it('keeps the other candidate as metadata', async () => {
    expect((await one({ '@timestamp': 1_700_000_000_123, timestamp: 'whatever', message: 'm' })).metadata).toEqual({ timestamp: 'whatever' });
  });
});

describe('labels', () => {
  test.each<[string, object, object, Record<string, string>, Record<string, string>]>([
    ['ECS', create, { message: 'm', 'service.name': 's', host: { name: 'h', ip: '1' }, kubernetes: { namespace: 'n', pod: { name: 'p', uid: 'u' }, container: { name: 'c' } } }, { _index: 'logs', service_name: 's', host_name: 'h', kubernetes_namespace: 'n', kubernetes_pod_name: 'p', kubernetes_container_name: 'c' }, { 'host.ip': '1', 'kubernetes.pod.uid': 'u' }],
    ['a data stream instead of its index', { create: { _index: 'logs-nginx-default' } }, { message: 'm', data_stream: { type: 'logs', dataset: 'nginx', namespace: 'default' } }, { data_stream_type: 'logs', data_stream_dataset: 'nginx', data_stream_namespace: 'default' }, {}],
    ['an index without its date', { create: { _index: 'logstash-2026.11.22' } }, { message: 'm' }, { _index: 'logstash' }, {}],
    ['numbers and words', create, { message: 'm', app: 7, service: true }, { _index: 'logs', app: '7', service: 'true' }, {}],
    ['not arrays, nulls and empty texts', create, { message: 'm', app: ['a'], service: null, host: '' }, { _index: 'logs' }, { app: '["a"]' }],
    ['the last of a repeated one', create, { message: 'm', app: 'a', 'service.name': 's' }, { _index: 'logs', app: 'a', service_name: 's' }, {}],
  ])('are %s', async (_, action, document, labels, metadata) => {
    expect(await one(document, {}, action)).toMatchObject({ labels, metadata });
  });

  it('are those that are asked for, by other names too; the first that has a value counts, the others are metadata', async () => {
    const options = { fields: { labels: ['a.b=x', 'c=x', 'd-e', '1f'] } };
    expect(await one({ message: 'm', c: 'second', a: { b: 'first' }, 'd-e': 'd', '1f': 'f' }, options)).toMatchObject({ labels: { x: 'first', d_e: 'd', _1f: 'f' }, metadata: { c: 'second' } });
    expect(await one({ message: 'm', a: { b: 'first' }, c: 'second' }, options)).toMatchObject({ labels: { x: 'first' }, metadata: { c: 'second' } });
    expect(await one({ message: 'm', c: 'second' }, options)).toMatchObject({ labels: { x: 'second' }, metadata: {} });
  });

  it('become metadata where they are too many or too long', async () => {
    const document = { message: 'm', service: 's', app: 'a', host: 'h' };
    expect(await one(document, { document: { labelsMax: 2 } })).toMatchObject({ labels: { _index: 'logs', service: 's' }, metadata: { app: 'a', host: 'h' } });
    expect(await one({ message: 'm', app: 'longer' }, { document: { labelBytesMax: 5 } })).toMatchObject({ labels: { _index: 'logs' }, metadata: { app: 'longer' } });
  });
});

describe('metadata', () => {
  it('are all other fields: objects taken apart, arrays as JSON, numbers as they are written, nulls left out', async () => {
    const row = await one('{"message":"m","a":{"b":{"c":1.50,"d":[1,{"e":"\\u0041"}]}},"n":1e3,"t":true,"f":false,"z":null,"e":{},"x.y":"dot","s":"\\"q\\"","empty":""}');
    expect(row.metadata).toEqual({ 'a.b.c': '1.50', 'a.b.d': '[1,{"e":"\\u0041"}]', n: '1e3', t: 'true', f: 'false', 'x.y': 'dot', s: '"q"' });
  });

  it('have a name also where a field has no usable one', async () => {
    expect((await one({ message: 'm', ключ: 'a', '': 'b', '...': 'c' })).metadata).toEqual({ u43a_u43b_u44e_u447: 'a', empty: 'b', u2e_u2e_u2e: 'c' });
  });

  it('leave out what is to be ignored', async () => {
    expect(await one({ message: 'm', a: { b: 1, c: 2 }, 'a.b.d': 3, ab: 4, log: 'kept' }, { fields: { ignored: ['a.b', 'log'] } })).toMatchObject({ line: 'm', metadata: { 'a.c': '2', ab: '4' } });
  });

  it('say the level that ECS documents have', async () => {
    expect((await one({ message: 'm', log: { level: 'WARN' } })).metadata).toEqual({ 'log.level': 'WARN', detected_level: 'WARN' });
    expect((await one({ 'log.level': 'WARN' })).metadata).toEqual({ detected_level: 'WARN' });
    expect((await one({ message: 'm', 'log.level': 'WARN' }, { document: { levels: false } })).metadata).toEqual({ 'log.level': 'WARN' });
  });

  it('keep as JSON what is nested too deep to be taken apart', async () => {
    const deep = `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`;
    const { metadata } = await one(`{"message":"m","d":${deep}}`);
    const [[name, value]] = Object.entries(metadata) as [[string, string]];
    expect(name).toBe(`d${'.a'.repeat(20)}`);
    expect(JSON.parse(value)).toEqual(JSON.parse(`${'{"a":'.repeat(10)}1${'}'.repeat(10)}`));
    const { items } = await readBulk(bodyOf([create, `{"d":${'['.repeat(300)}${']'.repeat(300)}}`]));
    expect(items[0]?.error?.reason).toContain('nested deeper than 256');
  });
});

/** Fields of a document as they should come out, by JSON.parse. */
function flattened(value: unknown, path: string, into: Record<string, string>): Record<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, item] of Object.entries(value)) flattened(item, path === '' ? name : `${path}.${name}`, into);
  } else if (value !== null && value !== '') into[path] = typeof value === 'string' ? value : JSON.stringify(value);
  return into;
}

it('takes any document apart as JSON.parse does, also with rules that have seen others', async () => {
  const key = fc.oneof(fc.stringMatching(/^[a-z]{1,3}$/), fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).map((text) => `k${text}`)).filter((name) => name !== '__proto__' && !name.includes('\uFFFD'));
  const leaf = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 }));
  const document = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { maxKeys: 3 })), { maxKeys: 4 })), { maxKeys: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 5 }), async (documents) => {
      const lines = documents.flatMap((fields) => [create, { line: 'm', ...fields }]);
      const { rows } = await readBulk(bodyOf(lines), { fields: { labels: [], line: ['line'], time: [] } });
      for (const [i, fields] of documents.entries()) {
        // Of a field that comes twice by its path, the last counts, as when it is stored.
        expect(rows[i]?.metadata).toEqual(flattened(fields, '', {}));
        expect(rows[i]?.line).toBe('m');
      }
    }),
    { numRuns: 300 },
  );
});
