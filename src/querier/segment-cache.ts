import {
  coalesce, decodeFooter, decodeRowGroup, decodeRuns, DecodeScratch, decodeShapes, HexPoolReader, openPage, PageSource, rowGroupRanges, selectRuns, ShreddedGroup,
  type ByteRange, type GramFilter, type PageMeta, type RowGroupMeta, type Runs, type SegmentFooter, type Shape,
} from '../chunks/mod.ts';
import { inWindows } from '../ingester/mod.ts';
import { SpoorError, type ColumnNeeds, type LabelSet, type RowBlock, type ShreddedRun } from '../model/mod.ts';
import { noReadCounts, type ReadCounts } from '../objects/mod.ts';
import type { SegmentIo } from './ports.ts';
import type { SegmentSource, UnitPiece } from './units.ts';
import { WantedPages } from './wanted-pages.ts';

/** What is kept of a segment: its tail (shapes and footer), and runs and filters of row groups and its pool once they were needed. */
interface OpenSegment {
  readonly key: string;
  readonly size: number;
  readonly tail: Uint8Array;
  readonly footer: SegmentFooter;
  readonly shapes: (readonly Shape[] | undefined)[];
  readonly runs: (Runs | undefined)[];
  readonly grams: (GramFilter | undefined)[];
  pool: HexPoolReader | undefined;
  bytes: number;
}

/** For whom segments are read: one scan. */
export interface SegmentUser {
  readonly isStopped: () => boolean;
  readonly wanted: WantedPages;
}

/** A row group that is being read. */
interface Reading {
  readonly meta: RowGroupMeta;
  readonly shapes: readonly Shape[];
  readonly source: PageSource;
  pool: boolean;
}

/** Segments that a thread reads from; what is small and wanted often is kept, least recently used first out. */
export class SegmentCache {
  readonly #io: SegmentIo;
  readonly #bytesMax: number;
  readonly #segments = new Map<string, OpenSegment>();
  readonly #arrays = new DecodeScratch();
  #bytes = 0;
  /** Bytes read of the object store so far. */
  storedBytes = 0;
  #user: SegmentUser = { isStopped: () => false, wanted: new WantedPages() };
  #reading: Reading | undefined;

  constructor(io: SegmentIo, bytesMax: number) {
    this.#io = io;
    this.#bytesMax = bytesMax;
  }

  /** What reads took so far. */
  get reads(): Readonly<ReadCounts> {
    return this.#io.reads ?? noReadCounts();
  }

  /** From now on segments are read for this one. */
  serve(user: SegmentUser): void {
    this.#reading = undefined;
    this.#user = user;
  }

  /** Notes what was wanted of the row group that was read last. */
  noteWanted(): void {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading !== undefined && this.#io.isRemote === true) this.#user.wanted.note(reading.meta, reading.shapes, reading.source.opened, reading.pool);
  }

  /** Forgets segments, of which something is damaged: it may be so only here. */
  forget(keys: Iterable<string>): void {
    for (const key of keys) {
      const open = this.#segments.get(key);
      this.#segments.delete(key);
      this.#bytes -= open?.bytes ?? 0;
      this.#io.forget?.(key);
    }
  }

  /** Begins to read what will be asked for of a row group. False where its segment's tail has to come first, which is begun. */
  bringNear({ segment, rowGroup }: SegmentSource): boolean {
    const io = this.#io;
    if (io.bringNear === undefined || io.readNear === undefined) return true;
    const range = tailRange(segment);
    const known = this.#segments.get(segment.key);
    const tail = known === undefined ? io.readNear(segment.key, range) : known.tail;
    if (tail === undefined) {
      io.bringNear(segment.key, [range]);
      return false;
    }
    try {
      const open = known ?? this.#opened(segment, tail);
      const meta = rowGroupOf(open, rowGroup);
      const { wanted } = this.#user;
      const isInTail = meta.shapes !== null && meta.shapes.offset >= range.offset;
      const pages = wanted.of(meta, isInTail && meta.shapes !== null ? this.#shapes(open, rowGroup, meta.shapes, meta) : []);
      const { pool } = open.footer;
      io.bringNear(segment.key, [...coalesce(pages, io.gapBytesMax), ...(wanted.wantsPool && pool !== null && open.pool === undefined ? coalesce([pool]) : [])]);
    } catch {
      // Whoever needs it will see what is wrong.
    }
    return true;
  }

  /** A row group as it may be read, until the next one is: shredded, or null where lines and metadata stand as they are. */
  shredded({ segment, rowGroup }: SegmentSource, pieces: readonly UnitPiece[], streams: readonly LabelSet[]): ShreddedGroup | null {
    const open = this.#open(segment);
    const meta = rowGroupOf(open, rowGroup);
    if (meta.shapes === null) return null;
    this.noteWanted();
    const source = new PageSource([], [], open.key, (ranges) => this.#read(open.key, ranges), this.#io.gapBytesMax);
    const shapes = this.#shapes(open, rowGroup, meta.shapes, meta);
    const reading = { meta, shapes, source, pool: false };
    this.#reading = reading;
    if (this.#io.isRemote === true) source.want(this.#user.wanted.of(meta, shapes));
    const pool = (): HexPoolReader => {
      reading.pool = true;
      return this.#pool(open);
    };
    const runs = this.#runs(open, rowGroup, meta, source);
    const keepGrams = (filter: GramFilter, bytes: number): void => {
      // Segments are not forgotten for filters.
      if (this.#bytes + bytes > this.#bytesMax / 2) return;
      open.grams[rowGroup] = filter;
      this.#keep(open, bytes);
    };
    const parts = { rowGroup: meta, shapes, source, runs, grams: open.grams[rowGroup], keepGrams, arrays: this.#arrays, pool };
    return new ShreddedGroup(parts, streams, wantedRuns(meta, runs, source, pieces, streams));
  }

  /** Rows of pieces of a row group whose lines and metadata stand as they are; `stream` points into `streams`. */
  block({ segment, rowGroup }: SegmentSource, pieces: readonly UnitPiece[], streams: readonly LabelSet[], columns: ColumnNeeds): RowBlock {
    const open = this.#open(segment);
    const meta = rowGroupOf(open, rowGroup);
    const ranges = rowGroupRanges(meta, columns, pieces, this.#io.gapBytesMax);
    const chunks = pieces.map(({ slot, rowStart, rows }) => ({ labels: streams[slot] as LabelSet, rowStart, rows }));
    const block = decodeRowGroup(meta, ranges, this.#read(open.key, ranges), columns, chunks, open.key);
    for (let row = 0; row < block.rows; row++) block.stream[row] = (pieces[block.stream[row] as number] as UnitPiece).slot;
    return { ...block, streams };
  }

  #read(key: string, ranges: readonly ByteRange[]): readonly Uint8Array[] {
    for (const { length } of ranges) this.storedBytes += length;
    return ranges.length === 0 ? [] : this.#io.read(key, ranges, this.#user.isStopped);
  }

  #open(segment: SegmentSource['segment']): OpenSegment {
    const { key } = segment;
    const known = this.#segments.get(key);
    if (known !== undefined) {
      this.#segments.delete(key);
      this.#segments.set(key, known);
      return known;
    }
    const [tail] = this.#read(key, [tailRange(segment)]);
    if (tail === undefined) throw new SpoorError('internal', { reason: `nothing was read of ${key}` });
    return this.#opened(segment, tail);
  }

  #opened({ key, size, footerBytes }: SegmentSource['segment'], tail: Uint8Array): OpenSegment {
    const footer = decodeFooter(tail, size, key);
    // What was decoded takes more than what was read.
    const open: OpenSegment = { key, size, tail, footer, shapes: [], runs: [], grams: [], pool: undefined, bytes: 4 * footerBytes };
    this.#segments.set(key, open);
    this.#account(open, open.bytes);
    return open;
  }

  /** Counts bytes that are kept of an open segment from now on. */
  #keep(open: OpenSegment, bytes: number): void {
    open.bytes += bytes;
    // It may have been forgotten meanwhile.
    if (this.#segments.get(open.key) === open) this.#account(open, bytes);
  }

  #account(open: OpenSegment, bytes: number): void {
    this.#bytes += bytes;
    for (const [key, oldest] of this.#segments) {
      if (this.#bytes <= this.#bytesMax || oldest === open) break;
      this.#segments.delete(key);
      this.#bytes -= oldest.bytes;
    }
  }

  #shapes(open: OpenSegment, number: number, page: PageMeta, meta: RowGroupMeta): readonly Shape[] {
    const known = open.shapes[number];
    if (known !== undefined) return known;
    const at = page.offset - (open.size - open.tail.length);
    const stored = at >= 0 ? open.tail.subarray(at, at + page.storedBytes) : this.#read(open.key, [{ offset: page.offset, length: page.storedBytes }])[0];
    if (stored === undefined) throw new SpoorError('internal', { reason: `nothing was read of ${open.key}` });
    const shapes = decodeShapes(openPage(page, stored, open.key), meta, open.key);
    open.shapes[number] = shapes;
    return shapes;
  }

  #runs(open: OpenSegment, number: number, meta: RowGroupMeta, source: PageSource): Runs {
    const known = open.runs[number];
    if (known !== undefined) return known;
    const runs = decodeRuns(meta, source);
    open.runs[number] = runs;
    this.#keep(open, runs.start.byteLength);
    return runs;
  }

  #pool(open: OpenSegment): HexPoolReader {
    if (open.pool === undefined) {
      const { pool: page } = open.footer;
      if (page === null) throw new SpoorError('corruption', { where: open.key, offset: 0, reason: 'a column needs a pool, and there is none' });
      const [stored] = this.#read(open.key, [{ offset: page.offset, length: page.storedBytes }]);
      open.pool = new HexPoolReader(openPage(page, stored ?? new Uint8Array(0), open.key), open.key);
      this.#keep(open, page.rawBytes);
    }
    return open.pool;
  }
}

function tailRange({ size, footerBytes }: SegmentSource['segment']): ByteRange {
  return { offset: size - footerBytes, length: footerBytes };
}

function rowGroupOf({ footer, key, size }: OpenSegment, number: number): RowGroupMeta {
  const meta = footer.rowGroups[number];
  if (meta === undefined) throw new SpoorError('corruption', { where: key, offset: size, reason: `row group ${number} of ${footer.rowGroups.length}` });
  return meta;
}

/** Rows of pieces inside their windows, rising. */
function wantedRuns(meta: RowGroupMeta, all: Runs, source: PageSource, pieces: readonly UnitPiece[], streams: readonly LabelSet[]): ShreddedRun[] {
  selectRuns(meta, all, pieces, source.where);
  const sorted = pieces.toSorted((a, b) => a.rowStart - b.rowStart);
  const runs: ShreddedRun[] = [];
  let time: Float64Array | undefined;
  for (const { slot, rowStart, rows, windows } of sorted) {
    if (windows === null) {
      runs.push({ stream: slot, from: rowStart, to: rowStart + rows });
      continue;
    }
    time ??= new ShreddedGroup({ rowGroup: meta, shapes: [], source, runs: all, pool: noPool }, streams, []).time();
    for (let row = rowStart; row < rowStart + rows;) {
      const from = row;
      while (row < rowStart + rows && inWindows(windows, meta.day, time[row] as number)) row++;
      if (row > from) runs.push({ stream: slot, from, to: row });
      else row++;
    }
  }
  return runs;
}

function noPool(): never {
  throw new SpoorError('internal', { reason: 'times need no pool' });
}
