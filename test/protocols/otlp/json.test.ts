import { describe, expect, it, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { exportRequest } from '../../support/otlp.ts';
import { nowNs, plain, type Plain } from './plain.ts';

const time = 1_795_358_000_123_456_789n;
const json = (text: string): Promise<Plain> => plain(Buffer.from(text), { format: 'json' });
const record = (fields: string): Promise<Plain> => json(`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}]},"scopeLogs":[{"logRecords":[{${fields}}]}]}]}`);

async function failure(text: string): Promise<string> {
  const error: unknown = await record(text).then(
    () => new Error('it was read'),
    (reason: unknown) => reason,
  );
  if (!isSpoorError(error)) throw error;
  return `${error.code}: ${error.message}`;
}

test('the JSON form is read as the protobuf one', async () => {
  const attributes = '[{"key":"s","value":{"stringValue":"é\\n\\u00e9"}},{"key":"i","value":{"intValue":"-5"}},{"key":"d","value":{"doubleValue":0.5}},{"key":"b","value":{"boolValue":true}},{"key":"y","value":{"bytesValue":"AQID"}},{"key":"n","value":{}},{"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"},{}]}}},{"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"intValue":1}}]}}}]';
  const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"${time}","observedTimeUnixNano":${time},"severityNumber":9,"severityText":"INFO","body":{"stringValue":"line"},"attributes":${attributes},"droppedAttributesCount":1,"flags":1,"traceId":"4BF92F3577B34DA6A3CE929D0E0E4736","spanId":"00f067aa0ba902b7","eventName":"e"}],"scope":{"name":"lib","version":"1","attributes":[{"key":"sa","value":{"stringValue":"v"}}],"droppedAttributesCount":2},"schemaUrl":"u"}],"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}],"droppedAttributesCount":3}}]}`;
  const protobuf = exportRequest([
    {
      resource: [['service.name', 'svc']],
      scopes: [
        {
          name: 'lib', version: '1', attributes: [['sa', 'v']], dropped: 2,
          records: [
            {
              time, observed: time, severity: 9, severityText: 'INFO', body: 'line', dropped: 1, flags: 1, traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', eventName: 'e',
              attributes: [['s', 'é\né'], ['i', -5], ['d', 0.5], ['b', true], ['y', new Uint8Array([1, 2, 3])], ['n', undefined], ['a', ['x', undefined]], ['m', new Map([['k', 1]])]],
            },
          ],
        },
      ],
    },
  ]);
  const read = await json(text);
  expect(read).toEqual(await plain(protobuf));
  expect(read.rows).toHaveLength(1);
  // Keys in snake_case are the same.
  expect(await json(text.replaceAll(/"([a-z]+[A-Z][A-Za-z]*)":/g, (_, key: string) => `"${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}":`))).toEqual(read);
});

describe('what is let pass', () => {
  it.each<[string, string, string]>([
    ['a severity by its name', '"severityNumber":"SEVERITY_NUMBER_WARN2"', 'severity_number=14'],
    ['a severity by a name that is none', '"severityNumber":"LOUD"', ''],
    ['a severity as text of a number', '"severityNumber":"9"', 'severity_number=9'],
    ['null for anything', '"severityNumber":null,"severityText":null,"attributes":null,"traceId":null,"flags":null,"timeUnixNano":null,"droppedAttributesCount":null', ''],
    ['empty ids', '"traceId":"","spanId":""', ''],
    ['unknown keys', '"more":{"a":[1,{"b":null}]},"attributes":[{"key":"k","value":{"stringValue":"v","else":1},"x":2}]', 'k=v'],
    ['a key without a value, and a value without a key of ours', '"attributes":[{"key":"k"},{"key":"l","value":null}]', 'k=,l='],
    ['numbers of 64 bits as text', '"attributes":[{"key":"k","value":{"intValue":"9223372036854775807"}}]', 'k=9223372036854775807'],
    ['doubles as text', '"attributes":[{"key":"k","value":{"doubleValue":"Infinity"}},{"key":"l","value":{"doubleValue":"1e3"}}]', 'k=json: unsupported value: +Inf,l=1000'],
  ])('%s', async (_, fields, wanted) => {
    const { rows } = await record(fields);
    expect(rows[0]?.metadata.map((pair) => pair.join('=')).join(',')).toBe(wanted);
  });

  it('what follows the document, `null`, and an empty export', async () => {
    expect((await json('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]} and more')).rows).toMatchObject([{ line: '', timeNs: nowNs }]);
    for (const text of ['null', '{}', ' {"resourceLogs":null}', '{"resourceLogs":[null,{}]}', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[]}]}]}']) expect((await json(text)).rows).toEqual([]);
  });
});

describe('what is refused', () => {
  it.each<[string, string, string]>([
    ['a time with a fraction', '"timeUnixNano":1.5', 'a time must be nanoseconds since 1970'],
    ['a negative time', '"timeUnixNano":"-1"', 'a time must be nanoseconds since 1970'],
    ['a time beyond 64 bits', '"timeUnixNano":"18446744073709551616"', 'a time must be nanoseconds since 1970'],
    ['a short id', '"traceId":"4bf92f35"', 'expect an id of 32 hexadecimal digits'],
    ['an id in base64', '"spanId":"APBnqgupArc="', 'expect an id of 16 hexadecimal digits'],
    ['a number where a text should be', '"severityText":1', 'expect a string'],
    ['a text where a list should be', '"attributes":"x"', 'attributes must be an array'],
    ['a list where an object should be', '"body":[]', 'a value must be an object'],
    ['an intValue that 64 bits do not hold', '"body":{"intValue":1e21}', 'expect a whole number of 64 bits'],
    ['an intValue beyond 64 bits', '"body":{"intValue":"9223372036854775808"}', 'expect a whole number of 64 bits'],
    ['a doubleValue that is none', '"body":{"doubleValue":"x"}', 'expect a number, "NaN"'],
    ['a boolValue that is none', '"body":{"boolValue":1}', 'expect false'],
    ['bytes that are no base64', '"body":{"bytesValue":"!"}', 'expect bytes in base64'],
    ['flags beyond 32 bits', '"flags":4294967296', 'expect a whole number of 32 bits'],
    ['half of a surrogate pair', '"body":{"stringValue":"\\ud800"}', 'half of a surrogate pair'],
    ['a raw newline in a text', '"body":{"stringValue":"\n"}', 'invalid control character'],
  ])('%s', async (_, fields, message) => {
    const text = await failure(fields);
    expect(text).toMatch(/^push_json: /);
    expect(text).toContain(message);
  });

  it('deep values', async () => {
    const nested = (depth: number): string => `${'{"arrayValue":{"values":['.repeat(depth)}{"intValue":1}${']}}'.repeat(depth)}`;
    expect((await record(`"body":${nested(64)}`)).rows[0]?.line).toBe(`${'['.repeat(64)}1${']'.repeat(64)}`);
    expect(await failure(`"body":${nested(65)}`)).toMatch(/push_too_many: .*otlp.value_depth_max/);
    expect(await failure(`"unknown":${'['.repeat(300)}${']'.repeat(300)}`)).toMatch(/push.json_depth_max/);
  });

  it.each(['', '[]', '"x"', 'x', '{"resourceLogs":[', '{"resourceLogs":{}}'])('%j', async (text) => {
    await expect(json(text)).rejects.toMatchObject({ code: 'push_json' });
  });
});
