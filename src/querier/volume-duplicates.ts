import { setImmediate as nextTurn } from 'node:timers/promises';
import { headRows, OrderedRows, type HeadBlock, type HeadPiece, type HeadSnapshot } from '../ingester/mod.ts';
import type { LabelSet } from '../model/mod.ts';
import { headExtent, type Extent } from './volume-extents.ts';

/** What the heads hold of one stream. */
export interface HeadStreamPieces {
  readonly labels: LabelSet;
  /** formatLabels(labels). */
  readonly key: string;
  /** In order of arrival. */
  readonly pieces: readonly Piece[];
}

interface Piece {
  readonly block: HeadBlock;
  /** Rows of the block, of all its streams. */
  readonly blockRows: number;
  readonly streamId: number;
  readonly extent: Extent;
  /** Rows that were not newer than all before them in the block. */
  readonly late: number;
}

/** Equal rows of a stream: how many are too many, and their bytes. */
interface Surplus {
  readonly rows: number;
  readonly bytes: number;
}

interface Known extends Surplus {
  /** What was looked at; heads only grow, so that the same sizes are the same rows. */
  readonly pieces: number;
  readonly seen: number;
}

/** Rows that are put in order at a time; then the event loop gets a turn. */
const batchRows = 50_000;

/** The streams of a tenant in the heads that `wanted` accepts, as they are now. */
export function headStreams(heads: readonly HeadSnapshot[], tenant: string, wanted: (labels: LabelSet) => boolean): HeadStreamPieces[] {
  const found = new Map<string, { readonly labels: LabelSet; readonly key: string; readonly pieces: Piece[] }>();
  for (const { generation, blockRows } of heads) {
    for (const [key, streamId] of generation.tenants.get(tenant) ?? []) {
      const labels = generation.streams[streamId]?.labels ?? [];
      if (!wanted(labels)) continue;
      const stream = found.get(key) ?? { labels, key, pieces: [] };
      for (const [number, rows] of blockRows.entries()) {
        const block = generation.blocks[number];
        const extent = block?.extents.get(streamId);
        if (block === undefined || extent === undefined) continue;
        stream.pieces.push({ block, blockRows: rows, streamId, extent: headExtent(extent), late: extent.late });
      }
      if (stream.pieces.length > 0) found.set(key, stream);
    }
  }
  return [...found.values()];
}

/**
 * Leaves equal rows (stream, time, line, metadata) of the heads out of statistics. Streams whose rows came in rising times, as most do, hold none, and cost nothing; the rows of
 * the others are put in order, once for as long as nothing is added.
 */
export class HeadDuplicates {
  readonly #known = new WeakMap<HeadBlock, Map<number, Known>>();

  /** The extents of the streams without what is equal. The heads must be held by the caller. */
  async drop(streams: readonly HeadStreamPieces[], signal: AbortSignal): Promise<{ readonly labels: LabelSet; readonly key: string; readonly extents: readonly Extent[] }[]> {
    const unknown = streams.filter((stream) => mayRepeat(stream) && this.#recall(stream) === undefined);
    for (let from = 0; from < unknown.length; ) {
      let rows = 0;
      const batch: HeadStreamPieces[] = [];
      for (; from < unknown.length && rows < batchRows; from++) {
        const stream = unknown[from] as HeadStreamPieces;
        rows += rowsOf(stream);
        batch.push(stream);
      }
      for (const [i, surplus] of countSurplus(batch).entries()) this.#remember(batch[i] as HeadStreamPieces, surplus);
      await nextTurn();
      signal.throwIfAborted();
    }
    return streams.map((stream) => ({ labels: stream.labels, key: stream.key, extents: without(stream, mayRepeat(stream) ? this.#recall(stream) : undefined) }));
  }

  #recall(stream: HeadStreamPieces): Surplus | undefined {
    const last = stream.pieces.at(-1);
    const known = last === undefined ? undefined : this.#known.get(last.block)?.get(last.streamId);
    return known?.pieces === stream.pieces.length && known.seen === rowsOf(stream) ? known : undefined;
  }

  #remember(stream: HeadStreamPieces, surplus: Surplus): void {
    const last = stream.pieces.at(-1);
    if (last === undefined) return;
    const ofBlock = this.#known.get(last.block) ?? new Map<number, Known>();
    this.#known.set(last.block, ofBlock);
    ofBlock.set(last.streamId, { ...surplus, pieces: stream.pieces.length, seen: rowsOf(stream) });
  }
}

function rowsOf({ pieces }: HeadStreamPieces): number {
  return pieces.reduce((sum, { extent }) => sum + extent.rows, 0);
}

function bytesOf({ pieces }: HeadStreamPieces): number {
  return pieces.reduce((sum, { extent }) => sum + extent.bytes, 0);
}

/** Equal rows have equal times: they stand where a block got rows that were not newer, or where blocks overlap. */
function mayRepeat({ pieces }: HeadStreamPieces): boolean {
  if (pieces.some(({ late }) => late > 0)) return true;
  const spans = pieces.map(({ extent }) => extent).sort((a, b) => a.min - b.min);
  return spans.some((span, i) => i > 0 && span.min <= (spans[i - 1] as Extent).max);
}

/** How many rows of each stream are equal to another one. */
function countSurplus(streams: readonly HeadStreamPieces[]): Surplus[] {
  const labels = streams.map((stream) => stream.labels);
  const ofBlock = new Map<HeadBlock, { readonly rows: number; readonly pieces: HeadPiece[] }>();
  for (const [slot, { pieces }] of streams.entries()) {
    for (const { block, blockRows, streamId } of pieces) {
      const wanted = ofBlock.get(block) ?? { rows: blockRows, pieces: [] };
      ofBlock.set(block, wanted);
      wanted.pieces.push({ streamId, slot, windows: null });
    }
  }
  const blocks = [...ofBlock].flatMap(([block, { rows, pieces }]) => headRows(block.view, rows, pieces, labels));
  const left = streams.map((stream) => ({ rows: rowsOf(stream), bytes: bytesOf(stream) }));
  for (const ofDay of Map.groupBy(blocks, ({ day }) => day).values()) {
    const { rows, bytes } = new OrderedRows(ofDay, labels.length).totals(labels.length);
    for (const [slot, surplus] of left.entries()) {
      surplus.rows -= rows[slot] ?? 0;
      surplus.bytes -= bytes[slot] ?? 0;
    }
  }
  return left;
}

/** The extents; one for all where there is a surplus, which belongs to none of them alone. */
function without(stream: HeadStreamPieces, surplus: Surplus | undefined): Extent[] {
  const extents = stream.pieces.map(({ extent }) => extent);
  if (surplus === undefined || surplus.rows === 0) return extents;
  const [min, max] = [Math.min(...extents.map((extent) => extent.min)), Math.max(...extents.map((extent) => extent.max))];
  return [{ min, max, rows: rowsOf(stream) - surplus.rows, bytes: bytesOf(stream) - surplus.bytes }];
}
