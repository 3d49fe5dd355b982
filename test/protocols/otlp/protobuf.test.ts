import { describe, expect, it, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { exportOf, exportRequest, field, fixed64, keyValues, number, text, varint, type OtlpRecord, type OtlpValue } from '../../support/otlp.ts';
import { nowNs, plain, type PlainOptions } from './plain.ts';

const time = 1_795_358_000_123_456_789n;

async function one(record: OtlpRecord, options: PlainOptions = {}): Promise<Awaited<ReturnType<typeof plain>>['rows'][number]> {
  const { rows } = await plain(exportOf('svc', [record]), options);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

async function failure(body: Buffer, options: PlainOptions = {}): Promise<string> {
  const error: unknown = await plain(body, options).then(
    () => new Error('it was read'),
    (reason: unknown) => reason,
  );
  if (!isSpoorError(error)) throw error;
  return `${error.code}: ${error.message}`;
}

test('a record with everything: attributes first, then its fields, the resource, and the scope', async () => {
  const body = exportRequest([
    {
      resource: [['service.name', 'svc'], ['host.name', 'h1'], ['k8s.pod.name', 'pod-1']],
      scopes: [
        {
          name: 'lib',
          version: '1.2',
          attributes: [['scope.a', 'x']],
          dropped: 3,
          records: [
            {
              time, observed: time + 5n, severity: 17, severityText: 'ERROR', body: 'it broke', attributes: [['http.method', 'GET'], ['plain_name', 'p'], ['n', 42]],
              dropped: 2, flags: 257, traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', eventName: 'ev',
            },
          ],
        },
      ],
    },
  ]);
  const { rows, warning, expandedBytes } = await plain(body);
  const metadata = [
    ['http_method', 'GET'], ['plain_name', 'p'], ['n', '42'], ['observed_timestamp', String(time + 5n)], ['severity_number', '17'], ['severity_text', 'ERROR'], ['dropped_attributes_count', '2'],
    ['flags', '257'], ['trace_id', '4bf92f3577b34da6a3ce929d0e0e4736'], ['span_id', '00f067aa0ba902b7'], ['event_name', 'ev'], ['host_name', 'h1'], ['scope_a', 'x'], ['scope_name', 'lib'],
    ['scope_version', '1.2'], ['scope_dropped_attributes_count', '3'],
  ];
  expect(rows).toEqual([{ labels: { service_name: 'svc', k8s_pod_name: 'pod-1' }, timeNs: time, line: 'it broke', metadata }]);
  expect(warning).toBe('');
  expect(expandedBytes).toBe('it broke'.length + metadata.flat().join('').length);
});

describe('times', () => {
  it.each<[string, OtlpRecord, bigint]>([
    ['its own', { time }, time],
    ['the observed one where it has none', { observed: time }, time],
    ['the same for a time of 0', { time: 0n, observed: time }, time],
    ["the server's where it has neither", {}, nowNs],
    ['beyond 63 bits, as Loki reads it', { time: 2n ** 64n - 1n }, -1n],
  ])('%s', async (_, record, wanted) => expect((await one(record)).timeNs).toBe(wanted));

  it('of records without any differ by a nanosecond, so that equal ones stay', async () => {
    const { rows } = await plain(exportOf('svc', [{ body: 'x' }, { body: 'x' }]));
    expect(rows.map(({ timeNs }) => timeNs)).toEqual([nowNs, nowNs + 1n]);
  });

  it('observed are metadata only beside another time', async () => {
    expect((await one({ observed: time })).metadata).toEqual([]);
    for (const observed of [1n, 999_999_999n, 1_000_000_000n, 4_294_967_295n, 4_294_967_296n, time, 2n ** 63n - 1n]) {
      expect((await one({ time, observed })).metadata).toEqual([['observed_timestamp', String(observed)]]);
    }
    expect((await one({ time, observed: 2n ** 64n - 2n })).metadata).toEqual([['observed_timestamp', '-2']]);
  });
});

describe('bodies', () => {
  it.each<[string, OtlpValue, string]>([
    ['none', undefined, ''],
    ['text', 'a "line"\n', 'a "line"\n'],
    ['empty text', '', ''],
    ['whole numbers', 42, '42'],
    ['negative numbers', -7, '-7'],
    ['numbers beyond 2^53', 9_007_199_254_740_993n, '9007199254740993'],
    ['the least number', -(2n ** 63n), '-9223372036854775808'],
    ['doubles', 1.5, '1.5'],
    ['large doubles', 1e21, '1e+21'],
    ['small doubles', 1.5e-7, '1.5e-7'],
    ['not a number', Number.NaN, 'json: unsupported value: NaN'],
    ['infinity', Number.NEGATIVE_INFINITY, 'json: unsupported value: -Inf'],
    ['truth', true, 'true'],
    ['falsehood', false, 'false'],
    ['bytes', new Uint8Array([0, 1, 255]), 'AAH/'],
    ['lists', ['a', 1, true, undefined, [2.5]], '["a",1,true,null,[2.5]]'],
    ['an empty list', [], '[]'],
    ['maps, sorted', new Map<string, OtlpValue>([['z', '<b>&'], ['a', new Map([['n', 1]])], ['"', '\\']]), '{"\\"":"\\\\","a":{"n":1},"z":"<b>&"}'],
    ['an empty map', new Map(), '{}'],
    ['a list with a number that JSON does not have', [1, Number.NaN], ''],
  ])('%s', async (_, body, line) => expect((await one({ body })).line).toBe(line));
});

describe('attributes', () => {
  it('have names that labels can have', async () => {
    const names = ['a.b.c', '1a', '_u', '__d', 'p/q r', 'x..y', 'end.', 'key__two', '__name__', 'naïve', 'UPPER_1'];
    const { metadata } = await one({ attributes: names.map((name) => [name, 'v']) });
    expect(metadata.map(([name]) => name)).toEqual(['a_b_c', 'key_1a', '_u', '_d', 'p_q_r', 'x_y', 'end_', 'key_two', '__name__', 'na_ve', 'UPPER_1']);
  });

  it('of maps are spread, lists are text, and values of no kind are empty', async () => {
    const nested = new Map<string, OtlpValue>([['x.y', 'deep'], ['list', [1, 'two']], ['more', new Map([['k', true]])], ['none', new Map()]]);
    const { metadata } = await one({ attributes: [['top.level', nested], ['arr', ['a']], ['bytes', new Uint8Array([1])], ['nothing', undefined]] });
    expect(metadata).toEqual([['top_level_x_y', 'deep'], ['top_level_list', '[1,"two"]'], ['top_level_more_k', 'true'], ['arr', '["a"]'], ['bytes', 'AQ=='], ['nothing', '']]);
  });

  it('with unusable names are left out, and said so', async () => {
    const { rows, warning } = await plain(exportOf('svc', [{ body: 'kept', attributes: [['ключ', '1'], ['', '2'], ['good', '3'], ['...', new Map([['a', 1]])]] }]));
    expect(rows[0]).toMatchObject({ line: 'kept', metadata: [['good', '3']] });
    expect(warning).toBe('attributes left out, as no label name can be made of theirs (3): "ключ", "", "..."');
  });

  it('named event_name give way to the field', async () => {
    expect((await one({ attributes: [['event_name', 'attribute']], eventName: 'field' })).metadata).toEqual([['event_name', 'field']]);
    expect((await one({ attributes: [['event_name', 'attribute'], ['event.name', 'other']] })).metadata).toEqual([['event_name', 'attribute'], ['event_name', 'other']]);
  });
});

describe('labels', () => {
  const labelsOf = async (resource: readonly (readonly [string, OtlpValue])[], options: PlainOptions = {}): Promise<Readonly<Record<string, string>>> => {
    const { rows } = await plain(exportRequest([{ resource, scopes: [{ records: [{ body: 'x' }] }] }]), options);
    return rows[0]!.labels;
  };

  it('take service_name from what is there', async () => {
    expect(await labelsOf([['k8s.job.name', 'job'], ['container.name', 'c']])).toMatchObject({ service_name: 'c' });
    expect(await labelsOf([['service.name', ''], ['k8s.job.name', 'job']])).toEqual({ service_name: 'job', k8s_job_name: 'job' });
    expect(await labelsOf([])).toEqual({ service_name: 'unknown_service' });
    expect(await labelsOf([], { serviceLabels: [] })).toEqual({});
  });

  it('may hold what is no text, and spread maps', async () => {
    expect(await labelsOf([['service.name', 7], ['k8s.pod.name', new Map([['a', 1]])]])).toEqual({ service_name: '7', k8s_pod_name_a: '1' });
  });

  it('keep records whose values are not UTF-8', async () => {
    const broken = Buffer.from(exportRequest([{ resource: [['service.name', 'Q_Q']], scopes: [{ records: [{ body: 'x' }] }] }]));
    broken[broken.indexOf('Q_Q') + 1] = 0xff;
    expect((await plain(broken)).rows[0]?.labels).toEqual({ service_name: 'Q\ufffdQ' });
  });

  const config = {
    resource_attributes: { ignore_defaults: true, attributes_config: [{ action: 'index_label', attributes: ['team'], regex: '' }, { action: 'drop', attributes: [], regex: 'secret.*' }] },
    scope_attributes: [{ action: 'drop', attributes: ['noisy'], regex: '' }],
    log_attributes: [{ action: 'index_label', attributes: ['tier'], regex: '' }, { action: 'drop', attributes: [], regex: 'drop.*' }],
    severity_text_as_label: true,
  } as const;

  it("follow the tenant's otlp_config", async () => {
    const body = exportRequest([
      {
        resource: [['service.name', 'svc'], ['team', 't'], ['secret.key', 's'], ['asecret', 'a']],
        scopes: [{ attributes: [['noisy', '1'], ['quiet', '2']], records: [{ body: 'x', severityText: 'WARN', attributes: [['tier', 'gold'], ['drop.me', '1'], ['keep', '2']] }, { body: 'y' }, { body: 'z' }] }],
      },
    ]);
    const { rows } = await plain(body, { config, serviceLabels: [] });
    const shared = [['service_name', 'svc'], ['asecret', 'a'], ['quiet', '2']];
    expect(rows).toEqual([
      { labels: { team: 't', tier: 'gold', severity_text: 'WARN' }, timeNs: nowNs, line: 'x', metadata: [['keep', '2'], ['severity_text', 'WARN'], ...shared] },
      { labels: { team: 't' }, timeNs: nowNs + 1n, line: 'y', metadata: shared },
      { labels: { team: 't' }, timeNs: nowNs + 2n, line: 'z', metadata: shared },
    ]);
  });
});

describe('the wire', () => {
  it('takes fields in any order, more than once, and unknown ones', async () => {
    const record = Buffer.concat([number(99, 7), fixed64(1, 1n), field(5, text(1, 'first')), field(5, text(1, 'last')), fixed64(1, time), field(98, Buffer.from('?')), varint(97 * 8 + 5), Buffer.alloc(4)]);
    const scope = field(2, field(2, record), field(1, text(1, 'lib')), text(3, 'schema'));
    const body = field(1, scope, text(3, 'schema'), field(1, ...keyValues(1, [['service.name', 'svc']]), number(2, 4)));
    expect((await plain(body)).rows).toEqual([{ labels: { service_name: 'svc' }, timeNs: time, line: 'last', metadata: [['scope_name', 'lib']] }]);
  });

  it('of nothing, or of resources without records, has no streams', async () => {
    expect((await plain(Buffer.alloc(0))).rows).toEqual([]);
    expect((await plain(exportRequest([{ resource: [['a', 'b']] }, { scopes: [{ records: [] }] }]))).rows).toEqual([]);
  });

  const whole = exportOf('svc', [{ time, body: 'line', attributes: [['a', 'b']], traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }]);

  it('is refused where it is cut, at each place', async () => {
    for (let length = 1; length < whole.length; length++) expect(await failure(whole.subarray(0, length)), String(length)).toMatch(/^push_protobuf: (?:unexpected EOF|proto: )/);
  });

  it.each<[string, Buffer, RegExp]>([
    ['a wrong wire type', number(1, 1), /wrong wireType = 0 for field 1 of ExportLogsServiceRequest/],
    ['wire type 7', Buffer.from([0x7f]), /illegal wireType 7/],
    ['a length of 1 GB', Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x04]), /unexpected EOF/],
    ['a negative length', Buffer.concat([Buffer.from([0x0a]), varint(-1n)]), /negative length/],
    ['field 0', Buffer.from([0x02, 0x00]), /illegal tag 0/],
    ['the end of no group', Buffer.from([0x5c]), /end group/],
    ['a trace id of four bytes', exportOf('s', [{ traceId: '4bf92f35' }]), /invalid length for TraceID/],
    ['a span id of four bytes', exportOf('s', [{ spanId: '4bf92f35' }]), /invalid length for SpanID/],
  ])('refuses %s', async (_, body, message) => expect(await failure(body)).toMatch(message));
});

describe('limits', () => {
  it('holds the depth of values, in bodies and in attributes', async () => {
    const nested = (depth: number): OtlpValue => (depth === 0 ? 'x' : [nested(depth - 1)]);
    const mapped = (depth: number): OtlpValue => (depth === 0 ? 'x' : new Map([['k', mapped(depth - 1)]]));
    await expect(one({ body: nested(64) })).resolves.toMatchObject({ line: `${'['.repeat(64)}"x"${']'.repeat(64)}` });
    await expect(one({ attributes: [['a', mapped(64)]] })).resolves.toMatchObject({ metadata: [[`a${'_k'.repeat(64)}`, 'x']] });
    const message = 'push_too_many: the push holds more than 64 arrays and maps within one another (otlp.value_depth_max); send smaller pushes';
    expect(await failure(exportOf('s', [{ body: nested(65) }]))).toBe(message);
    expect(await failure(exportOf('s', [{ attributes: [['a', mapped(65)]] }]))).toBe(message);
    expect(await failure(exportOf('s', [{ body: mapped(70) }]))).toBe(message);
  });

  it('counts the attributes of resource and scope for each record', async () => {
    const records = Array.from({ length: 200 }, (): OtlpRecord => ({}));
    const body = exportRequest([{ resource: [['service.name', 's'], ['big', 'x'.repeat(1000)]], scopes: [{ records }] }]);
    expect((await plain(body, { limits: { rawBytesMax: 300_000 } })).rows).toHaveLength(200);
    expect(await failure(body, { limits: { rawBytesMax: 100_000 } })).toMatch(/100000 bytes once each record has the attributes of its resource and scope \(push.raw_bytes_max\)/);
    expect(await failure(body, { limits: { metadataPairsMax: 64 } })).toMatch(/64 pairs of structured metadata \(push.metadata_pairs_max\)/);
    const attributes = Array.from({ length: 30 }, (_, i) => [`a${i}`, 'v'] as const);
    const many = exportRequest([{ resource: attributes, scopes: [{ attributes, records: [{}] }] }]);
    expect(await failure(many, { limits: { entryPairsMax: 39 } })).toMatch(/39 pairs of structured metadata in one entry/);
  });

  it('counts attributes of which nothing comes, and holds the length of values that are written as text', async () => {
    const limits = { entryPairsMax: 100 };
    const config = { log_attributes: [{ action: 'drop', attributes: [], regex: '.*' }] } as const;
    const attributes = Array.from({ length: 150 }, (_, i) => [`a${i}`, 'v'] as const);
    const message = /100 attributes of one record, resource or scope \(push.entry_pairs_max\)/;
    expect(await failure(exportOf('s', [{ attributes }]), { limits, config })).toMatch(message);
    expect(await failure(exportRequest([{ resource: attributes, scopes: [] }]), { limits })).toMatch(message);
    expect(await failure(exportOf('s', [{ attributes: [['m', new Map(attributes.map(([key]) => [key, new Map()]))]] }]), { limits })).toMatch(message);
    expect((await plain(exportOf('s', [{ attributes: attributes.slice(0, 100) }]), { limits, config })).rows[0]?.metadata).toEqual([]);
    expect(await failure(exportOf('s', [{ body: new Uint8Array(4 * 2 ** 20 + 1) }]))).toMatch(/4194304 bytes in one value that is no text \(otlp.value_bytes_max\)/);
    expect((await one({ body: 'x'.repeat(5 * 2 ** 20) })).line).toHaveLength(5 * 2 ** 20);
  });

  it('bounds names that grow by being spread', async () => {
    const leaves = new Map<string, OtlpValue>(Array.from({ length: 1000 }, (_, i) => [`leaf${i}`, 'v']));
    const body = exportOf('s', [{ attributes: [['n'.repeat(10_000), leaves]] }]);
    expect(await failure(body, { limits: { rawBytesMax: 1_000_000 } })).toMatch(/bytes once its values are written as text/);
  });

  it('holds streams, labels and entries', async () => {
    const records = Array.from({ length: 40 }, (): OtlpRecord => ({}));
    expect(await failure(exportOf('s', records), { limits: { entriesMax: 30 } })).toMatch(/30 entries \(push.entries_max\)/);
    expect(await failure(exportOf('x'.repeat(2000), [{}]), { limits: { labelsBytesMax: 1000 } })).toMatch(/1000 bytes of labels in one stream/);
    expect(await failure(Buffer.concat([exportOf('a', [{}]), exportOf('b', [{}])]), { limits: { streamsMax: 1 } })).toMatch(/1 streams \(push.streams_max\)/);
  });
});
