import { SpoorError } from '../../model/mod.ts';
import { Arena } from '../arena.ts';

const digits = Buffer.from('0123456789abcdef');

/**
 * The bytes of a batch: the body as it came, and behind it the texts that do not stand in it as they are stored, such as numbers, hexadecimal ids and names. Positions stay.
 * Text of more than `textMax` bytes throws `push_too_many`.
 */
export class Room extends Arena {
  constructor(body: Buffer, textMax: number) {
    const limit = body.length + textMax;
    super(body.length + (body.length >>> 2) + 4096, limit, () => new SpoorError('push_too_many', { limit, what: 'bytes once its values are written as text', name: 'push.raw_bytes_max' }));
    this.append(body);
  }

  /** Adds a text; gives its length in bytes. */
  text(value: string): number {
    const start = this.used;
    // UTF-8 has at most three bytes for each unit of UTF-16.
    this.reserve(value.length * 3);
    this.used += this.bytes.write(value, start, 'utf8');
    return this.used - start;
  }

  /** Adds bytes[from … to). */
  copy(bytes: Buffer, from: number, to: number): void {
    this.reserve(to - from);
    bytes.copy(this.bytes, this.used, from, to);
    this.used += to - from;
  }

  /** Adds one byte, for which there is room. */
  byte(value: number): void {
    this.bytes[this.used++] = value;
  }

  /** Adds a whole number in decimal digits. */
  number(value: number | bigint): void {
    if (typeof value !== 'number' || value < 0 || value >= 1e9) {
      this.text(String(value));
      return;
    }
    this.reserve(10);
    let length = 1;
    for (let power = 10; power <= value; power *= 10) length++;
    this.#digits(value, length);
  }

  /** Adds the unsigned number of 64 bits that these words make, in decimal digits. */
  number64(low: number, high: number): void {
    // Long division by 10^9 in steps of 16 bits, exact in doubles.
    const first = high % 1e9;
    const second = first * 65_536 + (low >>> 16);
    const third = (second % 1e9) * 65_536 + (low & 0xffff);
    const upper = Math.floor(high / 1e9) * 4_294_967_296 + Math.floor(second / 1e9) * 65_536 + Math.floor(third / 1e9);
    if (upper === 0) this.number(third % 1e9);
    else {
      this.text(String(upper));
      this.reserve(9);
      this.#digits(third % 1e9, 9);
    }
  }

  #digits(value: number, length: number): void {
    let rest = value;
    for (let at = this.used + length - 1; at >= this.used; at--) {
      const tenth = Math.floor(rest / 10);
      this.bytes[at] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    this.used += length;
  }

  /** Adds bytes[from … to) in hexadecimal digits. */
  hex(bytes: Buffer, from: number, to: number): void {
    this.reserve((to - from) * 2);
    const into = this.bytes;
    let at = this.used;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      into[at++] = digits[byte >>> 4]!;
      into[at++] = digits[byte & 15]!;
    }
    this.used = at;
  }
}
