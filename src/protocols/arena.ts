import { BufferPool } from '../bytes/mod.ts';

/** Memory of arenas that is kept to be used again. */
const pool = new BufferPool(16 * 2 ** 20);

/**
 * One buffer for all that the columns of a batch point into: what was sent at its head, and behind it what had to be made of it (unescaped texts, joined names). It grows;
 * positions stay what they are.
 */
export class Arena {
  bytes: Buffer;
  /** Bytes in use. */
  used = 0;
  readonly #bytesMax: number;
  readonly #tooLarge: () => Error;

  /**
   * @param capacity what will be needed, near enough
   * @param bytesMax over which `tooLarge` is thrown
   */
  constructor(capacity: number, bytesMax: number, tooLarge: () => Error) {
    this.bytes = pool.take(capacity);
    this.#bytesMax = bytesMax;
    this.#tooLarge = tooLarge;
  }

  /** Makes room for so many bytes behind those in use, without taking them. */
  reserve(bytes: number): void {
    if (this.used + bytes <= this.bytes.length) return;
    if (this.used + bytes > this.#bytesMax) throw this.#tooLarge();
    const larger = pool.take(Math.min(this.#bytesMax, Math.max(this.used + bytes, this.bytes.length * 1.5)));
    this.bytes.copy(larger, 0, 0, this.used);
    pool.give(this.bytes);
    this.bytes = larger;
  }

  /** Appends a copy; where it begins. */
  append(bytes: Uint8Array): number {
    this.reserve(bytes.length);
    const start = this.used;
    this.bytes.set(bytes, start);
    this.used = start + bytes.length;
    return start;
  }

  /** Takes the memory back. Nobody may look at it afterwards. More than once does nothing. */
  release(): void {
    pool.give(this.bytes);
    this.bytes = Buffer.alloc(0);
    this.used = 0;
  }
}
