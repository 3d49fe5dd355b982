import { asBuffer } from '../bytes/mod.ts';
import { keepShape, SpoorError, type BytesColumn } from '../model/mod.ts';
import type { ColumnValues } from './columns/column.ts';
import { encodeColumn } from './columns/encode.ts';
import type { HexPool } from './columns/pool.ts';
import type { BuiltContent, RowGroupContent, RowsBuilt } from './content.ts';
import { columnIds, encodingIds } from './format.ts';
import { GroupGrams } from './group-grams.ts';
import { sealIntegers } from './integers.ts';
import { segmentLimits } from './limits.ts';
import type { PageMeta } from './meta.ts';
import { sealPage, type SealedPage } from './page.ts';
import type { FullBlock } from './row-group-builder.ts';
import { encodeShapes, type GramPlace, type Shape, type ShapeColumn } from './shapes.ts';
import { Shredder, type RowTexts, type TemplateRows } from './shred/shredder.ts';
import { WordArena } from './word-arena.ts';

/** What a row group is taken apart in: a thread encodes one after the other. */
const arena = new WordArena();

/** Of shredded rows about this part of their bytes is left. */
const shrinkage = 5;

/** Lines and metadata taken apart into templates and columns when the row group is full. */
export class ShreddedContent implements RowGroupContent {
  readonly #pool: HexPool | null;
  readonly #lines = new GrowingTexts();
  readonly #metadata = new GrowingTexts();

  /** `pool`: shared by the row groups of a segment. */
  constructor(pool: HexPool | null) {
    this.#pool = pool;
  }

  get heldBytes(): number {
    return this.#lines.heldBytes + this.#metadata.heldBytes;
  }

  get estimatedBytes(): number {
    return (this.#lines.length + this.#metadata.length) / shrinkage;
  }

  get metadataBytes(): number {
    return this.#metadata.length;
  }

  append(block: FullBlock, from: number, to: number): void {
    this.#lines.append(block.lines, from, to);
    this.#metadata.append(block.metadata, from, to);
  }

  finish(built: RowsBuilt): BuiltContent {
    const { runs } = built;
    const lines = this.#lines.texts;
    const metadata = this.#metadata.texts;
    const rows = runs.start[runs.count]!;
    arena.reset();
    const groups = new Shredder(arena).shred(lines, metadata, rows);
    const templateOf = new Float64Array(rows);
    const columns = new PlacedColumns();
    const texts = new GroupGrams<ShapeColumn>();
    const shapes: Omit<Shape, 'key'>[] = [];
    for (const [number, group] of groups.entries()) {
      enterAt(templateOf, group.rows, number);
      shapes.push(this.#shape(group, lines.bytes, metadata.bytes, built, columns, texts));
    }
    const grams = texts.finish();
    const inline = grams !== null && grams.filter.length <= segmentLimits.gramFilterInlineBytesMax;
    const placed = columns.place(grams === null || inline ? null : grams.filter);
    const place: GramPlace | null = placed.first !== null ? { kind: 'page', page: placed.first } : grams !== null ? { kind: 'inline', bytes: grams.filter } : null;
    const placedShapes = shapes.map((shape) => ({
      ...shape, columns: shape.columns.map((column) => ({ header: column.header, pages: column.pages.map((page) => placed.pages.get(page)!), grams: grams?.columns.has(column) === true ? place : null })),
    }));
    const directory = encodeShapes(placedShapes);
    this.#lines.release();
    this.#metadata.release();
    return {
      pages: [sealIntegers(columnIds.template, templateOf, runs, false)],
      shredded: { shapes: sealPage({ column: columnIds.shapes, encoding: encodingIds.shapes, values: shapes.length, range: null }, directory), data: placed.data, bytes: placed.bytes },
    };
  }

  #shape(group: TemplateRows, lines: Buffer, metadata: Buffer, { time, day }: RowsBuilt, placed: PlacedColumns, texts: GroupGrams<ShapeColumn>): Omit<Shape, 'key'> {
    const { template, rows, width } = group;
    const count = rows.length;
    const times = timesOf(time, rows);
    const earlier: ColumnValues[] = [];
    const columns: Shape['columns'][number][] = [];
    for (let column = 0; column < width; column++) {
      const start = everyNth(group.start, column, width, count);
      const length = everyNth(group.length, column, width, count);
      const values = { bytes: column < template.holes.length ? lines : metadata, start, length, count, time: times, day };
      const encoded = encodeColumn(values, { earlier, pool: this.#pool });
      earlier.push(values);
      const own = { header: encoded.header, pages: encoded.pages.map((raw) => placed.add(raw, count)), grams: null };
      columns.push(own);
      // Line filters look at lines only.
      if (column < template.holes.length) texts.add(own, encoded, values, own.pages.reduce((sum, page) => sum + page.storedBytes, 0));
    }
    return { template, rows: count, columns };
  }
}

// Loops in functions of their own: V8 throws away what it compiled inside a running function when the loop ends.

function timesOf(time: Float64Array, rows: Uint32Array): Float64Array {
  const times = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) times[i] = time[rows[i]!]!;
  return times;
}

function everyNth(cells: Uint32Array, first: number, width: number, count: number): Uint32Array {
  const column = arena.take(count);
  for (let i = 0, at = first; i < count; i++, at += width) column[i] = cells[at]!;
  return column;
}

function enterAt(into: Float64Array, rows: Uint32Array, value: number): void {
  for (let i = 0; i < rows.length; i++) into[rows[i]!] = value;
}

/** Pages of columns, compressed; the small ones are put first, so that a few of them are one read. */
class PlacedColumns {
  readonly #pages: { readonly meta: PageMeta; readonly page: SealedPage }[] = [];

  add(raw: Uint8Array, values: number): PageMeta {
    const page = sealPage({ column: columnIds.value, encoding: encodingIds.value, values, range: null }, raw);
    const meta = { ...page.meta, offset: 0 };
    this.#pages.push({ meta, page });
    return meta;
  }

  /** Offsets from the first of these pages on; a filter stands before all. */
  place(filter: Uint8Array | null): { readonly first: PageMeta | null; readonly pages: ReadonlyMap<PageMeta, PageMeta>; readonly data: readonly Uint8Array[]; readonly bytes: number } {
    const pages = new Map<PageMeta, PageMeta>();
    const data: Uint8Array[] = [];
    let at = 0;
    let first: PageMeta | null = null;
    if (filter !== null) {
      const page = sealPage({ column: columnIds.grams, encoding: encodingIds.grams, values: 0, range: null }, filter);
      first = { ...page.meta, offset: 0 };
      data.push(page.data);
      at = page.data.length;
    }
    for (const { meta, page } of this.#pages.toSorted((a, b) => a.page.data.length - b.page.data.length)) {
      pages.set(meta, { ...meta, offset: at });
      data.push(page.data);
      at += page.data.length;
    }
    return { first, pages, data, bytes: at };
  }
}

interface TextsMemory {
  readonly bytes: Buffer;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
}

/** Memory of row groups that are written. */
const spare: TextsMemory[] = [];
const spareMax = 4;

/** Byte strings gathered into one buffer. */
class GrowingTexts {
  #bytes: Buffer;
  #count = 0;
  #start: Uint32Array;
  #length: Uint32Array;
  /** Bytes of all. */
  length = 0;

  constructor() {
    const { bytes, start, length } = spare.pop() ?? { bytes: Buffer.alloc(0), start: new Uint32Array(256), length: new Uint32Array(256) };
    this.#bytes = bytes;
    this.#start = start;
    this.#length = length;
  }

  /** Lets the memory be used again; the texts are gone. */
  release(): void {
    if (spare.length < spareMax && this.#bytes.length <= segmentLimits.rowGroupLineBytesMax * 2) spare.push({ bytes: this.#bytes, start: this.#start, length: this.#length });
    this.#bytes = Buffer.alloc(0);
    this.#start = new Uint32Array(0);
    this.#length = new Uint32Array(0);
  }

  get heldBytes(): number {
    // What the memory has room for beyond that is used again.
    return this.length + 8 * this.#count;
  }

  get texts(): RowTexts {
    return { bytes: this.#bytes, start: this.#start, length: this.#length };
  }

  append(source: BytesColumn, from: number, to: number): void {
    const bytes = asBuffer(source.bytes);
    if (this.#count + to - from > this.#start.length) {
      const size = Math.max(2 * this.#start.length, this.#count + to - from);
      this.#start = grown(this.#start, size);
      this.#length = grown(this.#length, size);
    }
    for (let row = from; row < to;) {
      // Neighbours are copied at once.
      const begin = source.start[row]!;
      let end = begin;
      for (; row < to && (source.start[row] === end || source.length[row] === 0); row++) {
        this.#start[this.#count] = this.length + end - begin;
        this.#length[this.#count++] = source.length[row]!;
        end += source.length[row]!;
      }
      if (end === begin) continue;
      if (end > bytes.length) throw new SpoorError('internal', { reason: `row ${row} of a block reaches past the end of its bytes` });
      this.#reserve(end - begin);
      bytes.copy(this.#bytes, this.length, begin, end);
      this.length += end - begin;
    }
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(64 * 1024, 2 * this.#bytes.length, this.length + bytes));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}

function grown(old: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const array = new Uint32Array(size);
  array.set(old);
  return array;
}

keepShape(new ShreddedContent(null));
keepShape(new GrowingTexts());
keepShape(new PlacedColumns());
