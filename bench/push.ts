/**
 * Raw megabytes of lines per second of CPU time from the body of a push to its journal record: decompression, decoding, checks, label and level discovery,
 * record encoding. Bodies come from ../shared/bench:
 *
 *     node ../shared/bench/generate.mjs --out /tmp/bench-push --mb 64 --streams 120
 *     node bench/push.ts --data /tmp/bench-push [--rounds 5] [--json]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Distributor } from '../src/distributor/mod.ts';
import { defaultLimits, ManualClock, type Limits } from '../src/model/mod.ts';
import { decodeLokiPush, type LokiPushRequest, type RawBatch } from '../src/protocols/mod.ts';

const options = new Map(process.argv.slice(2).map((argument, i, all) => [argument.replace(/^--/, ''), all[i + 1] ?? '']));
const folder = options.get('data') ?? '/tmp/bench-push';
const rounds = Number(options.get('rounds') ?? 5);

const file = readFileSync(join(folder, 'batches.bin'));
const protobufBodies: Buffer[] = [];
for (let at = 0; at < file.length; ) {
  const length = file.readUInt32LE(at);
  protobufBodies.push(file.subarray(at + 4, at + 4 + length));
  at += 4 + length;
}

/** The same push as JSON. */
function asJson(raw: RawBatch): Buffer {
  const text = (start: number, length: number): string => raw.bytes.toString('utf8', start, start + length);
  const streams = raw.streams.map((stream) => ({
    stream: Object.fromEntries(stream.labels.map((label) => [label.name, label.value])),
    values: Array.from({ length: stream.rows }, (_, i) => {
      const row = stream.firstRow + i;
      const entry: unknown[] = [String(raw.timeNs[row]), text(raw.lineStart[row]!, raw.lineLength[row]!)];
      const metadata: Record<string, string> = {};
      for (let pair = raw.pairStart[row]!; pair < raw.pairStart[row + 1]!; pair++) {
        metadata[text(raw.pairs[pair * 4]!, raw.pairs[pair * 4 + 1]!)] = text(raw.pairs[pair * 4 + 2]!, raw.pairs[pair * 4 + 3]!);
      }
      if (raw.pairStart[row + 1]! > raw.pairStart[row]!) entry.push(metadata);
      return entry;
    }),
  }));
  return Buffer.from(JSON.stringify({ streams }));
}

let rawBytes = 0;
let newest = 0n;
const jsonBodies: Buffer[] = [];
for (const body of protobufBodies) {
  const raw = await decodeLokiPush({ body, contentType: 'application/x-protobuf' });
  for (let row = 0; row < raw.rows; row++) rawBytes += raw.lineLength[row]!;
  if (raw.rows > 0 && raw.timeNs[raw.rows - 1]! > newest) newest = raw.timeNs[raw.rows - 1]!;
  jsonBodies.push(asJson(raw));
}
const gzipBodies = jsonBodies.map((body) => gzipSync(body, { level: 1 }));
if (gunzipSync(gzipBodies[0]!).length !== jsonBodies[0]!.length) throw new Error('gzip');

const unlimited: Partial<Limits> = {
  ingestion_rate_mb: 1e6, ingestion_burst_size_mb: 1e6, per_stream_rate_limit: 2 ** 40, per_stream_rate_limit_burst: 2 ** 40, reject_old_samples: true,
};

async function run(name: string, bodies: readonly Buffer[], request: Omit<LokiPushRequest, 'body'>, limits: Partial<Limits> | null): Promise<void> {
  let recordBytes = 0;
  const all: Limits = { ...defaultLimits, ...unlimited, ...limits };
  const distributor = new Distributor({
    journal: {
      append: async (_, data) => {
        recordBytes += data.length;
        return { position: 1n, duplicate: false };
      },
    },
    partitions: 1,
    applied: { applied: async () => undefined },
    streams: { has: () => true, count: () => 0 },
    gate: { check: () => undefined },
    limits: { forTenant: () => all },
    clock: new ManualClock(newest),
  });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (const body of bodies) {
      const raw = await decodeLokiPush({ ...request, body });
      if (limits === null) continue;
      const outcome = await distributor.push('bench', raw);
      if (outcome.status !== 204) throw outcome.refusal ?? new Error('refused');
    }
    const spent = process.cpuUsage(before);
    best = Math.min(best, (spent.user + spent.system) / 1e6);
  }
  const result = { name, mbPerCpuSecond: Math.round(rawBytes / 1e6 / best), cpuSeconds: Number(best.toFixed(3)), rawMb: Math.round(rawBytes / 1e6), recordMb: Math.round(recordBytes / rounds / 1e6) };
  process.stdout.write(options.has('json') ? `${JSON.stringify(result)}\n` : `${name.padEnd(44)} ${String(result.mbPerCpuSecond).padStart(5)} MB per CPU second\n`);
}

const protobuf = { contentType: 'application/x-protobuf' };
const json = { contentType: 'application/json' };
const off: Partial<Limits> = { discover_service_name: [], discover_log_levels: false };
const wanted = options.get('only') ?? '';
const cases: [string, readonly Buffer[], Omit<LokiPushRequest, 'body'>, Partial<Limits> | null][] = [
  ['protobuf, decoding only', protobufBodies, protobuf, null],
  ['protobuf to record, discovery off', protobufBodies, protobuf, off],
  ['protobuf to record, discovery on', protobufBodies, protobuf, {}],
  ['JSON, decoding only', jsonBodies, json, null],
  ['JSON to record, discovery off', jsonBodies, json, off],
  ['JSON to record, discovery on', jsonBodies, json, {}],
  ['JSON with gzip to record, discovery on', gzipBodies, { ...json, contentEncoding: 'gzip' }, {}],
];
for (const [name, bodies, request, limits] of cases) if (name.includes(wanted)) await run(name, bodies, request, limits);
