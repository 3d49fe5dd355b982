import { describe, expect, it } from 'vitest';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { resourceAttributes, severityNumber } from '../../../../agent/ship/otlp/attributes.ts';
import { OtlpEncoder } from '../../../../agent/ship/otlp/encode.ts';
import { partialSuccess } from '../../../../agent/ship/otlp/sender.ts';
import { batchOf, stream } from '../../buffer/batches.ts';

type Field = readonly [number, Buffer | bigint];

/** The fields of a protobuf message; written for the tests. */
function fields(bytes: Buffer): Field[] {
  const result: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) result.push([tag >> 3, varint()]);
    else if ((tag & 7) === 1) {
      result.push([tag >> 3, bytes.readBigUInt64LE(at)]);
      at += 8;
    } else {
      const length = Number(varint());
      result.push([tag >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return result;
}

const all = (message: Buffer, number: number): Buffer[] => fields(message).flatMap(([field, value]) => (field === number && typeof value !== 'bigint' ? [value] : []));
const one = (message: Buffer, number: number): Buffer => all(message, number)[0] ?? Buffer.alloc(0);
const attributes = (message: Buffer, number: number): Record<string, string> => Object.fromEntries(all(message, number).map((pair) => [one(pair, 1).toString(), one(one(pair, 2), 1).toString()]));

function decode(message: Buffer) {
  return all(message, 1).flatMap((resourceLogs) => all(one(resourceLogs, 2), 2).map((record) => ({
    resource: attributes(one(resourceLogs, 1), 1), scope: one(one(one(resourceLogs, 2), 1), 1).toString(),
    time: fields(record).find(([field]) => field === 1)?.[1], severity: Number(fields(record).find(([field]) => field === 2)?.[1] ?? 0), text: one(record, 3).toString(),
    body: one(one(record, 5), 1).toString(), attributes: attributes(record, 6), trace: one(record, 9).toString('hex'), span: one(record, 10).toString('hex'),
  })));
}

describe('OTLP logs', () => {
  it('hold resource, severity, trace and attributes by their names, grouped by stream', () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const web = stream({ app: 'web', namespace: 'shop', pod: 'web-1', container: 'main', stream: 'stderr', cluster: 'c', team: 'x' });
    const db = stream({ app: 'db', level: 'warn' });
    const batch = batchOf([
      { line: 'one', stream: web, seconds: 1_795_132_800, nanos: 123, metadata: { level: 'error', span_id: '00f067aa0ba902b7', trace_id: trace, user: 'ünf' } },
      { line: 'two', stream: db },
      { line: Buffer.from([0x66, 0xff]), stream: web, metadata: { trace_id: 'no hex', span_id: '0'.repeat(16) } },
      { line: 'x'.repeat(300_000), stream: web },
    ]);
    const encoder = new OtlpEncoder();
    const resource = { 'service.name': 'web', 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'web-1', 'k8s.container.name': 'main', 'k8s.cluster.name': 'c', team: 'x' };
    const records = decode(encoder.encode(batch, allRows(4)));
    expect(records.map(({ body }) => body)).toEqual(['one', 'f\u{fffd}', 'x'.repeat(300_000), 'two']);
    expect(records[0]).toEqual({
      resource, scope: 'spoor-agent', time: 1_795_132_800_000_000_123n, severity: 17, text: 'error', body: 'one', attributes: { user: 'ünf', 'log.iostream': 'stderr' }, trace, span: '00f067aa0ba902b7',
    });
    expect(records[1]).toMatchObject({ resource, severity: 0, trace: '', span: '', attributes: { trace_id: 'no hex', span_id: '0'.repeat(16) } });
    expect(records[3]).toMatchObject({ resource: { 'service.name': 'db', level: 'warn' }, severity: 13, text: 'warn', time: 1_001_000_000_001n });
    expect(decode(encoder.encode(batch, Uint32Array.of(1))).map(({ body }) => body)).toEqual(['two']);
  });

  it('keep the name of a label whose other name is taken', () => {
    expect(resourceAttributes([{ name: 'app', value: 'a' }, { name: 'service_name', value: 's' }])).toEqual([{ name: 'service.name', value: 's' }, { name: 'app', value: 'a' }]);
  });

  it.each([['trace', 1], ['DEBUG', 5], ['Info', 9], ['warning', 13], ['err', 17], ['critical', 18], ['fatal', 21], ['what', 0]])('severity of %s is %i', (level, number) => {
    expect(severityNumber(level)).toBe(number);
  });

  it('reads how many records an answer refused', () => {
    expect(partialSuccess(Buffer.from([]))).toBeUndefined();
    expect(partialSuccess(Buffer.from([0x0a, 0x00]))).toBeUndefined();
    expect(partialSuccess(Buffer.from([0x0a, 0x06, 0x08, 0x05, 0x12, 0x02, 0x6e, 0x6f]))).toEqual({ count: 5, reason: 'no' });
    for (let length = 0; length < 8; length++) partialSuccess(Buffer.from([0x0a, 0x06, 0x08, 0x05, 0x12, 0x02, 0x6e, 0x6f]).subarray(0, length));
  });
});
