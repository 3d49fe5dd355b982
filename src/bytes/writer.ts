import { keepShape } from '../model/mod.ts';

/** Appends little-endian values and byte strings to a buffer that grows. All formats of spoor are little-endian. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(16, capacity));
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  #room(bytes: number): number {
    const at = this.#length;
    if (at + bytes > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(at + bytes, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#length = at + bytes;
    return at;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeUInt32LE(value, at);
    return this;
  }

  i64(value: bigint): this {
    const at = this.#room(8);
    this.#bytes.writeBigInt64LE(value, at);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#room(8);
    this.#bytes.writeBigUInt64LE(value, at);
    return this;
  }

  f64(value: number): this {
    const at = this.#room(8);
    this.#bytes.writeDoubleLE(value, at);
    return this;
  }

  /** Unsigned LEB128; `value` is a whole number from 0 to 2^53 - 1. */
  varint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.u8(rest);
  }

  bytes(data: Uint8Array): this {
    const at = this.#room(data.length);
    this.#bytes.set(data, at);
    return this;
  }

  /** Zero bytes up to the next multiple of `boundary`. */
  align(boundary: number): this {
    const gap = (boundary - (this.#length % boundary)) % boundary;
    const at = this.#room(gap);
    this.#bytes.fill(0, at, at + gap);
    return this;
  }

  /** Length as varint, then UTF-8. */
  text(value: string): this {
    const length = Buffer.byteLength(value, 'utf8');
    this.varint(length);
    const at = this.#room(length);
    this.#bytes.write(value, at, length, 'utf8');
    return this;
  }

  /** What was written; a view, valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Overwrites a u32 that was written before. */
  patchU32(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }
}

keepShape(new ByteWriter(16));
