import { keepShape, SpoorError } from '../model/mod.ts';

/**
 * Reads little-endian values from bytes that may be damaged or hostile: reading past the end or over a limit throws `corruption` that
 * names `where` and the offset, never a RangeError, and nothing is allocated before its length is checked.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #where: string;
  #at: number;

  constructor(bytes: Uint8Array, where: string, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
    this.#at = at;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** The error to throw when what was read makes no sense. */
  damage(reason: string): SpoorError {
    return new SpoorError('corruption', { where: this.#where, offset: this.#at, reason });
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || at + bytes > this.#bytes.length) throw this.damage(`${bytes} bytes wanted, ${this.#bytes.length - at} left`);
    this.#at = at + bytes;
    return at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  i64(): bigint {
    return this.#bytes.readBigInt64LE(this.#take(8));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  f64(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  /** Unsigned LEB128 up to 2^53 - 1; `max` is the largest value that makes sense here, `what` names it in the error. */
  varint(max: number = Number.MAX_SAFE_INTEGER, what = 'number'): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > max) throw this.damage(`${what} is ${value}, over the limit of ${max}`);
        return value;
      }
      factor *= 128;
    }
    throw this.damage(`${what} does not end`);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  align(boundary: number): void {
    this.#take((boundary - (this.#at % boundary)) % boundary);
  }

  /** Varint length, at most `bytesMax`, then UTF-8. */
  text(bytesMax: number, what = 'text'): string {
    const length = this.varint(bytesMax, `length of ${what}`);
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.remaining !== 0) throw this.damage(`${this.remaining} bytes left over`);
  }
}

keepShape(new ByteReader(new Uint8Array(0), ''));
