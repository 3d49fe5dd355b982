const [prime1, prime2, prime3, prime4, prime5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];

/** XXH32 with seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), over pieces: the checksum of lz4 frames. */
export class XxHash32 {
  readonly #lanes = new Int32Array([prime1 + prime2, prime2, 0, -prime1]);
  /** Bytes that do not fill a stripe of 16 yet. */
  readonly #rest = Buffer.alloc(16);
  #restLength = 0;
  #length = 0;

  /** Adds bytes[from … to). */
  update(bytes: Buffer, from = 0, to: number = bytes.length): this {
    this.#length += to - from;
    let at = from;
    if (this.#restLength > 0) {
      const taken = Math.min(16 - this.#restLength, to - at);
      bytes.copy(this.#rest, this.#restLength, at, at + taken);
      this.#restLength += taken;
      at += taken;
      if (this.#restLength < 16) return this;
      this.#stripes(this.#rest, 0, 16);
      this.#restLength = 0;
    }
    const end = to - ((to - at) % 16);
    this.#stripes(bytes, at, end);
    bytes.copy(this.#rest, 0, end, to);
    this.#restLength = to - end;
    return this;
  }

  #stripes(bytes: Buffer, from: number, to: number): void {
    const lanes = this.#lanes;
    let [a, b, c, d] = [lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!];
    for (let at = from; at < to; at += 16) {
      a = round(a, word(bytes, at));
      b = round(b, word(bytes, at + 4));
      c = round(c, word(bytes, at + 8));
      d = round(d, word(bytes, at + 12));
    }
    lanes[0] = a;
    lanes[1] = b;
    lanes[2] = c;
    lanes[3] = d;
  }

  /** The hash of everything so far, unsigned. */
  digest(): number {
    const [a, b, c, d] = [this.#lanes[0]!, this.#lanes[1]!, this.#lanes[2]!, this.#lanes[3]!];
    let hash = this.#length < 16 ? prime5 : (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
    hash = (hash + this.#length) | 0;
    let at = 0;
    for (; at + 4 <= this.#restLength; at += 4) hash = Math.imul(rotate((hash + Math.imul(word(this.#rest, at), prime3)) | 0, 17), prime4);
    for (; at < this.#restLength; at++) hash = Math.imul(rotate((hash + Math.imul(this.#rest[at]!, prime5)) | 0, 11), prime1);
    hash = Math.imul(hash ^ (hash >>> 15), prime2);
    hash = Math.imul(hash ^ (hash >>> 13), prime3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function word(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, prime2)) | 0, 13), prime1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
