/** Gives out the arrays that a decoded block is made of. */
export interface ArraySource {
  /** At least `length` elements with any content; no array is given out twice for one block under different names. */
  doubles(name: string, length: number): Float64Array;
  words(name: string, length: number): Uint32Array;
  bytes(name: string, length: number): Uint8Array;
}

/** New arrays each time. */
export const freshArrays: ArraySource = {
  doubles: (_name, length) => new Float64Array(length),
  words: (_name, length) => new Uint32Array(length),
  bytes: (_name, length) => Buffer.allocUnsafeSlow(length),
};

/**
 * Arrays that are used again. A block that was decoded with a scratch is valid until the next block is decoded with the same one;
 * for a worker that looks at one block after another this saves most of the cost of memory (page faults, collection).
 */
export class DecodeScratch implements ArraySource {
  readonly #doubles = new Map<string, Float64Array>();
  readonly #words = new Map<string, Uint32Array>();
  readonly #bytes = new Map<string, Uint8Array>();

  doubles(name: string, length: number): Float64Array {
    return grown(this.#doubles, name, length, Float64Array);
  }

  words(name: string, length: number): Uint32Array {
    return grown(this.#words, name, length, Uint32Array);
  }

  bytes(name: string, length: number): Uint8Array {
    return grown(this.#bytes, name, length, Uint8Array);
  }
}

function grown<A extends { readonly length: number }>(arrays: Map<string, A>, name: string, length: number, type: new (length: number) => A): A {
  const known = arrays.get(name);
  if (known !== undefined && known.length >= length) return known;
  const array = new type(Math.max(1024, 2 ** Math.ceil(Math.log2(Math.max(1, length)))));
  arrays.set(name, array);
  return array;
}
