/** The corpus as Elasticsearch bulk requests and as syslog over TCP, and what decodes them. */
import { formatRfc3339 } from '../src/model/mod.ts';
import {
  BsdTime, decodeBulk, decodeElasticContent, defaultPushBodyLimits, fieldRules, FilterPath, FrameReader, runInSlices, SyslogBatch, SyslogRules, writeBulkAnswer, Zone, type BulkOptions, type RawBatch,
} from '../src/protocols/mod.ts';

const labelNames = ['service_name', 'namespace', 'cluster', 'pod', 'container', 'app', 'env', 'job', 'host', 'level', 'region', 'instance', 'stream'];
/** As Filebeat and Logstash ask. */
const filter = new FilterPath('errors,items.*.error,items.*.status');

function options(newest: bigint): BulkOptions {
  return {
    rules: fieldRules({ labels: labelNames, line: ['message'], time: ['@timestamp'], ignored: [] }),
    document: { pairsMax: 128, pairBytesMax: 65_536, labelsMax: 15, labelBytesMax: 2048, levels: true, nowSeconds: Number(newest / 1_000_000_000n), nowNanos: 0 },
    limits: defaultPushBodyLimits,
    index: '',
  };
}

/** Entries of a push one by one: time, line, labels and metadata. */
function* entriesOf(raw: RawBatch): Generator<{ readonly time: string; readonly line: string; readonly labels: Record<string, string>; readonly metadata: Record<string, string> }> {
  const text = (start: number, length: number): string => raw.bytes.toString('utf8', start, start + length);
  for (const { labels, firstRow, rows } of raw.streams) {
    for (let row = firstRow; row < firstRow + rows; row++) {
      const metadata: Record<string, string> = {};
      for (let at = raw.pairStart[row]! * 4; at < raw.pairStart[row + 1]! * 4; at += 4) metadata[text(raw.pairs[at]!, raw.pairs[at + 1]!)] = text(raw.pairs[at + 2]!, raw.pairs[at + 3]!);
      yield { time: formatRfc3339(raw.timeNs[row]!), line: text(raw.lineStart[row]!, raw.lineLength[row]!), labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])), metadata };
    }
  }
}

/** A push as `_bulk` has it, in the way of Filebeat: labels and metadata are fields beside the message. */
export function bulkBody(raw: RawBatch): Buffer {
  const lines: string[] = [];
  for (const { time, line, labels, metadata } of entriesOf(raw)) lines.push('{"create":{"_index":"logs-bench-default"}}', JSON.stringify({ '@timestamp': time, message: line, ...labels, ...metadata }));
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Decodes a bulk request, and writes its answer. */
export const decodeBulkBody = (newest: bigint, encoding: string) => async (body: Buffer): Promise<RawBatch> => {
  const request = await runInSlices(decodeBulk(await decodeElasticContent(body, encoding, defaultPushBodyLimits), options(newest)));
  await runInSlices(writeBulkAnswer(request, 1, filter));
  if (request.items.faulty > 0) throw new Error(request.items.fault(0)?.reason);
  return { ...request.batch, release: () => request.release() };
};

/** A push as RFC 5424 with octet counting; metadata are structured data. */
export function syslogBody(raw: RawBatch): Buffer {
  const frames: Buffer[] = [];
  for (const { time, line, labels, metadata } of entriesOf(raw)) {
    const pairs = Object.entries(metadata);
    const data = pairs.length === 0 ? '-' : `[meta@1 ${pairs.map(([name, value]) => `${name}="${value.replaceAll(/["\\\]]/g, '\\$&')}"`).join(' ')}]`;
    const message = Buffer.from(`<14>1 ${time} ${labels['pod'] ?? 'host'} ${labels['service_name'] ?? labels['app'] ?? 'app'} - - ${data} ${line}`);
    frames.push(Buffer.from(`${message.length} `), message);
  }
  return Buffer.concat(frames);
}

const rules = new SyslogRules(['host', 'app', 'facility'], [['job', 'syslog']]);
const bsd = new BsdTime(new Zone('UTC'));
/** What a socket hands over at once. */
const chunkBytes = 65_536;

/** Finds the frames of a connection and reads them into one batch. */
export const decodeSyslogBody = (newest: bigint) => async (body: Buffer): Promise<RawBatch> => {
  const batch = new SyslogBatch({ rules, limits: { pairsMax: 128, pairBytesMax: 65_536, labelBytesMax: 2048, levels: true }, bsd, bytes: body.length, bytesMax: body.length });
  const frames = new FrameReader(256 * 1024, (bytes, start, end) => batch.add(bytes, start, end, '10.0.0.1', newest));
  for (let at = 0; at < body.length; at += chunkBytes) {
    const fault = frames.push(body.subarray(at, at + chunkBytes));
    if (fault !== null) throw new Error(fault);
  }
  const { batch: raw, release } = batch.finish();
  return { ...raw, release };
};
