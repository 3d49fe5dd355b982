import { SpoorError, timeNsMax, timeNsMin } from '../../model/mod.ts';
import { RawBatchBuilder, type RawBatch } from '../batch.ts';
import type { PushBodyLimits } from '../limits.ts';
import { parseLabelText } from './label-text.ts';

/** Bytes that are walked between two yields. */
const yieldBytes = 65_536;
/** What the labels of a stream cost, in the same measure. */
const streamWork = 1024;
/** Below this second all nanoseconds fit 64 bits. */
const exactSecondsEnd = 9_223_372_036;
/** The first second of protobuf's Timestamp. */
const yearOneSeconds = -62_135_596_800;
const groupDepthMax = 100;

/**
 * Walks a protobuf logproto.PushRequest (PushRequest 1: stream; Stream 1: labels, 2: entry; Entry 1: time, 2: line, 3: metadata pair) without
 * copying: the batch points into `body`. Unknown fields are skipped, of a repeated one the last counts. Throws `push_protobuf`, `push_labels` and
 * `push_too_many`.
 */
export function* decodeProtobufPush(body: Buffer, limits: PushBodyLimits, backfillShard: string): Generator<void, RawBatch> {
  return yield* new ProtobufPush(body, limits).run(backfillShard);
}

class ProtobufPush {
  readonly #bytes: Buffer;
  readonly #limits: PushBodyLimits;
  readonly #rows: RawBatchBuilder;
  #at = 0;
  #yieldAt = yieldBytes;

  constructor(body: Buffer, limits: PushBodyLimits) {
    this.#bytes = body;
    this.#limits = limits;
    this.#rows = new RawBatchBuilder(limits, body.length >>> 7);
  }

  *run(backfillShard: string): Generator<void, RawBatch> {
    const end = this.#bytes.length;
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === 0x0a) yield* this.#stream(this.#lengthEnd(end));
      else this.#skipField(tag, end, 'PushRequest', tag >>> 3 === 1 ? 'Streams' : '');
    }
    return this.#rows.finish(this.#bytes, backfillShard);
  }

  *#stream(end: number): Generator<void, void> {
    const firstRow = this.#rows.rows;
    let labelsStart = 0;
    let labelsEnd = 0;
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === 0x12) {
        this.#entry(this.#lengthEnd(end));
        if (this.#at >= this.#yieldAt) {
          yield;
          this.#yieldAt = this.#at + yieldBytes;
        }
      } else if (tag === 0x0a) {
        labelsEnd = this.#lengthEnd(end);
        labelsStart = this.#at;
        this.#at = labelsEnd;
      } else this.#skipField(tag, end, 'StreamAdapter', tag >>> 3 === 1 ? 'Labels' : tag >>> 3 === 2 ? 'Entries' : '');
    }
    this.#yieldAt -= streamWork;
    if (this.#at >= this.#yieldAt) {
      yield;
      this.#yieldAt = this.#at + yieldBytes;
    }
    const labels = labelsEnd > labelsStart ? parseLabelText(this.#bytes, labelsStart, labelsEnd, this.#limits.labelsBytesMax) : [];
    this.#rows.endStream(labels, firstRow);
  }

  #entry(end: number): void {
    const rows = this.#rows;
    rows.addRow();
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === 0x12) {
        const lineEnd = this.#lengthEnd(end);
        rows.setLine(this.#at, lineEnd - this.#at);
        this.#at = lineEnd;
      } else if (tag === 0x0a) this.#time(this.#lengthEnd(end));
      else if (tag === 0x1a) this.#pair(this.#lengthEnd(end));
      else this.#skipField(tag, end, 'EntryAdapter', tag >>> 3 === 1 ? 'Timestamp' : tag >>> 3 === 2 ? 'Line' : tag >>> 3 === 3 ? 'StructuredMetadata' : '');
    }
  }

  #time(end: number): void {
    if (this.#commonTime(end)) return;
    let seconds = 0;
    let nanos = 0;
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === 0x08) seconds = this.#signed(end);
      else if (tag === 0x10) nanos = this.#signed(end);
      else this.#skipField(tag, end, 'Timestamp', tag >>> 3 === 1 ? 'Seconds' : tag >>> 3 === 2 ? 'Nanos' : '');
    }
    if (nanos < 0 || nanos >= 1e9) throw this.#damage(`timestamp: seconds ${seconds}, nanos ${nanos}: nanos not in range [0, 1e9)`);
    if (seconds >= 0 && seconds < exactSecondsEnd) this.#rows.setTime(seconds, nanos);
    else this.#rareTime(seconds, nanos);
  }

  /** Reads seconds of five bytes, as they are from 1978 to 2106 (and no others), then nanoseconds; false, and nothing is read, where anything else stands there. */
  #commonTime(end: number): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (end - at < 8 || end - at > 12 || bytes[at] !== 0x08 || bytes[at + 6] !== 0x10) return false;
    const [a, b, c, d, e] = [bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!, bytes[at + 4]!, bytes[at + 5]!];
    if ((a & b & c & d) < 0x80 || e === 0 || e >= 0x10) return false;
    let nanos = bytes[end - 1]!;
    // Nanoseconds below 10^9 have 30 bits.
    if (nanos >= (end - at === 12 ? 4 : 0x80)) return false;
    for (let from = end - 2; from > at + 6; from--) {
      if (bytes[from]! < 0x80) return false;
      nanos = (nanos << 7) | (bytes[from]! & 0x7f);
    }
    if (nanos >= 1e9) return false;
    this.#rows.setTime(((a & 0x7f) | ((b & 0x7f) << 7) | ((c & 0x7f) << 14) | ((d & 0x7f) << 21)) + e * 2 ** 28, nanos);
    this.#at = end;
    return true;
  }

  /** Times before 1970, and those that 64 bits of nanoseconds cannot hold. */
  #rareTime(seconds: number, nanos: number): void {
    if (seconds < yearOneSeconds) throw this.#damage(`timestamp: seconds ${seconds} before 0001-01-01`);
    if (seconds >= 253_402_300_800) throw this.#damage(`timestamp: seconds ${seconds} after 10000-01-01`);
    // Year 1 is how Go writes "no time"; addRow has set that.
    if (seconds === yearOneSeconds && nanos === 0) return;
    const timeNs = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    if (timeNs < timeNsMin) throw this.#damage(`timestamp: seconds ${seconds} before 1677-09-21, the first day that nanoseconds in 64 bits can hold`);
    // What lies beyond 2262 becomes its last nanosecond, which every tenant's creation_grace_period refuses.
    this.#rows.setTimeNs(timeNs > timeNsMax ? timeNsMax : timeNs);
  }

  #pair(end: number): void {
    let nameStart = this.#at;
    let nameEnd = nameStart;
    let valueStart = nameStart;
    let valueEnd = nameStart;
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === 0x0a) {
        nameEnd = this.#lengthEnd(end);
        nameStart = this.#at;
        this.#at = nameEnd;
      } else if (tag === 0x12) {
        valueEnd = this.#lengthEnd(end);
        valueStart = this.#at;
        this.#at = valueEnd;
      } else this.#skipField(tag, end, 'LabelPairAdapter', tag >>> 3 === 1 ? 'Name' : tag >>> 3 === 2 ? 'Value' : '');
    }
    this.#rows.addPair(nameStart, nameEnd - nameStart, valueStart, valueEnd - valueStart);
  }

  /** An unsigned varint of up to 64 bits as a number: exact up to 2^53, which is more than any length or tag may be. */
  #varint(end: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    if (at >= end) throw this.#cut();
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      this.#at = at;
      return byte;
    }
    let value = byte & 0x7f;
    let factor = 128;
    for (let i = 1; i < 10; i++) {
      if (at >= end) throw this.#cut();
      byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (i === 9 && byte > 1) break;
        this.#at = at;
        return value;
      }
      factor *= 128;
    }
    throw this.#damage('proto: integer overflow');
  }

  /** A varint of a signed 64-bit number (two's complement); exact within ±2^53. */
  #signed(end: number): number {
    const start = this.#at;
    const value = this.#varint(end);
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    let exact = 0n;
    for (let i = this.#at - 1; i >= start; i--) exact = (exact << 7n) | BigInt(this.#bytes[i]! & 0x7f);
    return Number(BigInt.asIntN(64, exact));
  }

  /** Reads a length; where the field ends. */
  #lengthEnd(end: number): number {
    const length = this.#varint(end);
    if (length > end - this.#at) throw length >= 2 ** 63 ? this.#damage('proto: negative length found during unmarshaling') : this.#cut();
    return this.#at + length;
  }

  /** Skips a field; `known` names it where the message has one of that number, whose wire type then is wrong. */
  #skipField(tag: number, end: number, message: string, known: string): void {
    const wire = tag % 8;
    const field = Math.floor(tag / 8);
    if (known !== '') throw this.#damage(`proto: wrong wireType = ${wire} for field ${known}`);
    if (field === 0 || field >= 2 ** 29) throw this.#damage(`proto: ${message}: illegal tag ${field} (wire type ${wire})`);
    if (wire === 4) throw this.#damage(`proto: ${message}: wiretype end group for non-group`);
    this.#skipValue(wire, end);
  }

  #skipValue(wireType: number, end: number): void {
    let wire = wireType;
    for (let depth = 0; ; ) {
      if (wire === 0) this.#varint(end);
      else if (wire === 1) this.#forward(8, end);
      else if (wire === 2) this.#at = this.#lengthEnd(end);
      else if (wire === 5) this.#forward(4, end);
      else if (wire === 3) depth++;
      else if (wire === 4) depth--;
      else throw this.#damage(`proto: illegal wireType ${wire}`);
      if (depth <= 0) return;
      if (depth > groupDepthMax) throw this.#damage(`proto: groups nested more than ${groupDepthMax} deep`);
      wire = this.#varint(end) % 8;
    }
  }

  #forward(bytes: number, end: number): void {
    if (bytes > end - this.#at) throw this.#cut();
    this.#at += bytes;
  }

  #cut(): SpoorError {
    return this.#damage('unexpected EOF');
  }

  #damage(reason: string): SpoorError {
    return new SpoorError('push_protobuf', { reason, offset: this.#at });
  }
}
