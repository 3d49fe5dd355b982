import { randomBytes } from 'node:crypto';
import { asBuffer, ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import { segmentLimits } from '../limits.ts';
import { BaseColumn, type ColumnContext } from './base.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, EncodedColumn, PageOpener } from './column.ts';
import { bitsAt } from './bits.ts';
import { frameBytes, frameOf, largest, packFrame, readFrame, unpackFrame, writeFrame, type Frame } from './frame.ts';
import { hexAlphabet } from './hex.ts';
import { caseOf, findHex, hexNibbles, parseHex, writeHex } from './hexadecimal.ts';
import { scratchDoubles, scratchWords } from './scratch.ts';
import { evenStarts, PlaceList, textBuffer } from './texts.ts';

/** Fewer digits than this are not pooled. */
export const poolDigitsMin = 32;
/** Whether pooling pays is judged after so many values. */
const judgedAfter = 4096;
/** It does not where more than this part of the values were new. */
const newPartMax = 0.75;
/** Unless half of so many values of a column are known. */
const probes = 256;
/** Bytes behind the values: u8 bytes of a value, u8 1 where letters are upper ones. */
const trailerBytes = 2;
const seed = randomBytes(4).readInt32LE(0);


/** Slots to look at for a column before its values count as made to collide. */
function stepsMax(count: number): number {
  return 32 * count + 4096;
}

let parsed = new Uint8Array(65_536);

/** Distinct hexadecimal values of one length and case, which the columns of a segment share; numbered in order of first appearance. */
export class HexPool {
  #size = 0;
  #upper = false;
  #count = 0;
  #bytes = Buffer.alloc(0);
  #hashes = new Int32Array(1024);
  /** Open addressing; number of the value + 1, 0 is empty. */
  #slots = new Int32Array(4096);
  #seen = 0;
  #new = 0;
  /** Slots looked at since a column began. */
  #steps = 0;

  /** Distinct values. */
  get count(): number {
    return this.#count;
  }

  /** Digits of a value; 0 while the pool is empty. */
  get digits(): number {
    return 2 * this.#size;
  }

  /** Whether letters are upper ones. */
  get upper(): boolean {
    return this.#upper;
  }

  /** Bytes that the pool holds in memory. */
  get heldBytes(): number {
    return this.#bytes.length + this.#hashes.byteLength + this.#slots.byteLength;
  }

  /** Adds values (at least one) and gives their numbers; null, and nothing is added, where they do not fit or the pool does not pay. The result is valid until the next call. */
  codesOf(values: ColumnValues): Uint32Array | null {
    const { bytes, start, length, count } = values;
    const digits = this.#count === 0 ? length[0]! : this.digits;
    if (digits < poolDigitsMin || digits > segmentLimits.hexPoolDigitsMax || digits % 2 !== 0 || this.#count + count > segmentLimits.hexPoolEntriesMax) return null;
    for (let i = 0; i < count; i++) if (length[i] !== digits) return null;
    const size = digits / 2;
    const upper = this.#count === 0 ? caseOf(bytes, start, length, count) : this.#upper;
    const table = hexNibbles(upper);
    if (parsed.length < count * size) parsed = new Uint8Array(count * size);
    for (let i = 0; i < count; i++) if (!parseHex(bytes, start[i]!, size, table, parsed, i * size)) return null;
    if (this.#seen >= judgedAfter && this.#new > newPartMax * this.#seen && !this.#knows(count)) return null;
    this.#size = size;
    this.#upper = upper;
    return this.#add(count);
  }

  #knows(count: number): boolean {
    const tried = Math.min(probes, count);
    let known = 0;
    for (let i = 0; i < tried; i++) if (this.#slots[this.#slot(Math.floor((i * count) / tried) * this.#size)] !== 0) known++;
    return 2 * known >= tried;
  }

  /** The slot of parsed[from …), where it is or belongs. */
  #slot(from: number): number {
    return this.#find(this.#hash(from), from);
  }

  #hash(from: number): number {
    let hash = seed;
    const to = from + this.#size;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      hash = Math.imul(hash ^ (parsed[at]! | (parsed[at + 1]! << 8) | (parsed[at + 2]! << 16) | (parsed[at + 3]! << 24)), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    for (; at < to; at++) hash = Math.imul(hash ^ parsed[at]!, 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }

  #find(hash: number, from: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      this.#steps++;
      const code = slots[slot]! - 1;
      if (code < 0 || (this.#hashes[code] === hash && this.#equals(code, from))) return slot;
    }
  }

  #equals(code: number, from: number): boolean {
    const at = code * this.#size;
    for (let i = 0; i < this.#size; i++) if (this.#bytes[at + i] !== parsed[from + i]) return false;
    return true;
  }

  #add(count: number): Uint32Array | null {
    const codes = scratchWords(0, count);
    const before = this.#count;
    this.#reserve(before + count);
    this.#steps = 0;
    for (let i = 0; i < count; i++) {
      const from = i * this.#size;
      const hash = this.#hash(from);
      const slot = this.#find(hash, from);
      let code = this.#slots[slot]! - 1;
      if (code < 0) {
        code = this.#count++;
        this.#slots[slot] = code + 1;
        this.#hashes[code] = hash;
        for (let byte = 0; byte < this.#size; byte++) this.#bytes[code * this.#size + byte] = parsed[from + byte]!;
      }
      codes[i] = code;
      if (this.#steps > stepsMax(count)) {
        this.#count = before;
        this.#rebuild(this.#slots.length);
        return null;
      }
    }
    this.#seen += count;
    this.#new += this.#count - before;
    return codes;
  }

  /** Room for so many values. */
  #reserve(count: number): void {
    if (this.#bytes.length < count * this.#size) {
      const grown = Buffer.allocUnsafeSlow(2 * count * this.#size);
      this.#bytes.copy(grown, 0, 0, this.#count * this.#size);
      this.#bytes = grown;
    }
    if (this.#hashes.length < count) {
      const grown = new Int32Array(2 * count);
      grown.set(this.#hashes.subarray(0, this.#count));
      this.#hashes = grown;
    }
    if (this.#slots.length < 2 * count) this.#rebuild(2 ** Math.ceil(Math.log2(3 * count)));
  }

  #rebuild(length: number): void {
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (let code = 0; code < this.#count; code++) {
      let slot = this.#hashes[code]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.#slots = slots;
  }

  /** The page: the bytes of the values, one after another, and two bytes that say how to read them. */
  bytes(): Uint8Array {
    const used = this.#count * this.#size;
    const page = Buffer.allocUnsafeSlow(used + trailerBytes);
    this.#bytes.copy(page, 0, 0, used);
    page[used] = this.#size;
    page[used + 1] = this.#upper ? 1 : 0;
    return page;
  }
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

  /** Writes its digits at `at`. */
  write(target: Buffer, at: number, code: number): void {
    writeHex(target, at, this.#binary, (code * this.digits) / 2, this.digits / 2, this.upper);
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
    super(header, pages, context.where);
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
    const { digits } = this.header.count === 0 ? { digits: this.header.lengthMin } : this.#pool;
    const target = textBuffer(codes.length * digits);
    for (let i = 0; i < codes.length; i++) this.#pool.write(target, i * digits, codes[i]!);
    return { bytes: target, start: evenStarts(codes.length, digits), length: new Uint32Array(codes.length).fill(digits) };
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
