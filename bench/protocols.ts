/**
 * What each way in costs: raw megabytes of lines per second of CPU time, from the body of a request to its journal records (decompression, decoding, checks, label and level
 * discovery, record encoding), with the corpus of ../shared/bench:
 *
 *     node bench/protocols.ts [--mb 48] [--rounds 5] [--only loki] [--write]
 *
 * --write puts the table into docs/performance.md, and keeps the figures in bench/last-protocols.json, from which bench/run.ts takes them when it writes that page anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Distributor, type IngestProtocol } from '../src/distributor/mod.ts';
import { defaultLimits, ManualClock, type Limits } from '../src/model/mod.ts';
import { decodeLokiPush, decodeOtlp, defaultPushBodyLimits, OtlpMapping, type OtlpRequest, type RawBatch } from '../src/protocols/mod.ts';
import { prepareCorpus, root } from './corpus.ts';
import { bulkBody, decodeBulkBody, decodeSyslogBody, syslogBody } from './elastic-syslog.ts';
import { commit, loadAverage } from './machine.ts';
import { otlpJson, otlpProtobuf } from './otlp.ts';
import { protocolsText, withProtocols, type ProtocolResult, type ProtocolsResult } from './protocols-page.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: path.resolve(root, '../shared/bench') },
    mb: { type: 'string', default: '48' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);

const limits: Limits = { ...defaultLimits, ingestion_rate_mb: 1e6, ingestion_burst_size_mb: 1e6, per_stream_rate_limit: 2 ** 40, per_stream_rate_limit_burst: 2 ** 40 };
// The default configuration has no expressions.
const mapping = new OtlpMapping(limits.otlp_config, limits.discover_service_name, () => () => false);

/** A way in: bodies as clients send them, made of the pushes of the corpus, and what decodes them. */
interface Protocol {
  readonly name: string;
  readonly protocol: IngestProtocol;
  readonly bodies: () => readonly Buffer[];
  readonly decode: (body: Buffer) => Promise<RawBatch>;
}

const corpus = prepareCorpus(options.shared, Number(options.mb), 60);
const pushes = readPushes(path.join(corpus.folder, 'batches.bin'));
const decoded = await Promise.all(pushes.map((body) => decodeLokiPush({ body, contentType: 'application/x-protobuf' })));
const rawBytes = decoded.reduce((sum, { lineLength }) => sum + lineLength.reduce((total, length) => total + length, 0), 0);
const newest = decoded.reduce((latest, { timeNs }) => (timeNs.at(-1)! > latest ? timeNs.at(-1)! : latest), 0n);

const otlp = (format: OtlpRequest['format'], contentEncoding: string) => async (body: Buffer): Promise<RawBatch> => {
  const { batch } = await decodeOtlp({ body, format, contentEncoding, limits: defaultPushBodyLimits, mapping, nowNs: newest, backfillShard: '' });
  return batch;
};
const protocols: readonly Protocol[] = [
  { name: 'Loki push, protobuf with snappy', protocol: 'loki', bodies: () => pushes, decode: (body) => decodeLokiPush({ body, contentType: 'application/x-protobuf' }) },
  { name: 'Loki push, JSON', protocol: 'loki', bodies: () => decoded.map(lokiJson), decode: (body) => decodeLokiPush({ body, contentType: 'application/json' }) },
  {
    name: 'Loki push, JSON with gzip', protocol: 'loki', bodies: () => decoded.map((raw) => gzipSync(lokiJson(raw))),
    decode: (body) => decodeLokiPush({ body, contentType: 'application/json', contentEncoding: 'gzip' }),
  },
  { name: 'OpenTelemetry, protobuf', protocol: 'otlp', bodies: () => decoded.map(otlpProtobuf), decode: otlp('protobuf', '') },
  { name: 'OpenTelemetry, protobuf with zstd', protocol: 'otlp', bodies: () => decoded.map((raw) => zstdCompressSync(otlpProtobuf(raw))), decode: otlp('protobuf', 'zstd') },
  { name: 'OpenTelemetry, protobuf with gzip', protocol: 'otlp', bodies: () => decoded.map((raw) => gzipSync(otlpProtobuf(raw))), decode: otlp('protobuf', 'gzip') },
  { name: 'OpenTelemetry, JSON', protocol: 'otlp', bodies: () => decoded.map(otlpJson), decode: otlp('json', '') },
  { name: 'Elasticsearch _bulk', protocol: 'elasticsearch', bodies: () => decoded.map(bulkBody), decode: decodeBulkBody(newest, '') },
  { name: 'Elasticsearch _bulk with gzip', protocol: 'elasticsearch', bodies: () => decoded.map((raw) => gzipSync(bulkBody(raw))), decode: decodeBulkBody(newest, 'gzip') },
  { name: 'syslog, RFC 5424', protocol: 'syslog', bodies: () => decoded.map(syslogBody), decode: decodeSyslogBody(newest) },
];

function readPushes(file: string): readonly Buffer[] {
  const bytes = readFileSync(file);
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    found.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

/** A push as Loki's JSON. */
function lokiJson(raw: RawBatch): Buffer {
  const text = (start: number, length: number): string => raw.bytes.toString('utf8', start, start + length);
  const streams = raw.streams.map((stream) => ({
    stream: Object.fromEntries(stream.labels.map((label) => [label.name, label.value])),
    values: Array.from({ length: stream.rows }, (_, i) => {
      const row = stream.firstRow + i;
      const metadata: Record<string, string> = {};
      for (let at = raw.pairStart[row]! * 4; at < raw.pairStart[row + 1]! * 4; at += 4) metadata[text(raw.pairs[at]!, raw.pairs[at + 1]!)] = text(raw.pairs[at + 2]!, raw.pairs[at + 3]!);
      return [String(raw.timeNs[row]), text(raw.lineStart[row]!, raw.lineLength[row]!), metadata];
    }),
  }));
  return Buffer.from(JSON.stringify({ streams }));
}

async function measure({ name, protocol, bodies: make, decode }: Protocol): Promise<ProtocolResult> {
  const bodies = make();
  let recordBytes = 0;
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
    limits: { forTenant: () => limits },
    clock: new ManualClock(newest),
  });
  let best = Number.POSITIVE_INFINITY;
  let decoding = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (const body of bodies) (await decode(body)).release();
    const middle = process.cpuUsage();
    for (const body of bodies) {
      const outcome = await distributor.push('bench', await decode(body), { protocol });
      if (outcome.refusal !== null) throw outcome.refusal;
    }
    const spent = process.cpuUsage(middle);
    best = Math.min(best, (spent.user + spent.system) / 1e6);
    decoding = Math.min(decoding, (middle.user - start.user + middle.system - start.system) / 1e6);
  }
  return {
    name,
    mbPerCpuSecond: rawBytes / 1e6 / best,
    decodingMBPerCpuSecond: rawBytes / 1e6 / decoding,
    bodyMB: bodies.reduce((sum, { length }) => sum + length, 0) / 1e6,
    recordMB: recordBytes / rounds / 1e6,
  };
}

const measured: ProtocolResult[] = [];
for (const protocol of protocols) {
  if (!protocol.name.toLowerCase().includes(options.only.toLowerCase())) continue;
  const result = await measure(protocol);
  measured.push(result);
  process.stderr.write(`${result.name.padEnd(40)} ${result.mbPerCpuSecond.toFixed(0).padStart(5)} MB per CPU second (decoding alone ${result.decodingMBPerCpuSecond.toFixed(0)}), load average ${loadAverage()}\n`);
}
const result: ProtocolsResult = { date: new Date().toISOString().slice(0, 10), commit: commit(root), rawMB: rawBytes / 1e6, protocols: measured };
process.stdout.write(`${protocolsText(result)}\n`);
if (options.write) {
  writeFileSync(path.join(import.meta.dirname, 'last-protocols.json'), `${JSON.stringify(result, null, 1)}\n`);
  const page = path.join(root, 'docs/performance.md');
  writeFileSync(page, withProtocols(readFileSync(page, 'utf8'), result));
}
