import { compressSync } from 'snappy';

/** A push as plain objects: what the tests send. */
export interface PlainStream {
  labels: [string, string][];
  /** Label string for protobuf; written from `labels` if absent. */
  labelText?: string;
  entries: PlainEntry[];
}
export interface PlainEntry {
  timeNs: bigint;
  line: Uint8Array;
  metadata: [string, string][];
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 128);
  } while (rest !== 0n);
  return bytes;
}

function field(number: number, data: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([...varint(BigInt(number * 8 + 2)), ...varint(BigInt(data.length))]), data]);
}

function time(timeNs: bigint): Uint8Array {
  const nanos = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return Buffer.from([0x08, ...varint((timeNs - nanos) / 1_000_000_000n), 0x10, ...varint(nanos)]);
}

/** The naive way to write a PushRequest, without compression. */
export function protobufOf(streams: readonly PlainStream[]): Buffer {
  return Buffer.concat(streams.map((stream) => field(1, Buffer.concat([
    field(1, Buffer.from(stream.labelText ?? `{${stream.labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`)),
    ...stream.entries.map((entry) => field(2, Buffer.concat([
      field(1, time(entry.timeNs)),
      field(2, entry.line),
      ...entry.metadata.map(([name, value]) => field(3, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))),
    ]))),
  ]))));
}

export function snappyOf(streams: readonly PlainStream[]): Buffer {
  return compressSync(protobufOf(streams));
}

/** The naive way to write a JSON push; lines must be UTF-8. */
export function jsonOf(streams: readonly PlainStream[]): Buffer {
  return Buffer.from(JSON.stringify({
    streams: streams.map((stream) => ({
      stream: Object.fromEntries(stream.labels),
      values: stream.entries.map((entry) => [
        String(entry.timeNs), Buffer.from(entry.line).toString('utf8'), ...(entry.metadata.length === 0 ? [] : [Object.fromEntries(entry.metadata)]),
      ]),
    })),
  }));
}
