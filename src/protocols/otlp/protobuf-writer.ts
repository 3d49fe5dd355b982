/** Bytes that a length takes which is written after its content: 35 bits. */
const lengthBytes = 5;
/** Up to so many bytes a loop is faster than a call. */
const loopBytesMax = 24;

/** Writes protobuf's wire format into a buffer that grows by doubling. */
export class ProtobufWriter {
  bytes: Buffer;
  at = 0;

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(256, capacity));
  }

  #room(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.at + count, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  /** What was written. */
  view(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  /** Begins a message that is the field of this tag; gives what `close` needs. */
  open(tag: number): number {
    this.#room(1 + lengthBytes);
    this.bytes[this.at] = tag;
    this.at += 1 + lengthBytes;
    return this.at;
  }

  /** Ends the message: writes its length, in a longer form than it may need. */
  close(start: number): void {
    let length = this.at - start;
    for (let i = 0; i < lengthBytes - 1; i++) {
      this.bytes[start - lengthBytes + i] = (length & 0x7f) | 0x80;
      length = Math.floor(length / 128);
    }
    this.bytes[start - 1] = length;
  }

  /** A field of bytes[from … from + length). */
  field(tag: number, bytes: Buffer, from: number, length: number): void {
    this.varint(tag, length);
    this.#room(length);
    if (length <= loopBytesMax) for (let i = 0; i < length; i++) this.bytes[this.at + i] = bytes[from + i]!;
    else bytes.copy(this.bytes, this.at, from, from + length);
    this.at += length;
  }

  text(tag: number, value: string): void {
    const bytes = Buffer.from(value);
    this.field(tag, bytes, 0, bytes.length);
  }

  /** A varint field; negative numbers in two's complement of 64 bits. */
  varint(tag: number, value: number | bigint): void {
    this.#room(11);
    this.bytes[this.at++] = tag;
    if (typeof value === 'number' && value >= 0) {
      let rest = value;
      while (rest >= 0x80) {
        this.bytes[this.at++] = (rest % 0x80) | 0x80;
        rest = Math.floor(rest / 0x80);
      }
      this.bytes[this.at++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.at++] = Number(rest);
  }

  fixed32(tag: number, value: number): void {
    this.#room(5);
    this.bytes[this.at] = tag;
    this.at = this.bytes.writeUInt32LE(value, this.at + 1);
  }

  fixed64(tag: number, value: bigint): void {
    this.#room(9);
    this.bytes[this.at] = tag;
    this.at = this.bytes.writeBigUInt64LE(value, this.at + 1);
  }

  /** A fixed64 field of seconds and nanoseconds, in nanoseconds; seconds below 2^34. */
  fixed64Time(tag: number, seconds: number, nanos: number): void {
    this.#room(9);
    // The product passes 2^53: multiply in pieces of 16 bits.
    const upper = Math.floor(seconds / 65_536) * 1e9;
    const lower = (seconds % 65_536) * 1e9 + (upper % 65_536) * 65_536 + nanos;
    this.bytes[this.at] = tag;
    this.bytes.writeUInt32LE(lower % 4_294_967_296, this.at + 1);
    this.at = this.bytes.writeUInt32LE(Math.floor(upper / 65_536) + Math.floor(lower / 4_294_967_296), this.at + 5);
  }

  double(tag: number, value: number): void {
    this.#room(9);
    this.bytes[this.at] = tag;
    this.at = this.bytes.writeDoubleLE(value, this.at + 1);
  }
}
