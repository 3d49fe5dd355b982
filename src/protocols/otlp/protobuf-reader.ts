import { SpoorError } from '../../model/mod.ts';

const groupDepthMax = 100;

/** A walk over protobuf's wire format (protobuf.dev/programming-guides/encoding) that makes no object. Every length is checked before it is used; errors are `push_protobuf`. */
export class ProtobufReader {
  readonly bytes: Buffer;
  /** Position of the next byte. */
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** An unsigned varint of up to 64 bits as a number: exact up to 2^53, which is more than any length or tag may be. */
  varint(end: number): number {
    const bytes = this.bytes;
    let at = this.at;
    if (at >= end) throw this.cut();
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      this.at = at;
      return byte;
    }
    let value = byte & 0x7f;
    let factor = 128;
    for (let i = 1; i < 10; i++) {
      if (at >= end) throw this.cut();
      byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (i === 9 && byte > 1) break;
        this.at = at;
        return value;
      }
      factor *= 128;
    }
    throw this.damage('proto: integer overflow');
  }

  /** The signed 64-bit number (two's complement) of the varint at `from`, which `varint` has passed over; a bigint where a number would not be exact. */
  signedAt(from: number): number | bigint {
    const bytes = this.bytes;
    let value = 0;
    let factor = 1;
    let end = from;
    for (; ; end++) {
      const byte = bytes[end]!;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) break;
    }
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    let exact = 0n;
    for (let i = end; i >= from; i--) exact = (exact << 7n) | BigInt(bytes[i]! & 0x7f);
    return BigInt.asIntN(64, exact);
  }

  /** Reads a length; where the field ends. */
  lengthEnd(end: number): number {
    const length = this.varint(end);
    if (length > end - this.at) throw length >= 2 ** 63 ? this.damage('proto: negative length found during unmarshaling') : this.cut();
    return this.at + length;
  }

  /** Passes over `bytes` bytes. */
  forward(bytes: number, end: number): void {
    if (bytes > end - this.at) throw this.cut();
    this.at += bytes;
  }

  /**
   * Passes over the field whose tag was read. `known` is a bit for each number of the fields that `message` has: those come with another wire type
   * than they should, which is an error.
   */
  skipField(tag: number, end: number, message: string, known: number): void {
    const wire = tag % 8;
    const field = Math.floor(tag / 8);
    if (field < 31 && ((known >>> field) & 1) === 1) throw this.damage(`proto: wrong wireType = ${wire} for field ${field} of ${message}`);
    if (field === 0 || field >= 2 ** 29) throw this.damage(`proto: ${message}: illegal tag ${field} (wire type ${wire})`);
    if (wire === 4) throw this.damage(`proto: ${message}: wiretype end group for non-group`);
    this.#skipValue(wire, end);
  }

  #skipValue(wireType: number, end: number): void {
    let wire = wireType;
    for (let depth = 0; ; ) {
      if (wire === 0) this.varint(end);
      else if (wire === 1) this.forward(8, end);
      else if (wire === 2) this.at = this.lengthEnd(end);
      else if (wire === 5) this.forward(4, end);
      else if (wire === 3) depth++;
      else if (wire === 4) depth--;
      else throw this.damage(`proto: illegal wireType ${wire}`);
      if (depth <= 0) return;
      if (depth > groupDepthMax) throw this.damage(`proto: groups nested more than ${groupDepthMax} deep`);
      wire = this.varint(end) % 8;
    }
  }

  cut(): SpoorError {
    return this.damage('unexpected EOF');
  }

  damage(reason: string): SpoorError {
    return new SpoorError('push_protobuf', { reason, offset: this.at });
  }
}
