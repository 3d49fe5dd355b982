import { dayStartNs, formatLabels, keepShape, SpoorError, type LabelSet, type RowBlock } from '../model/mod.ts';
import { encodeFooter } from './footer.ts';
import { sealLabels } from './labels.ts';
import { segmentLimits } from './limits.ts';
import { HexPool } from './columns/pool.ts';
import { columnIds, encodingIds } from './format.ts';
import type { PageMeta, RowGroupMeta, SegmentChunk, TenantMeta } from './meta.ts';
import { sealPage, type SealedPage } from './page.ts';
import { PlainContent } from './plain-content.ts';
import { RowGroupBuilder, type FullBlock } from './row-group-builder.ts';
import { ShreddedContent } from './shredded-content.ts';

/** A finished segment. */
export interface Segment {
  /** The object's bytes, alone in their ArrayBuffer (transferable). */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Bytes of shapes, footer and trailer at the end of `data`, for a reader's first request. */
  readonly footerBytes: number;
  readonly rows: number;
  /** First and last time, nanoseconds since the epoch; 0 where there are no rows. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
  /** In file order. */
  readonly chunks: readonly SegmentChunk[];
}

interface OpenTenant {
  readonly tenant: string;
  readonly number: number;
  readonly streams: LabelSet[];
  readonly streamNumbers: Map<string, number>;
  readonly rowGroups: number[];
}

interface OpenRowGroup {
  readonly tenant: OpenTenant;
  readonly day: number;
  readonly builder: RowGroupBuilder;
  heldBytes: number;
}

/**
 * Builds a segment out of sorted blocks. Blocking (lz4): for worker threads. Blocks are copied or encoded when `add` returns.
 * A row group holds a stream only once, so a stream's rows should come in one piece: a stream that comes again, other than where the last block ended,
 * begins a new row group.
 */
export class SegmentWriter {
  readonly #shred: boolean;
  readonly #pool = new HexPool();
  readonly #shapes: (SealedPage | null)[] = [];
  readonly #tenants = new Map<string, OpenTenant>();
  /** By tenant number and day; the one written to last stands last. */
  readonly #open = new Map<string, OpenRowGroup>();
  readonly #rowGroups: RowGroupMeta[] = [];
  readonly #chunks: SegmentChunk[] = [];
  #parts: Uint8Array[] = [];
  #storedBytes = 0;
  #openBytes = 0;
  #rows = 0;
  #finished = false;

  /** `shred: false` keeps lines and metadata as they are, in compressed pages. */
  constructor({ shred = true }: { readonly shred?: boolean } = {}) {
    this.#shred = shred;
  }

  /** Bytes of the segment so far, without its footer; roughly, for what is not compressed yet. */
  get bytes(): number {
    let open = 0;
    for (const group of this.#open.values()) open += group.builder.estimatedBytes;
    return this.#storedBytes + open;
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds a block: one UTC day, rows sorted by stream and then in total order, without duplicates, with all columns (`lineLength` is not needed).
   * Throws `internal` where the block breaks that.
   */
  add(tenant: string, block: RowBlock): void {
    if (this.#finished) throw new SpoorError('internal', { reason: 'the segment is finished' });
    const full = fullBlock(block);
    if (full.rows === 0) return;
    const owner = this.#tenant(tenant);
    const numbers = full.streams.map(() => -1);
    for (let from = 0; from < full.rows;) {
      const inBlock = full.stream[from]!;
      const labels = full.streams[inBlock];
      if (labels === undefined) throw new SpoorError('internal', { reason: `row ${from} of a block has no stream` });
      let to = from + 1;
      while (to < full.rows && full.stream[to] === inBlock) to++;
      if (numbers[inBlock] === -1) numbers[inBlock] = streamNumber(owner, labels);
      this.#addRun(owner, numbers[inBlock]!, full, from, to);
      from = to;
    }
    this.#rows += full.rows;
  }

  #tenant(tenant: string): OpenTenant {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    if (Buffer.byteLength(tenant) > segmentLimits.tenantBytesMax) throw overLimit('tenantBytesMax');
    if (this.#tenants.size >= segmentLimits.tenantsMax) throw overLimit('tenantsMax');
    const added = { tenant, number: this.#tenants.size, streams: [], streamNumbers: new Map<string, number>(), rowGroups: [] };
    this.#tenants.set(tenant, added);
    return added;
  }

  #addRun(owner: OpenTenant, stream: number, block: FullBlock, from: number, to: number): void {
    const key = `${owner.number}/${block.day}`;
    let row = from;
    while (row < to) {
      let group = this.#open.get(key);
      if (group !== undefined && !group.builder.accepts(stream, block, row)) {
        this.#close(key, group);
        group = undefined;
      }
      if (group === undefined) group = { tenant: owner, day: block.day, builder: new RowGroupBuilder(this.#shred ? new ShreddedContent(this.#pool) : new PlainContent()), heldBytes: 0 };
      else this.#open.delete(key);
      this.#open.set(key, group);
      row = group.builder.append(stream, block, row, to);
      this.#openBytes += group.builder.heldBytes - group.heldBytes;
      group.heldBytes = group.builder.heldBytes;
      if (row < to || group.builder.full) this.#close(key, group);
    }
    while (this.#open.size > segmentLimits.openRowGroupsMax || this.#openBytes > segmentLimits.openBytesMax) {
      const [oldest] = this.#open;
      if (oldest === undefined) break;
      this.#close(oldest[0], oldest[1]);
    }
  }

  #close(key: string, group: OpenRowGroup): void {
    this.#open.delete(key);
    this.#openBytes -= group.heldBytes;
    if (group.builder.rows === 0) return;
    const { tenant, day } = group;
    const built = group.builder.finish(day);
    if (this.#rowGroups.length >= segmentLimits.rowGroupsMax) throw overLimit('rowGroupsMax');
    const number = this.#rowGroups.length;
    const offset = this.#storedBytes;
    const pages = built.pages.map((page) => this.#place(page));
    const { shredded } = built;
    this.#shapes.push(shredded?.shapes ?? null);
    if (shredded !== null) {
      this.#parts.push(...shredded.data);
      this.#storedBytes += shredded.bytes;
    }
    tenant.rowGroups.push(number);
    const { rows, minTime, maxTime, lineBytes, metadataBytes } = built;
    this.#rowGroups.push({
      tenant: tenant.number, day, rows, runs: built.runs.length, minTime, maxTime, lineBytes, metadataBytes, offset, storedBytes: this.#storedBytes - offset, pages, shapes: null,
    });
    const start = dayStartNs(day);
    for (const run of built.runs) {
      this.#chunks.push({
        tenant: tenant.tenant, labels: tenant.streams[run.stream]!, day, rowGroup: number, rowStart: run.rowStart, rows: run.rows,
        minNs: start + BigInt(run.minTime), maxNs: start + BigInt(run.maxTime), bytes: run.bytes,
      });
    }
  }

  #place(page: SealedPage): PageMeta {
    const meta = { ...page.meta, offset: this.#storedBytes };
    this.#parts.push(page.data);
    this.#storedBytes += page.data.length;
    return meta;
  }

  /** Closes all row groups and gives the segment. The writer is of no use afterwards. */
  finish(): Segment {
    for (const [key, group] of this.#open) this.#close(key, group);
    this.#finished = true;
    const pool =
      this.#pool.count === 0 ? null : this.#place(sealPage({ column: columnIds.pool, encoding: encodingIds.pool, values: this.#pool.count, range: null }, this.#pool.bytes()));
    const tenants: TenantMeta[] = [];
    for (const { tenant, streams, rowGroups } of this.#tenants.values())
      tenants.push({ tenant, streams: streams.length, labels: this.#place(sealLabels(streams)), rowGroups });
    const shapesAt = this.#storedBytes;
    const rowGroups = this.#rowGroups.map((group, i): RowGroupMeta => {
      const shapes = this.#shapes[i];
      return shapes === null || shapes === undefined ? group : { ...group, shapes: this.#place(shapes) };
    });
    const footer = encodeFooter(tenants, rowGroups, pool);
    const footerBytes = this.#storedBytes - shapesAt + footer.length;
    const data = Buffer.allocUnsafeSlow(this.#storedBytes + footer.length);
    let at = 0;
    for (const part of this.#parts) {
      data.set(part, at);
      at += part.length;
    }
    data.set(footer, at);
    this.#parts = [];
    let minNs: bigint | undefined;
    let maxNs: bigint | undefined;
    for (const group of this.#rowGroups) {
      const start = dayStartNs(group.day);
      const first = start + BigInt(group.minTime);
      const last = start + BigInt(group.maxTime);
      if (minNs === undefined || first < minNs) minNs = first;
      if (maxNs === undefined || last > maxNs) maxNs = last;
    }
    return { data: new Uint8Array(data.buffer), footerBytes, rows: this.#rows, minNs: minNs ?? 0n, maxNs: maxNs ?? 0n, chunks: this.#chunks };
  }
}

function streamNumber(tenant: OpenTenant, labels: LabelSet): number {
  const key = formatLabels(labels);
  const known = tenant.streamNumbers.get(key);
  if (known !== undefined) return known;
  if (tenant.streams.length >= segmentLimits.streamsMax) throw overLimit('streamsMax');
  tenant.streams.push(labels);
  tenant.streamNumbers.set(key, tenant.streams.length - 1);
  return tenant.streams.length - 1;
}

function fullBlock(block: RowBlock): FullBlock {
  const { order, lines, metadata } = block;
  if (order === null || lines === null || metadata === null) throw new SpoorError('internal', { reason: 'a block to be written lacks columns' });
  if (!Number.isInteger(block.day) || Math.abs(block.day) > segmentLimits.dayMax) throw overLimit('dayMax');
  return { ...block, order, lines, metadata };
}

function overLimit(name: keyof typeof segmentLimits): SpoorError {
  return new SpoorError('internal', { reason: `a segment cannot hold this: over the limit of ${segmentLimits[name]} (${name})` });
}

keepShape(new SegmentWriter());
keepShape(new RowGroupBuilder(new PlainContent()));
