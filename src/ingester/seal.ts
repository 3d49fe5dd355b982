import { setImmediate as nextTurn } from 'node:timers/promises';
import { releaseNativeMemory } from '../bytes/mod.ts';
import { DecodeScratch, SegmentWriter, type SegmentChunk } from '../chunks/mod.ts';
import { writeIndex, type ChunkEntry } from '../index/mod.ts';
import { formatLabels, type LabelSet, type RowBlock } from '../model/mod.ts';
import { viewHeadBlock, type HeadBlockMemory } from './head/block.ts';
import { OrderedRows } from './head/order.ts';
import { headRows, type HeadPiece } from './head/rows.ts';

/** Rows and raw bytes that are handed to the segment writer at a time. */
const portionRowsMax = 65_536;
const portionBytesMax = 8 * 2 ** 20;

/** A generation to be written out. Plain data over shared memory: it goes to a worker thread. */
export interface SealTask {
  readonly blocks: readonly { readonly memory: HeadBlockMemory; readonly rows: number }[];
  /** By stream id. */
  readonly streams: readonly { readonly tenant: string; readonly labels: LabelSet; readonly key: string }[];
  /** Key of segment n is `${segmentKeyPrefix}${n}`. */
  readonly segmentKeyPrefix: string;
  /** A segment is closed when it holds about this many bytes. */
  readonly segmentBytesMax: number;
  /** False keeps lines and metadata as they are, in compressed pages; they are shredded otherwise. */
  readonly shred?: boolean;
}

export interface SealedSegment {
  readonly key: string;
  readonly data: Uint8Array;
  readonly rows: number;
  readonly minNs: bigint;
  readonly maxNs: bigint;
}

/** The index of one tenant and day. */
export interface SealedIndex {
  readonly tenant: string;
  readonly day: number;
  readonly data: Uint8Array;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly rows: number;
  readonly streams: number;
  readonly bytes: number;
}

export interface SealResult {
  readonly segments: readonly SealedSegment[];
  readonly indexes: readonly SealedIndex[];
}

/**
 * Sorts a generation's rows, drops equal ones, and encodes them as segments and index files. For worker threads: it returns to the event loop only
 * between portions, so that what the codecs allocated can be given back.
 */
export async function seal(task: SealTask): Promise<SealResult> {
  const segments = new SegmentSink(task);
  const byTenant = Map.groupBy(task.streams.entries(), ([, stream]) => stream.tenant);
  for (const tenant of [...byTenant.keys()].sort()) {
    const streams = (byTenant.get(tenant) ?? []).sort(([, a], [, b]) => (a.key < b.key ? -1 : 1));
    const labels = streams.map(([, stream]) => stream.labels);
    const pieces: HeadPiece[] = streams.map(([streamId], slot) => ({ streamId, slot, windows: null }));
    const blocks = task.blocks.flatMap(({ memory, rows }) => headRows(viewHeadBlock(memory), rows, pieces, labels));
    const byDay = Map.groupBy(blocks, (block) => block.day);
    for (const day of [...byDay.keys()].sort((a, b) => a - b)) await sealDay(segments, tenant, byDay.get(day) ?? [], labels.length);
  }
  return segments.finish();
}

async function sealDay(sink: SegmentSink, tenant: string, blocks: readonly RowBlock[], streams: number): Promise<void> {
  const ordered = new OrderedRows(blocks, streams);
  // The writer has copied a portion when it returns.
  const memory = new DecodeScratch();
  for (let from = 0; from < ordered.rows; ) {
    const to = ordered.portionEnd(from, portionRowsMax, portionBytesMax);
    sink.add(tenant, ordered.take(from, to, memory));
    from = to;
    releaseNativeMemory();
    await nextTurn();
  }
}

/** Gathers segments and what the index has to say of them. */
class SegmentSink {
  readonly #task: SealTask;
  readonly #segments: SealedSegment[] = [];
  readonly #references: { key: string; size: number; footerBytes: number }[] = [];
  readonly #chunks: { readonly segment: number; readonly chunk: SegmentChunk }[] = [];
  #writer: SegmentWriter;

  constructor(task: SealTask) {
    this.#task = task;
    this.#writer = new SegmentWriter(task);
  }

  add(tenant: string, block: RowBlock): void {
    this.#writer.add(tenant, block);
    if (this.#writer.bytes >= this.#task.segmentBytesMax) this.#close();
  }

  #close(): void {
    const { data, footerBytes, rows, minNs, maxNs, chunks } = this.#writer.finish();
    this.#writer = new SegmentWriter(this.#task);
    if (rows === 0) return;
    const segment = this.#segments.length;
    const key = `${this.#task.segmentKeyPrefix}${segment}`;
    this.#segments.push({ key, data, rows, minNs, maxNs });
    this.#references.push({ key, size: data.length, footerBytes });
    for (const chunk of chunks) this.#chunks.push({ segment, chunk });
  }

  finish(): SealResult {
    this.#close();
    const indexes: SealedIndex[] = [];
    const groups = Map.groupBy(this.#chunks, ({ chunk }) => `${chunk.day}/${chunk.tenant}`);
    for (const group of groups.values()) indexes.push(this.#index(group));
    return { segments: this.#segments, indexes };
  }

  #index(group: readonly { readonly segment: number; readonly chunk: SegmentChunk }[]): SealedIndex {
    const { tenant, day } = (group[0] as (typeof group)[number]).chunk;
    const used = [...new Set(group.map(({ segment }) => segment))];
    const place = new Map(used.map((segment, i) => [segment, i]));
    const chunks: ChunkEntry[] = group.map(({ segment, chunk }) => ({
      labels: chunk.labels,
      segment: place.get(segment) ?? 0,
      rowGroup: chunk.rowGroup,
      rowStart: chunk.rowStart,
      rows: chunk.rows,
      minNs: chunk.minNs,
      maxNs: chunk.maxNs,
      bytes: chunk.bytes,
    }));
    const segments = used.map((segment) => this.#references[segment] as { key: string; size: number; footerBytes: number });
    let [minNs, maxNs] = [chunks[0]?.minNs ?? 0n, chunks[0]?.maxNs ?? 0n];
    let [rows, bytes] = [0, 0];
    for (const chunk of chunks) {
      if (chunk.minNs < minNs) minNs = chunk.minNs;
      if (chunk.maxNs > maxNs) maxNs = chunk.maxNs;
      rows += chunk.rows;
      bytes += chunk.bytes;
    }
    const streams = new Set(chunks.map((chunk) => formatLabels(chunk.labels))).size;
    return { tenant, day, data: writeIndex({ tenant, day, segments, chunks }), minNs, maxNs, rows, streams, bytes };
  }
}
