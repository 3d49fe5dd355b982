import { countMetadataBytes } from '../bytes/mod.ts';
import { dayStartNs, shreddedBlock, SpoorError, type ColumnNeeds, type LabelSet, type RowBlock } from '../model/mod.ts';
import { HexPoolReader } from './columns/pool.ts';
import { decodeFooter, footerBytesOf } from './footer.ts';
import { segmentTrailerBytes } from './format.ts';
import { decodeLabels } from './labels.ts';
import type { ByteRange, ChunkSelection, PageMeta, RowGroupMeta, SegmentChunk, SegmentFooter } from './meta.ts';
import { PageSource } from './page-source.ts';
import { openPage } from './page.ts';
import { decodeRowGroup } from './row-group-reader.ts';
import { decodeRuns, decodeRunStreams } from './runs.ts';
import { decodeShapes, type Shape } from './shapes.ts';
import { ShreddedGroup } from './shredded-group.ts';

/** Reads bytes of a segment; fewer than `length` only where it ends. */
export type RangeReader = (offset: number, length: number) => Promise<Uint8Array>;

/** A row group read with nothing but the segment. */
export interface ReadRowGroup {
  readonly tenant: string;
  /** Index into SegmentFooter.rowGroups. */
  readonly rowGroup: number;
  readonly block: RowBlock;
  readonly chunks: readonly SegmentChunk[];
}

/** A row group as it stands in the segment. */
export interface OpenedRowGroup {
  readonly tenant: string;
  readonly rowGroup: RowGroupMeta;
  /** What was read. */
  readonly range: ByteRange;
  readonly bytes: Uint8Array;
  /** All runs, in row order. */
  readonly selections: readonly ChunkSelection[];
  /** Templates and columns where lines and metadata were taken apart, and a reader of them; else none. */
  readonly shapes: readonly Shape[];
  readonly group: ShreddedGroup | null;
}

const allColumns: ColumnNeeds = { order: true, lineLength: true, lines: true, metadata: true };

/** Opens a segment by itself, without an index: for inspection, compaction and tests. `where` names it in errors. */
export async function openSegment(read: RangeReader, segmentSize: number, where: string): Promise<SegmentReader> {
  const trailerBytes = Math.min(segmentSize, segmentTrailerBytes);
  const footerBytes = footerBytesOf(await read(segmentSize - trailerBytes, trailerBytes), segmentSize, where);
  const footer = decodeFooter(await read(segmentSize - footerBytes, footerBytes), segmentSize, where);
  return new SegmentReader(read, footer, where);
}

/** Everything that stands in a segment. Keeps no rows; label sets are kept once read. */
export class SegmentReader {
  readonly footer: SegmentFooter;
  readonly #read: RangeReader;
  readonly #where: string;
  #pool: HexPoolReader | undefined;
  readonly #labels = new Map<number, readonly LabelSet[]>();

  constructor(read: RangeReader, footer: SegmentFooter, where: string) {
    this.footer = footer;
    this.#read = read;
    this.#where = where;
  }

  /** The label sets of a tenant (index into footer.tenants), by stream number. */
  async labels(tenant: number): Promise<readonly LabelSet[]> {
    const known = this.#labels.get(tenant);
    if (known !== undefined) return known;
    const meta = this.footer.tenants[tenant]!;
    const labels = decodeLabels(meta, await this.#read(meta.labels.offset, meta.labels.storedBytes), this.#where);
    this.#labels.set(tenant, labels);
    return labels;
  }

  /** Reads a row group whole, all chunks and columns. Every byte of it is checked. */
  async readRowGroup(number: number): Promise<ReadRowGroup> {
    const opened = await this.openRowGroup(number);
    const { tenant, rowGroup, range, bytes, selections, group } = opened;
    const block = group === null ? decodeRowGroup(rowGroup, [range], [bytes], allColumns, selections, this.#where) : shreddedBlock(group, allColumns);
    return { tenant, rowGroup: number, block, chunks: chunksOf(tenant, number, rowGroup, selections, block) };
  }

  /** Reads a row group whole and checks every byte of it against its checksums; decodes nothing but which rows belong to which stream. */
  async openRowGroup(number: number): Promise<OpenedRowGroup> {
    const rowGroup = this.footer.rowGroups[number]!;
    const range = { offset: rowGroup.offset, length: rowGroup.storedBytes };
    const bytes = await this.#read(range.offset, range.length);
    const labels = await this.labels(rowGroup.tenant);
    const source = new PageSource([range], [bytes], this.#where);
    for (const page of rowGroup.pages) source.check(page);
    const runs = decodeRuns(rowGroup, source);
    const streams = decodeRunStreams(rowGroup, source, labels.length);
    const selections: ChunkSelection[] = [];
    for (let run = 0; run < runs.count; run++) {
      const rowStart = runs.start[run]!;
      selections.push({ labels: labels[streams[run]!]!, rowStart, rows: runs.start[run + 1]! - rowStart });
    }
    const { tenant } = this.footer.tenants[rowGroup.tenant]!;
    const opened = { tenant, rowGroup, range, bytes, selections };
    return rowGroup.shapes === null ? { ...opened, shapes: [], group: null } : { ...opened, ...(await this.#shredded(rowGroup, rowGroup.shapes, source, selections)) };
  }

  async #shredded(rowGroup: RowGroupMeta, page: PageMeta, source: PageSource, selections: readonly ChunkSelection[]): Promise<{ readonly shapes: readonly Shape[]; readonly group: ShreddedGroup }> {
    const shapes = decodeShapes(openPage(page, await this.#read(page.offset, page.storedBytes), this.#where), rowGroup, this.#where);
    for (const { columns } of shapes) for (const { pages } of columns) for (const own of pages) source.check(own);
    const grams = shapes.flatMap(({ columns }) => columns).find((column) => column.grams !== null)?.grams ?? null;
    if (grams?.kind === 'page') source.check(grams.page);
    const pool = await this.pool();
    const parts = { rowGroup, shapes, source, pool: () => pool ?? missingPool(this.#where) };
    const runs = selections.map(({ rowStart, rows }, stream) => ({ stream, from: rowStart, to: rowStart + rows }));
    return { shapes, group: new ShreddedGroup(parts, selections.map(({ labels }) => labels), runs) };
  }

  /** The values that columns of several row groups share; undefined where there are none. */
  async pool(): Promise<HexPoolReader | undefined> {
    const { pool } = this.footer;
    if (pool !== null) this.#pool ??= new HexPoolReader(openPage(pool, await this.#read(pool.offset, pool.storedBytes), this.#where), this.#where);
    return this.#pool;
  }

  /** All row groups, in file order. */
  async *rowGroups(): AsyncGenerator<ReadRowGroup, void, undefined> {
    for (let number = 0; number < this.footer.rowGroups.length; number++) yield await this.readRowGroup(number);
  }
}

function chunksOf(tenant: string, number: number, rowGroup: RowGroupMeta, selections: readonly ChunkSelection[], block: RowBlock): SegmentChunk[] {
  const start = dayStartNs(rowGroup.day);
  const [lines, metadata] = [block.lines!, block.metadata!];
  return selections.map(({ labels, rowStart, rows }) => {
    let bytes = 0;
    for (let row = rowStart; row < rowStart + rows; row++) bytes += lines.length[row]! + countMetadataBytes(metadata.bytes, metadata.start[row]!, metadata.length[row]!);
    const minNs = start + BigInt(block.time[rowStart]!);
    return { tenant, labels, day: rowGroup.day, rowGroup: number, rowStart, rows, minNs, maxNs: start + BigInt(block.time[rowStart + rows - 1]!), bytes };
  });
}

function missingPool(where: string): never {
  throw new SpoorError('corruption', { where, offset: 0, reason: 'a column needs a pool, and there is none' });
}
