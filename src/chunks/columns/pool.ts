import { keepShape } from '../../model/mod.ts';
import { randomBytes } from 'node:crypto';
import { asBuffer, ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import { segmentLimits } from '../limits.ts';
import { BaseColumn, type ColumnContext } from './base.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, EncodedColumn, PageOpener } from './column.ts';
import { bitsAt } from './bits.ts';
import { frameBytes, frameOf, largest, packFrame, readFrame, unpackFrame, writeFrame, type Frame } from './frame.ts';
import { hexAlphabet } from './hex.ts';
import { caseOf, findHex, parseHex, renderHexAt } from './hexadecimal.ts';
import { scratchDoubles, scratchWords } from './scratch.ts';
import { evenStarts, PlaceList, viewOf } from './texts.ts';

/** Fewer digits than this are not pooled. */
export const poolDigitsMin = 32;
/** Whether pooling pays is judged after so many values. */
const judgedAfter = 4096;
/** It does not where more than this part of the values were new. */
const newPartMax = 0.75;
/** Unless half of so many values of a column are known. */
const probes = 256;
/** Digits of a word. */
const wordDigits = 8;
/** Bytes behind the values: u8 bytes of a value, u8 1 where letters are upper ones. */
const trailerBytes = 2;
const seed = randomBytes(4).readInt32LE(0);


/** A column's values as words, each of as many as it has eight digits. */
let parsed = new Int32Array(16_384);

/** Distinct hexadecimal values of one length (a multiple of 8) and case, which the columns of a segment share; numbered in order of first appearance. */
export class HexPool {
  /** Words of a value. */
  #size = 0;
  #upper = false;
  #count = 0;
  #words = new Int32Array(4096);
  /** Open addressing; number of the value + 1, 0 is empty. */
  #slots = new Int32Array(4096);
  #seen = 0;
  #new = 0;

  /** Distinct values. */
  get count(): number {
    return this.#count;
  }

  /** Digits of a value; 0 while the pool is empty. */
  get digits(): number {
    return wordDigits * this.#size;
  }

  /** Whether letters are upper ones. */
  get upper(): boolean {
    return this.#upper;
  }

  /** Bytes that the pool holds in memory. */
  get heldBytes(): number {
    return this.#words.byteLength + this.#slots.byteLength;
  }

  /** Adds values (at least one) and gives their numbers; null, and nothing is added, where they do not fit or the pool does not pay. The result is valid until the next call. */
  codesOf(values: ColumnValues): Uint32Array | null {
    const { bytes, start, length, count } = values;
    const digits = this.#count === 0 ? length[0]! : this.digits;
    if (digits < poolDigitsMin || digits > segmentLimits.hexPoolDigitsMax || digits % wordDigits !== 0 || this.#count + count > segmentLimits.hexPoolEntriesMax) return null;
    for (let i = 0; i < count; i++) if (length[i] !== digits) return null;
    const size = digits / wordDigits;
    const upper = this.#count === 0 ? caseOf(bytes, start, length, count) : this.#upper;
    if (parsed.length < count * size) parsed = new Int32Array(2 * count * size);
    const [view, target] = [viewOf(bytes), new DataView(parsed.buffer)];
    for (let i = 0; i < count; i++) if (!parseHex(view, start[i]!, 4 * size, upper, target, 4 * i * size)) return null;
    if (this.#count === 0) [this.#size, this.#upper] = [size, upper];
    else if (this.#seen >= judgedAfter && this.#new > newPartMax * this.#seen && !this.#knows(count)) return null;
    const before = this.#count;
    this.#reserve(before + count);
    const codes = scratchWords(0, count);
    const after = enter(this.#words, this.#slots, size, before, count, codes);
    if (after < 0) {
      this.#rebuild(this.#slots.length);
      return null;
    }
    this.#count = after;
    this.#seen += count;
    this.#new += after - before;
    return codes;
  }

  #knows(count: number): boolean {
    const tried = Math.min(probes, count);
    const slots = this.#slots;
    let known = 0;
    for (let i = 0; i < tried; i++) {
      const from = Math.floor((i * count) / tried) * this.#size;
      let slot = hashOf(parsed, from, this.#size) & (slots.length - 1);
      // A few slots are enough for a guess.
      for (let step = 0; step < 8 && slots[slot] !== 0; step++, slot = (slot + 1) & (slots.length - 1)) {
        if (!sameWords(this.#words, (slots[slot]! - 1) * this.#size, parsed, from, this.#size)) continue;
        known++;
        break;
      }
    }
    return 2 * known >= tried;
  }

  /** Room for so many values. */
  #reserve(count: number): void {
    if (this.#words.length < count * this.#size) {
      const grown = new Int32Array(2 * count * this.#size);
      grown.set(this.#words.subarray(0, this.#count * this.#size));
      this.#words = grown;
    }
    if (this.#slots.length < 2 * count) this.#rebuild(2 ** Math.ceil(Math.log2(3 * count)));
  }

  #rebuild(length: number): void {
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (let code = 0; code < this.#count; code++) {
      let slot = hashOf(this.#words, code * this.#size, this.#size) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.#slots = slots;
  }

  /** The page: the bytes of the values, one after another, and two bytes that say how to read them. */
  bytes(): Uint8Array {
    const used = 4 * this.#count * this.#size;
    const page = Buffer.allocUnsafeSlow(used + trailerBytes);
    page.set(new Uint8Array(this.#words.buffer, 0, used));
    page[used] = 4 * this.#size;
    page[used + 1] = this.#upper ? 1 : 0;
    return page;
  }
}

function hashOf(words: Int32Array, from: number, size: number): number {
  let hash = seed;
  for (let i = from; i < from + size; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x7feb352d);
  return hash ^ (hash >>> 15);
}

function sameWords(a: Int32Array, aFrom: number, b: Int32Array, bFrom: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (a[aFrom + i] !== b[bFrom + i]) return false;
  return true;
}

/** Enters `parsed` behind the first `before` values: gives the number of values then, -1 where they collide too often. Slots hold what is new in either case. */
function enter(words: Int32Array, slots: Int32Array, size: number, before: number, count: number, codes: Uint32Array): number {
  const mask = slots.length - 1;
  const stepsMax = 32 * count + 4096;
  let [after, steps] = [before, 0];
  for (let i = 0; i < count; i++) {
    const from = i * size;
    let slot = hashOf(parsed, from, size) & mask;
    let code = slots[slot]! - 1;
    while (code >= 0 && !sameWords(words, code * size, parsed, from, size)) {
      slot = (slot + 1) & mask;
      code = slots[slot]! - 1;
      steps++;
    }
    if (code < 0) {
      code = after++;
      slots[slot] = after;
      for (let word = 0; word < size; word++) words[code * size + word] = parsed[from + word]!;
      if (steps > stepsMax) return -1;
    }
    codes[i] = code;
  }
  return after;
}

/** A pool's page, opened. Throws `corruption` where it is none. */
export class HexPoolReader {
  readonly count: number;
  /** Digits of a value. */
  readonly digits: number;
  readonly upper: boolean;
  readonly #binary: Buffer;
  #lastNeedle: Buffer | null = null;
  #lastFound: Uint32Array = new Uint32Array(0);

  constructor(page: Uint8Array, where: string) {
    const used = page.length - trailerBytes;
    const size = page[used] ?? 0;
    const upper = page[used + 1] ?? 2;
    const wrong = used < 0 || upper > 1 || 2 * size < poolDigitsMin || 2 * size > segmentLimits.hexPoolDigitsMax || used % size !== 0 || used / size > segmentLimits.hexPoolEntriesMax;
    if (wrong) throw new SpoorError('corruption', { where, offset: Math.max(0, used), reason: `pool of ${page.length} bytes with values of ${size}` });
    this.#binary = asBuffer(page).subarray(0, used);
    this.count = used / size;
    this.digits = 2 * size;
    this.upper = upper === 1;
  }

  /** The value with this number. */
  text(code: number): string {
    const text = this.#binary.toString('hex', (code * this.digits) / 2, ((code + 1) * this.digits) / 2);
    return this.upper ? text.toUpperCase() : text;
  }

  /** The digits of these values, one after another; each number is below `count`. */
  texts(codes: ArrayLike<number>): Buffer {
    return renderHexAt(this.#binary, this.digits / 2, codes, this.upper);
  }

  /** Numbers (ascending) of the values that contain `needle`, which is not empty. The last answer is kept. */
  find(needle: Uint8Array): Uint32Array {
    if (this.#lastNeedle?.equals(needle) !== true) {
      this.#lastFound = findHex(this.#binary, this.digits / 2, this.upper, needle);
      this.#lastNeedle = Buffer.from(needle);
    }
    return this.#lastFound;
  }
}

/** A column of numbers in the pool, in a frame; null where the pool does not take the values. */
export function encodePool(values: ColumnValues, pool: HexPool): EncodedColumn | null {
  const codes = pool.codesOf(values);
  if (codes === null) return null;
  const numbers = scratchDoubles(0, values.count);
  for (let i = 0; i < values.count; i++) numbers[i] = codes[i]!;
  const frame = frameOf(numbers, values.count)!;
  const writer = new ByteWriter(16);
  writeFrame(writer, frame);
  const alphabet = hexAlphabet(pool.upper);
  const header: ColumnHeader = { kind: 'pool', count: values.count, alphabet, lengthMin: pool.digits, lengthMax: pool.digits, parameters: writer.view(), range: null };
  return { header, pages: packFrame(numbers, values.count, frame) };
}

export class PoolColumn extends BaseColumn {
  readonly #frame: Frame;
  readonly #opened: () => HexPoolReader;
  #kept: HexPoolReader | null = null;
  #numbers: Float64Array | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    this.#frame = readFrame(reader);
    reader.end();
    if (this.#frame.base < 0 || this.#frame.base > segmentLimits.hexPoolEntriesMax || header.lengthMin !== header.lengthMax) throw this.damage('numbers in the pool');
    this.#opened = context.pool;
  }

  get #pool(): HexPoolReader {
    if (this.#kept !== null) return this.#kept;
    const pool = this.#opened();
    if (pool.digits !== this.header.lengthMin) throw this.damage(`the pool has values of ${pool.digits} digits`);
    return (this.#kept = pool);
  }

  #page(): Uint8Array | null {
    return this.#frame.width === 0 ? null : this.page(0, frameBytes(this.header.count, this.#frame.width));
  }

  /** The number in the pool of each value. */
  poolCodes(): Float64Array {
    return (this.#numbers ??= this.#check(unpackFrame(this.#page(), this.header.count, this.#frame)));
  }

  #check(codes: Float64Array): Float64Array {
    if (codes.length > 0 && largest(codes) >= this.#pool.count) throw this.damage('a number is over the size of the pool');
    return codes;
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const codes = places === null ? this.poolCodes() : this.#codesAt(places);
    const digits = this.header.lengthMin;
    return { bytes: this.#pool.texts(codes), start: evenStarts(codes.length, digits), length: new Uint32Array(codes.length).fill(digits) };
  }

  #codesAt(places: Uint32Array): Float64Array {
    const numbers = this.#numbers;
    if (numbers !== null) return Float64Array.from(places, (place) => numbers[place]!);
    const page = this.#page();
    const { base, width } = this.#frame;
    return this.#check(Float64Array.from(places, (place) => base + (page === null ? 0 : bitsAt(page, place, width))));
  }

  /** The pool is searched once for all columns; the page is read only where the column's numbers reach over one that was found. */
  protected override search(needle: Uint8Array): Uint32Array {
    const { base, width } = this.#frame;
    const end = base + 2 ** width;
    const wanted = this.#pool.find(needle).filter((code) => code >= base && code < end);
    const found = new PlaceList();
    if (wanted.length > 0) {
      const codes = this.poolCodes();
      if (wanted.length === 1) {
        const [only] = wanted;
        for (let i = 0; i < codes.length; i++) if (codes[i] === only) found.add(i);
      } else {
        const marks = new Uint8Array(this.#pool.count);
        for (const code of wanted) marks[code] = 1;
        for (let i = 0; i < codes.length; i++) if (marks[codes[i]!] === 1) found.add(i);
      }
    }
    return found.done();
  }
}

keepShape(new HexPool());
