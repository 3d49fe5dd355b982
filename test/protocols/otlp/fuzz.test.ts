import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { expect, test } from 'vitest';
import { defaultOtlpConfig, isSpoorError } from '../../../src/model/mod.ts';
import { decodeOtlp, defaultPushBodyLimits, OtlpMapping, type OtlpRequest } from '../../../src/protocols/mod.ts';
import { snappyFramed } from '../../support/snappy-frames.ts';
import { exportRequest, type OtlpValue } from '../../support/otlp.ts';

/** A small generator of the same numbers every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const nested = new Map<string, OtlpValue>([['b', [1, 'two', undefined]], ['a.b', new Map([['c', 1.5]])]]);
const protobuf = exportRequest([
  {
    resource: [['service.name', 'svc'], ['host.name', 'é"\\'], ['k8s.pod.name', 'pod'], ['map', nested]],
    scopes: [
      {
        name: 'lib', version: '1', attributes: [['x.y', true]], dropped: 2,
        records: [
          { time: 1_795_358_000_123_456_789n, observed: 1n, severity: 17, severityText: 'ERROR', body: 'line', attributes: [['http.method', 'GET'], ['n', -1], ['m', nested]], traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
          { body: nested, flags: 1, spanId: '00f067aa0ba902b7', eventName: 'e', attributes: [['bytes', new Uint8Array([1, 2])]] },
        ],
      },
    ],
  },
  { scopes: [{ records: [{}] }] },
]);
const json = Buffer.from(
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'svc\n\u{1F680}' } }] },
        scopeLogs: [
          {
            scope: { name: 'lib', droppedAttributesCount: 1 },
            logRecords: [
              {
                timeUnixNano: '1795358000123456789', severityNumber: 'SEVERITY_NUMBER_INFO', traceId: '4bf92f3577b34da6a3ce929d0e0e4736', flags: 1,
                body: { kvlistValue: { values: [{ key: 'k', value: { arrayValue: { values: [{ intValue: '1' }, { doubleValue: 0.5 }, { bytesValue: 'AQID' }, { boolValue: true }, {}] } } }] } },
              },
            ],
          },
        ],
      },
    ],
  }),
);

function mutated(body: Buffer, next: (below: number) => number): Buffer {
  const copy = Buffer.from(body);
  const kind = next(6);
  if (kind === 0) return copy.subarray(0, next(copy.length + 1));
  if (kind === 1) return Buffer.from(Array.from({ length: next(300) }, () => next(256)));
  for (let flips = 1 + next(4); flips > 0 && copy.length > 0; flips--) {
    const at = next(copy.length);
    if (kind === 2) copy[at]! ^= 1 << next(8);
    else if (kind === 3) copy[at] = next(256);
    else if (kind === 4) copy.copyWithin(at, next(copy.length), next(copy.length));
    else copy[at] = Buffer.from('{}[]",:\\0123456789nutf-')[next(23)]!;
  }
  return copy;
}

const kinds: readonly (readonly [string, OtlpRequest['format'], string, Buffer])[] = [
  ['protobuf', 'protobuf', '', protobuf],
  ['JSON', 'json', '', json],
  ['gzip', 'protobuf', 'gzip', gzipSync(protobuf)],
  ['zstd', 'json', 'zstd', zstdCompressSync(json)],
  ['lz4', 'protobuf', 'lz4', compressFrameSync(protobuf)],
  ['snappy', 'protobuf', 'snappy', compressSync(protobuf)],
  ['framed snappy', 'json', 'snappy', snappyFramed(json)],
  ['deflate', 'protobuf', 'deflate', protobuf],
];
const mapping = new OtlpMapping(defaultOtlpConfig, ['app'], () => () => false);
/** By hand: SPOOR_FUZZ_BODIES=100000 npx vitest run test/protocols/otlp/fuzz.test.ts. */
const bodies = Number(process.env['SPOOR_FUZZ_BODIES'] ?? 1500);

test.each(kinds)('whatever is done to %s, it is read or refused with a coded 4xx', async (_, format, contentEncoding, sound) => {
  const next = random(sound.length);
  for (let i = 0; i < bodies; i++) {
    const body = mutated(sound, next);
    try {
      const { batch } = await decodeOtlp({ body, format, contentEncoding, limits: defaultPushBodyLimits, mapping, nowNs: 1n, backfillShard: '' });
      for (let row = 0; row < batch.rows; row++) expect(batch.lineStart[row]! + batch.lineLength[row]!).toBeLessThanOrEqual(batch.bytes.length);
      for (let at = 0; at < batch.pairs.length; at += 2) expect(batch.pairs[at]! + batch.pairs[at + 1]!).toBeLessThanOrEqual(batch.bytes.length);
      batch.release();
    } catch (error) {
      if (!isSpoorError(error) || error.status < 400 || error.status >= 500) throw new Error(`body ${i}: ${body.toString('hex').slice(0, 2000)}`, { cause: error });
    }
  }
}, 600_000);
