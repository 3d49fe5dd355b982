import type { Batch, StreamLabels } from '../../buffer/batch.ts';
import { eachPair, isLineUtf8, lineText, RowsByStream } from '../rows.ts';
import { levelNames, resourceAttributes, severityNumber, spanNames, streamAttribute, streamLabel, traceNames } from './attributes.ts';

/** What a stream's rows have in common. */
interface StreamParts {
  /** ResourceLogs.resource. */
  readonly resource: Buffer;
  /** LogRecord.attributes that follow from the labels. */
  readonly attributes: Buffer;
  readonly level: string | undefined;
}

const scope = field(1, field(1, Buffer.from('spoor-agent')));
const traceKeys = new Set(traceNames);
const spanKeys = new Set(spanNames);

/**
 * Turns batches into OTLP logs: protobuf ExportLogsServiceRequest (opentelemetry/proto/collector/logs/v1): resource_logs = 1 {resource = 1, scope_logs = 2 {scope = 1, log_records = 2}}. One
 * ResourceLogs for each stream. It writes straight from the batch's columns into one buffer that is kept, back to front, because a message stands behind its length.
 */
export class OtlpEncoder {
  #bytes = Buffer.allocUnsafeSlow(256 * 1024);
  /** What is written stands behind this place. */
  #at = this.#bytes.length;
  readonly #groups = new RowsByStream();
  readonly #streams = new WeakMap<StreamLabels, StreamParts>();

  /** The message for rows of a batch; a view that the next call overwrites. */
  encode(batch: Batch, rows: Uint32Array): Buffer {
    const { order, ends } = this.#groups.group(batch, rows);
    this.#at = this.#bytes.length;
    for (let i = batch.streams.length - 1; i >= 0; i--) {
      const start = i === 0 ? 0 : (ends[i - 1] as number);
      const end = ends[i] as number;
      if (start === end) continue;
      const parts = this.#partsOf(batch.streams[i] as StreamLabels);
      const resourceLogsEnd = this.#length;
      for (let at = end - 1; at >= start; at--) this.#record(batch, order[at] as number, parts);
      this.#raw(scope);
      this.#close(0x12, resourceLogsEnd);
      this.#raw(parts.resource);
      this.#close(0x0a, resourceLogsEnd);
    }
    return this.#bytes.subarray(this.#at);
  }

  /** Bytes written so far. */
  get #length(): number {
    return this.#bytes.length - this.#at;
  }

  #record(batch: Batch, row: number, parts: StreamParts): void {
    const end = this.#length;
    let level = parts.level;
    let trace: string | undefined;
    let span: string | undefined;
    eachPair(batch, row, (name, value) => {
      if (traceKeys.has(name) && isHex(value, 32)) trace = value;
      else if (spanKeys.has(name) && isHex(value, 16)) span = value;
      else if (levelNames.includes(name)) level = value;
      else this.#attribute(0x32, name, value);
    });
    // In falling order of the fields' numbers.
    if (span !== undefined) this.#lengthed(0x52, Buffer.from(span, 'hex'));
    if (trace !== undefined) this.#lengthed(0x4a, Buffer.from(trace, 'hex'));
    this.#raw(parts.attributes);
    this.#body(batch, row);
    if (level !== undefined && level !== '') {
      this.#lengthed(0x1a, Buffer.from(level));
      const number = severityNumber(level);
      if (number > 0) {
        this.#varint(number);
        this.#byte(0x10);
      }
    }
    this.#time(batch.seconds[row] as number, batch.nanos[row] as number);
    this.#close(0x12, end);
  }

  #body(batch: Batch, row: number): void {
    const end = this.#length;
    const start = batch.lineStart[row] as number;
    const stop = batch.lineStart[row + 1] as number;
    if (isLineUtf8(batch, row)) {
      this.#room(stop - start + 10);
      this.#at -= stop - start;
      batch.lines.copy(this.#bytes, this.#at, start, stop);
    } else {
      this.#raw(Buffer.from(lineText(batch, row)));
    }
    this.#close(0x0a, end);
    this.#close(0x2a, end);
  }

  /** time_unix_nano, a fixed64. Times before 1970 cannot be said: 0, unknown. */
  #time(seconds: number, nanos: number): void {
    const ns = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    this.#room(9);
    this.#at -= 8;
    this.#bytes.writeBigUInt64LE(ns < 0n || ns > 0xffff_ffff_ffff_ffffn ? 0n : ns, this.#at);
    this.#byte(0x09);
  }

  /** A KeyValue whose value is a string. */
  #attribute(tag: number, name: string, value: string): void {
    const end = this.#length;
    this.#lengthed(0x0a, Buffer.from(value));
    this.#close(0x12, end);
    this.#lengthed(0x0a, Buffer.from(name));
    this.#close(tag, end);
  }

  #partsOf(stream: StreamLabels): StreamParts {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const output = stream.labels.find(({ name }) => name === streamLabel)?.value;
    const parts: StreamParts = {
      resource: field(1, Buffer.concat(resourceAttributes(stream.labels).map(({ name, value }) => field(1, keyValue(name, value))))),
      attributes: output === undefined ? Buffer.alloc(0) : field(6, keyValue(streamAttribute, output)),
      level: levelNames.map((name) => stream.labels.find((label) => label.name === name)?.value).find((value) => value !== undefined),
    };
    this.#streams.set(stream, parts);
    return parts;
  }

  /** Makes what was written since `end` a field: its length and tag before it. */
  #close(tag: number, end: number): void {
    this.#varint(this.#length - end);
    this.#byte(tag);
  }

  #lengthed(tag: number, bytes: Buffer): void {
    this.#raw(bytes);
    this.#varint(bytes.length);
    this.#byte(tag);
  }

  #raw(bytes: Buffer): void {
    this.#room(bytes.length);
    this.#at -= bytes.length;
    bytes.copy(this.#bytes, this.#at);
  }

  #varint(value: number): void {
    this.#room(8);
    this.#at -= varintLength(value);
    let at = this.#at;
    for (let rest = value; ; rest = Math.floor(rest / 0x80)) {
      this.#bytes[at++] = rest >= 0x80 ? (rest % 0x80) | 0x80 : rest;
      if (rest < 0x80) return;
    }
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[--this.#at] = value;
  }

  #room(bytes: number): void {
    if (bytes <= this.#at) return;
    const used = this.#length;
    const larger = Buffer.allocUnsafeSlow(Math.max(used + bytes, Math.ceil(this.#bytes.length * 1.5)));
    this.#bytes.copy(larger, larger.length - used, this.#at);
    this.#at = larger.length - used;
    this.#bytes = larger;
  }
}

function isHex(value: string, digits: number): boolean {
  return value.length === digits && /^[0-9a-fA-F]+$/.test(value) && !/^0+$/.test(value);
}

function keyValue(name: string, value: string): Buffer {
  return Buffer.concat([field(1, Buffer.from(name)), field(2, field(1, Buffer.from(value)))]);
}

/** A field with a length. */
function field(number: number, bytes: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 0x80)) {
    length.push(rest >= 0x80 ? (rest % 0x80) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80)) length++;
  return length;
}
