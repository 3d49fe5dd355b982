import { segmentLimits } from '../limits.ts';

/** Pairs of structured metadata that one row may have here; with more its metadata is one column as it is. */
const pairsMax = 128;

/** Names of structured metadata, told apart. */
export interface MetadataShape {
  readonly id: number;
  /** Null: bytes that do not have the canonical form. */
  readonly names: readonly string[] | null;
  /** What stands before each value but its length: length and bytes of the name. */
  readonly heads: readonly Buffer[];
}

/** Cuts structured metadata (docs/formats/metadata.md) into names and values. */
export class MetadataShapes {
  readonly #shapes = new Map<string, MetadataShape>();
  readonly #none: MetadataShape;
  readonly #raw: MetadataShape;
  #last: MetadataShape;
  /** Where the values of the last row stand. */
  readonly start = new Uint32Array(pairsMax);
  readonly end = new Uint32Array(pairsMax);

  constructor() {
    this.#none = this.#add('', [], []);
    this.#raw = this.#add('raw', null, []);
    this.#last = this.#none;
  }

  #add(key: string, names: readonly string[] | null, heads: readonly Buffer[]): MetadataShape {
    const shape = { id: this.#shapes.size, names, heads };
    this.#shapes.set(key, shape);
    return shape;
  }

  /** The shape of bytes[start … start + length), and the values in `start` and `end`. */
  cut(bytes: Buffer, start: number, length: number): MetadataShape {
    if (length === 0) return this.#none;
    if (this.#matches(this.#last, bytes, start, start + length)) return this.#last;
    this.#last = this.#find(bytes, start, start + length);
    if (this.#last === this.#raw) {
      this.start[0] = start;
      this.end[0] = start + length;
    }
    return this.#last;
  }

  #matches(shape: MetadataShape, bytes: Buffer, start: number, end: number): boolean {
    if (shape.names === null) return false;
    let at = start;
    for (const [i, head] of shape.heads.entries()) {
      const { length } = head;
      if (at + length >= end) return false;
      for (let k = 0; k < length; k++) if (head[k] !== bytes[at + k]) return false;
      at = this.#value(i, bytes, at + length, end);
      if (at < 0) return false;
    }
    return at === end;
  }

  /** Reads the value whose length stands at `at`; the index behind it, -1 where it is not canonical. */
  #value(i: number, bytes: Buffer, at: number, end: number): number {
    const first = bytes[at]!;
    let from = at + 1;
    let length = first;
    if (first >= 0x80) {
      const second = at + 1 < end ? bytes[at + 1]! : 0;
      const third = at + 2 < end ? bytes[at + 2]! : 0;
      if (second === 0) return -1;
      if (second < 0x80) {
        length = (first & 0x7f) | (second << 7);
        from = at + 2;
      } else {
        if (third === 0 || third >= 0x80) return -1;
        length = (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
        from = at + 3;
      }
    }
    if (from + length > end) return -1;
    this.start[i] = from;
    this.end[i] = from + length;
    return from + length;
  }

  #find(bytes: Buffer, start: number, end: number): MetadataShape {
    const names: string[] = [];
    const heads: Buffer[] = [];
    for (let at = start; at < end; ) {
      const length = bytes[at]!;
      if (length >= 0x80 || at + 1 + length >= end || names.length >= pairsMax) return this.#raw;
      const head = bytes.subarray(at, at + 1 + length);
      const name = head.toString('utf8', 1);
      if (Buffer.byteLength(name) !== length || !Buffer.from(name).equals(head.subarray(1))) return this.#raw;
      names.push(name);
      heads.push(Buffer.from(head));
      at = this.#value(names.length - 1, bytes, at + 1 + length, end);
      if (at < 0) return this.#raw;
    }
    const key = `=${names.map((name) => `${name.length}:${name}`).join('')}`;
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    return this.#shapes.size < segmentLimits.metadataShapesMax ? this.#add(key, names, heads) : this.#raw;
  }
}
