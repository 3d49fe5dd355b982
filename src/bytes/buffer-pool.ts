/** Smaller buffers cost less to allocate than to keep. */
const lengthMin = 16 * 1024;

/**
 * Buffers that are used again, each alone in its ArrayBuffer. V8 counts what is allocated outside its heap, and collects the whole heap each time 64 MiB came together:
 * what passes megabytes through short-lived buffers should take them from here. A buffer that is not given back is left to the garbage collector, without harm.
 */
export class BufferPool {
  readonly #bytesMax: number;
  readonly #free = new Map<number, Buffer[]>();
  #bytes = 0;

  /** @param bytesMax what may lie here unused */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that lie here unused. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A buffer of at least so many bytes, with whatever is in them. */
  take(bytes: number): Buffer {
    const length = lengthOf(bytes);
    const spare = this.#free.get(length)?.pop();
    if (spare === undefined) return Buffer.allocUnsafeSlow(length);
    this.#bytes -= length;
    return spare;
  }

  /** Takes back what `take` gave. Nobody may look at it afterwards. */
  give(buffer: Buffer): void {
    const { length } = buffer;
    if (length < lengthMin || this.#bytes + length > this.#bytesMax) return;
    const others = this.#free.get(length);
    if (others === undefined) this.#free.set(length, [buffer]);
    else others.push(buffer);
    this.#bytes += length;
  }
}

/** Lengths come in steps of a quarter to an eighth, so that few are used and little is wasted. */
function lengthOf(bytes: number): number {
  if (bytes < lengthMin) return bytes;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}
