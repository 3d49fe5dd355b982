import {
  decodeFooter, decodeRowGroup, decodeRuns, DecodeScratch, decodeShapes, HexPoolReader, openPage, PageSource, rowGroupRanges, selectRuns, ShreddedGroup,
  type ByteRange, type PageMeta, type RowGroupMeta, type SegmentFooter, type Shape,
} from '../chunks/mod.ts';
import { inWindows } from '../ingester/mod.ts';
import { SpoorError, type ColumnNeeds, type LabelSet, type RowBlock, type ShreddedRun } from '../model/mod.ts';
import type { SegmentIo } from './ports.ts';
import type { SegmentSource, UnitPiece } from './units.ts';

/** What is kept of a segment: its tail (shapes and footer), and its pool once it was needed. */
interface OpenSegment {
  readonly key: string;
  readonly size: number;
  readonly tail: Uint8Array;
  readonly footer: SegmentFooter;
  readonly shapes: (readonly Shape[] | undefined)[];
  pool: HexPoolReader | undefined;
  bytes: number;
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

  constructor(io: SegmentIo, bytesMax: number) {
    this.#io = io;
    this.#bytesMax = bytesMax;
  }

  /** A row group as it may be read, until the next one is: shredded, or null where lines and metadata stand as they are. */
  shredded({ segment, rowGroup }: SegmentSource, pieces: readonly UnitPiece[], streams: readonly LabelSet[]): ShreddedGroup | null {
    const open = this.#open(segment);
    const meta = rowGroupOf(open, rowGroup);
    if (meta.shapes === null) return null;
    const source = new PageSource([], [], open.key, (ranges) => this.#read(open.key, ranges));
    const parts = { rowGroup: meta, shapes: this.#shapes(open, rowGroup, meta.shapes, meta), source, arrays: this.#arrays, pool: () => this.#pool(open) };
    return new ShreddedGroup(parts, streams, wantedRuns(meta, source, pieces, streams));
  }

  /** Rows of pieces of a row group whose lines and metadata stand as they are; `stream` points into `streams`. */
  block({ segment, rowGroup }: SegmentSource, pieces: readonly UnitPiece[], streams: readonly LabelSet[], columns: ColumnNeeds): RowBlock {
    const open = this.#open(segment);
    const meta = rowGroupOf(open, rowGroup);
    const ranges = rowGroupRanges(meta, columns, pieces);
    const chunks = pieces.map(({ slot, rowStart, rows }) => ({ labels: streams[slot] as LabelSet, rowStart, rows }));
    const block = decodeRowGroup(meta, ranges, this.#read(open.key, ranges), columns, chunks, open.key);
    for (let row = 0; row < block.rows; row++) block.stream[row] = (pieces[block.stream[row] as number] as UnitPiece).slot;
    return { ...block, streams };
  }

  #read(key: string, ranges: readonly ByteRange[]): readonly Uint8Array[] {
    for (const { length } of ranges) this.storedBytes += length;
    return ranges.length === 0 ? [] : this.#io.read(key, ranges);
  }

  #open({ key, size, footerBytes }: SegmentSource['segment']): OpenSegment {
    const known = this.#segments.get(key);
    if (known !== undefined) {
      this.#segments.delete(key);
      this.#segments.set(key, known);
      return known;
    }
    const [tail] = this.#read(key, [{ offset: size - footerBytes, length: footerBytes }]);
    if (tail === undefined) throw new SpoorError('internal', { reason: `nothing was read of ${key}` });
    const footer = decodeFooter(tail, size, key);
    // What was decoded takes more than what was read.
    const open: OpenSegment = { key, size, tail, footer, shapes: [], pool: undefined, bytes: 4 * footerBytes };
    this.#segments.set(key, open);
    this.#account(open, open.bytes);
    return open;
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

  #pool(open: OpenSegment): HexPoolReader {
    if (open.pool === undefined) {
      const { pool: page } = open.footer;
      if (page === null) throw new SpoorError('corruption', { where: open.key, offset: 0, reason: 'a column needs a pool, and there is none' });
      const [stored] = this.#read(open.key, [{ offset: page.offset, length: page.storedBytes }]);
      open.pool = new HexPoolReader(openPage(page, stored ?? new Uint8Array(0), open.key), open.key);
      open.bytes += page.rawBytes;
      this.#account(open, page.rawBytes);
    }
    return open.pool;
  }
}

function rowGroupOf({ footer, key, size }: OpenSegment, number: number): RowGroupMeta {
  const meta = footer.rowGroups[number];
  if (meta === undefined) throw new SpoorError('corruption', { where: key, offset: size, reason: `row group ${number} of ${footer.rowGroups.length}` });
  return meta;
}

/** Rows of pieces inside their windows, rising. */
function wantedRuns(meta: RowGroupMeta, source: PageSource, pieces: readonly UnitPiece[], streams: readonly LabelSet[]): ShreddedRun[] {
  selectRuns(meta, decodeRuns(meta, source), pieces, source.where);
  const sorted = pieces.toSorted((a, b) => a.rowStart - b.rowStart);
  const runs: ShreddedRun[] = [];
  let time: Float64Array | undefined;
  for (const { slot, rowStart, rows, windows } of sorted) {
    if (windows === null) {
      runs.push({ stream: slot, from: rowStart, to: rowStart + rows });
      continue;
    }
    time ??= new ShreddedGroup({ rowGroup: meta, shapes: [], source, pool: noPool }, streams, []).time();
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
