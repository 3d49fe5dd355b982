/** Loki pushes of the corpus as exports of OpenTelemetry, in the form that a Collector with the filelog receiver and Kubernetes attributes sends them. */
import type { RawBatch } from '../src/protocols/mod.ts';

/** Labels of the corpus as attributes of a resource; the others are attributes of the records. */
const resourceAttributes: Readonly<Record<string, string>> = {
  app: 'service.name', cluster: 'k8s.cluster.name', container: 'k8s.container.name', namespace: 'k8s.namespace.name', node: 'k8s.node.name', pod: 'k8s.pod.name',
};
const recordAttributes: Readonly<Record<string, string>> = { stream: 'log.iostream' };
/** How much later than it was written the Collector saw a line. */
const observedLaterNs = 250_000_000n;

interface Attribute {
  readonly key: string;
  readonly value: string;
}

interface Entry {
  readonly timeNs: bigint;
  readonly line: string;
  readonly traceId: string;
  readonly attributes: readonly Attribute[];
}

/** A push as one ResourceLogs for each of its streams. */
function resourcesOf(raw: RawBatch): readonly { readonly attributes: readonly Attribute[]; readonly entries: readonly Entry[] }[] {
  const text = (start: number, length: number): string => raw.bytes.toString('utf8', start, start + length);
  return raw.streams.map(({ labels, firstRow, rows }) => {
    const named = (names: Readonly<Record<string, string>>): Attribute[] => labels.flatMap(({ name, value }) => (names[name] === undefined ? [] : [{ key: names[name], value }]));
    const ofStream = named(recordAttributes);
    const entries = Array.from({ length: rows }, (_, i) => {
      const row = firstRow + i;
      const attributes = [...ofStream];
      let traceId = '';
      for (let at = raw.pairStart[row]! * 4; at < raw.pairStart[row + 1]! * 4; at += 4) {
        const key = text(raw.pairs[at]!, raw.pairs[at + 1]!);
        const value = text(raw.pairs[at + 2]!, raw.pairs[at + 3]!);
        if (key === 'trace_id' && /^[0-9a-f]{32}$/.test(value)) traceId = value;
        else attributes.push({ key, value });
      }
      return { timeNs: raw.timeNs[row]!, line: text(raw.lineStart[row]!, raw.lineLength[row]!), traceId, attributes };
    });
    return { attributes: named(resourceAttributes), entries };
  });
}

/** A push as an ExportLogsServiceRequest in JSON. */
export function otlpJson(raw: RawBatch): Buffer {
  const attributesOf = (attributes: readonly Attribute[]): unknown[] => attributes.map(({ key, value }) => ({ key, value: { stringValue: value } }));
  const resourceLogs = resourcesOf(raw).map(({ attributes, entries }) => ({
    resource: { attributes: attributesOf(attributes) },
    scopeLogs: [
      {
        scope: {},
        logRecords: entries.map((entry) => ({
          timeUnixNano: String(entry.timeNs),
          observedTimeUnixNano: String(entry.timeNs + observedLaterNs),
          body: { stringValue: entry.line },
          attributes: attributesOf(entry.attributes),
          ...(entry.traceId === '' ? {} : { traceId: entry.traceId }),
        })),
      },
    ],
  }));
  return Buffer.from(JSON.stringify({ resourceLogs }));
}

/** A push as an ExportLogsServiceRequest in protobuf. */
export function otlpProtobuf(raw: RawBatch): Buffer {
  const keyValues = (tag: number, attributes: readonly Attribute[]): Buffer[] => attributes.map(({ key, value }) => field(tag, textField(0x0a, key), field(0x12, textField(0x0a, value))));
  return Buffer.concat(
    resourcesOf(raw).map(({ attributes, entries }) =>
      field(
        0x0a,
        field(0x0a, ...keyValues(0x0a, attributes)),
        field(
          0x12,
          field(0x0a),
          ...entries.map((entry) =>
            field(
              0x12,
              fixed64(0x09, entry.timeNs),
              field(0x2a, textField(0x0a, entry.line)),
              ...keyValues(0x32, entry.attributes),
              entry.traceId === '' ? Buffer.alloc(0) : field(0x4a, Buffer.from(entry.traceId, 'hex')),
              fixed64(0x59, entry.timeNs + observedLaterNs),
            ),
          ),
        ),
      ),
    ),
  );
}

function field(tag: number, ...parts: readonly Buffer[]): Buffer {
  const head = [tag];
  let rest = parts.reduce((sum, part) => sum + part.length, 0);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) | 0x80);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), ...parts]);
}

function textField(tag: number, text: string): Buffer {
  return field(tag, Buffer.from(text));
}

function fixed64(tag: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = tag;
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}
