import { keepShape } from '../model/mod.ts';

const slabWords = 2 ** 20;
/** More than this is not kept for the next time. */
const slabsKept = 16;

/** Memory for arrays that are all done with at the same time, which is then used again. Arrays are not cleared. */
export class WordArena {
  readonly #slabs: Uint32Array<ArrayBuffer>[] = [];
  #slab = 0;
  #used = 0;

  take(length: number): Uint32Array {
    if (length > slabWords) return new Uint32Array(length);
    if (this.#used + length > slabWords) {
      this.#slab++;
      this.#used = 0;
    }
    const slab = (this.#slabs[this.#slab] ??= new Uint32Array(slabWords));
    const from = this.#used;
    this.#used += length;
    return slab.subarray(from, from + length);
  }

  /** Everything that was taken may be overwritten from now on. */
  reset(): void {
    this.#slabs.length = Math.min(this.#slabs.length, slabsKept);
    this.#slab = 0;
    this.#used = 0;
  }
}

keepShape(new WordArena());
