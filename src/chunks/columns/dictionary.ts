import { randomBytes } from 'node:crypto';
import { asBuffer, ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { segmentLimits } from '../limits.ts';
import { alphabetSeen } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import { bitWidth, bitsAt, packBits, packedBytes, unpackBits } from './bits.ts';
import type { ColumnDictionary, ColumnHeader, ColumnTexts, ColumnValues, PageOpener } from './column.ts';
import { textNumber } from './numbers.ts';
import { scratchWords } from './scratch.ts';
import { PlaceList, sameBytes, searchEach, textBuffer, viewOf, type Lengths } from './texts.ts';

/** Where entries stand. */
const forms = { inline: 0, page: 1 } as const;
/** A guess at what is left of text after compression. */
const textPart = 0.6;
const sampled = 1024;
/** Values between looks at whether the dictionary still pays. */
const lookEvery = 2048;
const seed = randomBytes(4).readInt32LE(0);

let slots = new Int32Array(4096);
let hashes = new Int32Array(4096);

/** Slots to look at before values count as made to collide. */
function stepsMax(count: number): number {
  return 32 * count + 4096;
}

function hashOf(view: DataView, at: number, length: number): number {
  let hash = seed ^ length;
  let i = at;
  for (const end = at + length - 3; i < end; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (const end = at + length; i < end; i++) hash = Math.imul(hash ^ view.getUint8(i), 0x85ebca6b);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x7feb352d);
  return hash ^ (hash >>> 15);
}

/** How many of some values spread over all are distinct; one of `sampled` at most. */
export function distinctOfSample(values: ColumnValues): { readonly distinct: number; readonly sampled: number } {
  const tried = Math.min(sampled, values.count);
  const distinct = enter(values, tried, values.count / tried, Infinity);
  return { distinct: distinct < 0 ? tried : distinct, sampled: tried };
}

/**
 * Enters `count` values, every `step`-th, into the table: gives the number of distinct ones, with codes in slot 0 and the place of each entry's first value in slot 4
 * of the scratch arrays. -1 where there are too many, they collide, or their estimated bits get over the limit.
 */
function enter(values: ColumnValues, count: number, step: number, bitsMax: number): number {
  const { start, length } = values;
  const view = viewOf(values.bytes);
  const codes = scratchWords(0, count);
  const entries = scratchWords(4, Math.min(count, segmentLimits.columnDictionaryEntriesMax) + 1);
  let size = 1024;
  if (count < size / 4) size = 4 << bitWidth(count);
  if (hashes.length < count) hashes = new Int32Array(2 * count);
  slots.fill(0, 0, size);
  let mask = size - 1;
  let distinct = 0;
  let steps = 0;
  let entryBytes = 0;
  let look = lookEvery;
  // Neighbours are often the same.
  let [lastAt, lastBytes, lastCode] = [0, -1, 0];
  for (let i = 0; i < count; i++) {
    const place = step === 1 ? i : Math.floor(i * step);
    const at = start[place]!;
    const bytesOf = length[place]!;
    if (bytesOf === lastBytes && i !== look && sameBytes(view, lastAt, view, at, bytesOf)) {
      codes[i] = lastCode;
      continue;
    }
    const hash = hashOf(view, at, bytesOf);
    let slot = hash & mask;
    let code = slots[slot]! - 1;
    while (code >= 0) {
      if (hashes[code] === hash) {
        const entry = entries[code]!;
        if (length[entry] === bytesOf && sameBytes(view, start[entry]!, view, at, bytesOf)) break;
      }
      slot = (slot + 1) & mask;
      code = slots[slot]! - 1;
      steps++;
    }
    if (code < 0) {
      if (distinct === segmentLimits.columnDictionaryEntriesMax) return -1;
      code = distinct++;
      slots[slot] = distinct;
      hashes[code] = hash;
      entries[code] = place;
      entryBytes += bytesOf;
      if (2 * distinct > size) {
        size *= 4;
        mask = size - 1;
        regrow(size, distinct);
      }
    }
    codes[i] = code;
    lastAt = at;
    lastBytes = bytesOf;
    lastCode = code;
    if (i === look) {
      look += lookEvery;
      const all = Math.min(count, distinctOf(i + 1, distinct, count));
      if (steps > stepsMax(i) || ((entryBytes * 8 * textPart) / distinct) * (distinct + (all - distinct) / 2) + count * (bitWidth(distinct) - 1) > bitsMax) return -1;
    }
  }
  return steps > stepsMax(count) ? -1 : distinct;
}

/** How many distinct values `count` ones have, if `seen` of them have `distinct` and all come equally often: an estimate that is low where some come more often. */
function distinctOf(seen: number, distinct: number, count: number): number {
  if (distinct === seen) return count;
  // distinct / seen = (1 - e^-x) / x, where x is seen by the number of values that there are.
  let [low, high] = [0, 64];
  for (let i = 0; i < 24; i++) {
    const x = (low + high) / 2;
    if ((1 - Math.exp(-x)) / x > distinct / seen) low = x;
    else high = x;
  }
  const values = seen / high;
  return values * (1 - Math.exp(-count / values));
}

function regrow(size: number, entries: number): void {
  if (slots.length < size) slots = new Int32Array(size);
  else slots.fill(0, 0, size);
  const mask = size - 1;
  for (let code = 0; code < entries; code++) {
    let slot = hashes[code]! & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = code + 1;
  }
}

/**
 * Distinct values in order of first appearance, and a code for each value, packed; null where there are too many or it gets over `bitsMax`. Parameters: u8 form, varint
 * number of entries, and if they are inline, the entries: u8 width, packed lengths, bytes. Pages: the entries if they are not inline; the codes unless there is one entry.
 */
export function draftDictionary(values: ColumnValues, lengths: Lengths, bitsMax: number): Draft | null {
  const { count, length } = values;
  const size = enter(values, count, 1, bitsMax);
  if (size < 0) return null;
  const codes = scratchWords(0, count);
  const entries = scratchWords(4, count);
  let entryBytes = 0;
  for (let code = 0; code < size; code++) entryBytes += length[entries[code]!]!;
  const width = bitWidth(size - 1);
  const inline = entryBytes <= segmentLimits.columnInlineBytesMax && packedBytes(size, bitWidth(lengths.max)) <= segmentLimits.columnInlineBytesMax;
  const bits = count * width + size * bitWidth(lengths.max) + entryBytes * 8 * textPart + (inline ? 64 : 256);
  const make = (): ReturnType<Draft['make']> => {
    const block = entriesBlock(values, entries, size, lengths, entryBytes);
    const writer = new ByteWriter(inline ? block.length + 8 : 16).u8(inline ? forms.inline : forms.page).varint(size);
    if (inline) writer.bytes(block);
    const header: ColumnHeader = { kind: 'dictionary', count, alphabet: alphabetSeen(seen), lengthMin: lengths.min, lengthMax: lengths.max, parameters: writer.view(), range: rangeOf(values, entries, size) };
    const pages: Uint8Array[] = inline ? [] : [block];
    if (width > 0) pages.push(packBits(codes, count, width));
    return { header, pages };
  };
  return { bits, make };
}

const seen = new Uint8Array(256);

function entriesBlock({ bytes, start, length }: ColumnValues, entries: Uint32Array, size: number, lengths: Lengths, entryBytes: number): Uint8Array {
  const width = bitWidth(lengths.max);
  const sizes = scratchWords(1, size);
  for (let code = 0; code < size; code++) sizes[code] = length[entries[code]!]!;
  const packed = packBits(sizes, size, width);
  const block = textBuffer(1 + packed.length + entryBytes);
  block[0] = width;
  block.set(packed, 1);
  let at = 1 + packed.length;
  for (let code = 0; code < size; code++) {
    const from = start[entries[code]!]!;
    bytes.copy(block, at, from, from + sizes[code]!);
    at += sizes[code]!;
  }
  seen.fill(0);
  for (let i = 1 + packed.length; i < at; i++) seen[block[i]!] = 1;
  return block;
}

function rangeOf({ bytes, start, length }: ColumnValues, entries: Uint32Array, size: number): ColumnHeader['range'] {
  let [min, max] = [Infinity, -Infinity];
  for (let code = 0; code < size; code++) {
    const number = textNumber(bytes, start[entries[code]!]!, length[entries[code]!]!);
    if (number === null) return null;
    min = Math.min(min, number);
    max = Math.max(max, number);
  }
  return { min, max };
}

/** Whether the entries stand in a page, not in the header. */
export function hasEntriesPage(header: ColumnHeader): boolean {
  return header.parameters[0] === forms.page;
}

export class DictionaryColumn extends BaseColumn {
  readonly #size: number;
  readonly #width: number;
  readonly #inline: Buffer | null;
  #dictionary: ColumnDictionary | null = null;
  #codes: Uint8Array | Uint16Array | null = null;
  #numbers: Float64Array | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    const form = reader.u8();
    if (form !== forms.inline && form !== forms.page) throw this.damage(`form ${form} of a dictionary is unknown`);
    this.#size = reader.varint(segmentLimits.columnDictionaryEntriesMax, 'entries of a dictionary (columnDictionaryEntriesMax)');
    if (this.#size === 0 || this.#size > header.count) throw this.damage(`${this.#size} entries for ${header.count} values`);
    this.#inline = form === forms.inline ? reader.bytes(reader.remaining) : null;
    reader.end();
    this.#width = bitWidth(this.#size - 1);
  }

  override dictionary(): ColumnDictionary {
    return (this.#dictionary ??= { entries: this.#entries(), size: this.#size });
  }

  #entries(): ColumnTexts {
    const block = this.#inline ?? asBuffer(this.pages(0));
    const size = this.#size;
    const width = block[0] ?? 0;
    const packedLength = packedBytes(size, width);
    if (width > 32 || block.length < 1 + packedLength) throw this.damage('entries of the dictionary are cut');
    const length = new Uint32Array(size);
    unpackBits(block.subarray(1), size, width, length);
    const start = new Uint32Array(size);
    const { lengthMin, lengthMax } = this.header;
    let at = 1 + packedLength;
    for (let code = 0; code < size; code++) {
      const bytes = length[code]!;
      if (bytes < lengthMin || bytes > lengthMax) throw this.damage('length of an entry of the dictionary');
      start[code] = at;
      at += bytes;
      if (at > block.length) throw this.damage('entries of the dictionary are cut');
    }
    if (at !== block.length) throw this.damage('bytes left over behind the entries of the dictionary');
    return { bytes: block, start, length };
  }

  override codes(): Uint8Array | Uint16Array {
    if (this.#codes !== null) return this.#codes;
    const { count } = this.header;
    const codes = this.#width <= 8 ? new Uint8Array(count) : new Uint16Array(count);
    const page = this.#codesPage();
    if (page !== null) unpackBits(page, count, this.#width, codes);
    if (this.#size !== 1 << this.#width && (codes instanceof Uint8Array ? largestByte(codes) : largestHalf(codes)) >= this.#size) throw this.damage('a code is no entry of the dictionary');
    return (this.#codes = codes);
  }

  #codesPage(): Uint8Array | null {
    return this.#width === 0 ? null : this.page(this.#inline === null ? 1 : 0, packedBytes(this.header.count, this.#width));
  }

  override numbers(): Float64Array | null {
    const { range, count } = this.header;
    if (range === null || this.#numbers !== null) return this.#numbers;
    const { bytes, start, length } = this.dictionary().entries;
    const entries = new Float64Array(this.#size);
    for (let code = 0; code < this.#size; code++) {
      const number = textNumber(bytes, start[code]!, length[code]!);
      if (number === null || number < range.min || number > range.max) throw this.damage('an entry is no number of the range');
      entries[code] = number;
    }
    const codes = this.codes();
    const numbers = new Float64Array(count);
    for (let i = 0; i < count; i++) numbers[i] = entries[codes[i]!]!;
    return (this.#numbers = numbers);
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const { entries } = this.dictionary();
    const codes = places !== null && this.#codes === null ? this.#codesAt(places) : this.codes();
    const gathered = places !== null && codes !== this.#codes;
    const count = places?.length ?? this.header.count;
    const start = new Uint32Array(count);
    const length = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const code = codes[places === null || gathered ? i : places[i]!]!;
      start[i] = entries.start[code]!;
      length[i] = entries.length[code]!;
    }
    return { bytes: entries.bytes, start, length };
  }

  #codesAt(places: Uint32Array): Uint16Array {
    const page = this.#codesPage();
    const codes = new Uint16Array(places.length);
    if (page !== null) for (let i = 0; i < codes.length; i++) codes[i] = bitsAt(page, places[i]!, this.#width);
    for (const code of codes) if (code >= this.#size) throw this.damage('a code is no entry of the dictionary');
    return codes;
  }

  /** Codes of the entries that contain the needle; the page of codes is read only where there are some. */
  protected override search(needle: Uint8Array): Uint32Array {
    const entries = new PlaceList();
    searchEach(this.dictionary().entries, 0, this.#size, needle, entries);
    const found = new PlaceList();
    if (entries.length > 0) {
      const marks = new Uint8Array(this.#size);
      for (const entry of entries.done()) marks[entry] = 1;
      const codes = this.codes();
      for (let i = 0; i < codes.length; i++) if (marks[codes[i]!] === 1) found.add(i);
    }
    return found.done();
  }
}

// One loop for each element type.
function largestByte(codes: Uint8Array): number {
  let max = 0;
  for (let i = 0; i < codes.length; i++) if (codes[i]! > max) max = codes[i]!;
  return max;
}
function largestHalf(codes: Uint16Array): number {
  let max = 0;
  for (let i = 0; i < codes.length; i++) if (codes[i]! > max) max = codes[i]!;
  return max;
}
