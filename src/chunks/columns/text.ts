import { asBuffer, ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { segmentLimits } from '../limits.ts';
import { alphabetSeen } from './alphabet.ts';
import { BaseColumn, type ColumnContext } from './base.ts';
import { bitWidth, packBits, packedBytes, unpackBits } from './bits.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, EncodedColumn, PageOpener } from './column.ts';
import { scratchWords } from './scratch.ts';
import { pickTexts, PlaceList, searchTexts, textBuffer, type Lengths } from './texts.ts';

/** Lengths and bytes in one page; or in pages of their own. */
const forms = { together: 0, apart: 1 } as const;
/** Raw bytes up to which lengths and bytes are one page. */
const togetherMax = 64 * 1024;

const seen = new Uint8Array(256);

/**
 * Anything: packed lengths above the shortest, then the bytes of the values one after another. Small columns are one page. Otherwise the lengths are a page (none where
 * they are all the same), and the bytes pages of about columnPageTarget, cut between values. Parameters: u8 form; where apart, varint number of pages of bytes, and for
 * each but the last a varint number of values.
 */
export function encodeText(values: ColumnValues, lengths: Lengths): EncodedColumn {
  const { length, count } = values;
  const width = bitWidth(lengths.max - lengths.min);
  const together = lengths.total + packedBytes(count, width) <= togetherMax;
  const above = scratchWords(1, count);
  if (width > 0) for (let i = 0; i < count; i++) above[i] = length[i]! - lengths.min;
  const packed = width === 0 ? new Uint8Array(0) : packBits(above, count, width);
  seen.fill(0);
  const writer = new ByteWriter(16);
  const pages: Uint8Array[] = [];
  if (together) {
    writer.u8(forms.together);
    pages.push(copyValues(values, 0, count, packed, lengths.total));
  } else {
    if (width > 0) pages.push(packed);
    const target = Math.max(segmentLimits.columnPageTarget, Math.ceil(lengths.total / (segmentLimits.columnPagesMax / 4)));
    const cuts = [0];
    let held = 0;
    for (let i = 0; i < count; i++) {
      if (held > 0 && held + length[i]! > target) {
        pages.push(copyValues(values, cuts.at(-1)!, i, none, held));
        cuts.push(i);
        held = 0;
      }
      held += length[i]!;
    }
    pages.push(copyValues(values, cuts.at(-1)!, count, none, held));
    writer.u8(forms.apart).varint(cuts.length);
    for (let i = 1; i < cuts.length; i++) writer.varint(cuts[i]! - cuts[i - 1]!);
  }
  for (const page of together ? [pages[0]!.subarray(packed.length)] : pages.slice(width > 0 ? 1 : 0)) for (let i = 0; i < page.length; i++) seen[page[i]!] = 1;
  const header: ColumnHeader = { kind: 'text', count, alphabet: alphabetSeen(seen), lengthMin: lengths.min, lengthMax: lengths.max, parameters: writer.view(), range: null };
  return { header, pages };
}

const none = new Uint8Array(0);
/** Values up to this length are copied byte by byte. */
const shortMax = 48;

/** A page of `before` and the values from … to, which are `total` bytes. */
function copyValues({ bytes, start, length }: ColumnValues, from: number, to: number, before: Uint8Array, total: number): Uint8Array {
  const page = textBuffer(before.length + total);
  page.set(before);
  let at = before.length;
  for (let i = from; i < to; i++) {
    const begin = start[i]!;
    const size = length[i]!;
    if (size <= shortMax) for (let j = 0; j < size; j++) page[at + j] = bytes[begin + j]!;
    else bytes.copy(page, at, begin, begin + size);
    at += size;
  }
  return page;
}

/** Where the values of a page of bytes are: they are from … to. */
interface TextPage {
  readonly page: number;
  readonly from: number;
  readonly to: number;
}

export class TextColumn extends BaseColumn {
  readonly #together: boolean;
  readonly #pages: readonly TextPage[];
  readonly #width: number;
  #placed: { readonly start: Uint32Array; readonly length: Uint32Array } | null = null;
  readonly #opened = new Map<number, Buffer>();

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    const form = reader.u8();
    if (form !== forms.together && form !== forms.apart) throw this.damage(`form ${form} of texts is unknown`);
    this.#together = form === forms.together;
    this.#width = bitWidth(header.lengthMax - header.lengthMin);
    const first = this.#together || this.#width === 0 ? 0 : 1;
    const count = this.#together ? 1 : reader.varint(segmentLimits.columnPagesMax, 'pages of texts (columnPagesMax)');
    const list: TextPage[] = [];
    let from = 0;
    for (let i = 0; i < count; i++) {
      const to = i === count - 1 ? header.count : from + reader.varint(header.count - from, 'values of a page');
      list.push({ page: first + i, from, to });
      from = to;
    }
    reader.end();
    if (from !== header.count) throw this.damage('no pages of texts');
    this.#pages = list;
  }

  /** Where each value begins in its page (together: behind the lengths), and its length. */
  #places(): { readonly start: Uint32Array; readonly length: Uint32Array } {
    if (this.#placed !== null) return this.#placed;
    const { count, lengthMin, lengthMax } = this.header;
    const packedLength = packedBytes(count, this.#width);
    const length = new Uint32Array(count);
    if (this.#width > 0) {
      const page = this.pages(0);
      if (this.#together ? page.length < packedLength : page.length !== packedLength) throw this.damage(`page of lengths has ${page.length} bytes instead of ${packedLength}`);
      unpackBits(page, count, this.#width, length);
    }
    const start = new Uint32Array(count);
    for (const { page, from, to } of this.#pages) {
      let at = this.#together ? packedLength : 0;
      for (let i = from; i < to; i++) {
        const bytes = length[i]! + lengthMin;
        if (bytes > lengthMax) throw this.damage('a text is longer than the longest');
        start[i] = at;
        length[i] = bytes;
        at += bytes;
      }
      if (at > segmentLimits.pageRawBytesMax) throw this.damage(`page ${page} has ${at} bytes, over the limit of ${segmentLimits.pageRawBytesMax} (pageRawBytesMax)`);
    }
    return (this.#placed = { start, length });
  }

  #page({ page, from, to }: TextPage): Buffer {
    const known = this.#opened.get(page);
    if (known !== undefined) return known;
    const { start, length } = this.#places();
    const bytes = to > from ? start[to - 1]! + length[to - 1]! : this.#together ? packedBytes(this.header.count, this.#width) : 0;
    const raw = asBuffer(this.page(page, bytes));
    this.#opened.set(page, raw);
    return raw;
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    return places === null ? this.#all() : this.#few(places);
  }

  #all(): ColumnTexts {
    const { start, length } = this.#places();
    const [only] = this.#pages;
    if (this.#pages.length === 1 && only !== undefined) return { bytes: this.#page(only), start, length };
    const pages = this.#pages.map((page) => this.#page(page));
    const from = new Uint32Array(start.length);
    let base = 0;
    for (const [i, page] of this.#pages.entries()) {
      for (let place = page.from; place < page.to; place++) from[place] = base + start[place]!;
      base += pages[i]!.length;
    }
    return { bytes: Buffer.concat(pages), start: from, length };
  }

  #few(places: Uint32Array): ColumnTexts {
    const { start, length } = this.#places();
    const [only] = this.#pages;
    if (this.#pages.length === 1 && only !== undefined) return pickTexts({ bytes: this.#page(only), start, length }, places);
    let total = 0;
    for (const place of places) total += length[place]!;
    const target = textBuffer(total);
    const found = { bytes: target, start: new Uint32Array(places.length), length: new Uint32Array(places.length) };
    let [at, page] = [0, 0];
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      while (place >= this.#pages[page]!.to) page++;
      this.#page(this.#pages[page]!).copy(target, at, start[place], start[place]! + length[place]!);
      found.start[i] = at;
      found.length[i] = length[place]!;
      at += length[place]!;
    }
    return found;
  }

  /** Page by page, so that they are not joined for it. */
  protected override search(needle: Uint8Array): Uint32Array {
    const { start, length } = this.#places();
    const found = new PlaceList();
    for (const page of this.#pages) {
      const texts = { bytes: this.#page(page), start: start.subarray(page.from, page.to), length: length.subarray(page.from, page.to) };
      searchTexts(texts, page.to - page.from, needle, found, page.from);
    }
    return found.done();
  }
}
