import type { IndexSegment, SelectedStream } from '../index/mod.ts';
import type { HeadBlock, HeadSnapshot, ReadSnapshot, StreamExtent } from '../ingester/mod.ts';
import { compileMatcher, type ScanTask } from '../logql/mod.ts';
import { dayLengthNs, type CompiledMatcher, type LabelSet } from '../model/mod.ts';
import { matchesAll } from './matching.ts';
import { UnitPlanner, type Piece, type Source, type Unit } from './units.ts';

/** A stream with the pieces that may hold rows of a task's time range. */
export interface FoundStream {
  readonly labels: LabelSet;
  readonly pieces: readonly Piece[];
}

/**
 * The pieces of a task: chunks of the `stored` streams that touch its time range, and what the heads of the snapshot hold of streams that match. With
 * `only` (formatLabels of a stream) just those of that stream.
 */
export function piecesOf(task: ScanTask, stored: readonly SelectedStream[], snapshot: ReadSnapshot, only?: string): FoundStream[] {
  const found = new FoundStreams();
  for (const { labels, key, chunks } of stored) {
    if (only !== undefined && key !== only) continue;
    for (const { segment, rowGroup, rowStart, rows, minNs, maxNs, bytes } of chunks) {
      if (minNs >= task.endNs || maxNs < task.startNs) continue;
      const { origin, sources } = found.segment(segment);
      found.add(key, labels, { source: (sources[rowGroup] ??= found.rowGroup(segment, rowGroup)), origin, rowStart, rows, minNs, maxNs, bytes });
    }
  }
  const matchers = task.matchers.map(compileMatcher);
  for (const head of snapshot.heads) addHead(found, head, task.tenant, matchers, only);
  return found.streams();
}

/** The units of work of a task over pieces, in the order in which a log task wants them. */
export function planUnits(task: ScanTask, streams: readonly FoundStream[], count?: (labels: LabelSet, piece: Piece) => boolean): Unit[] {
  const planner = new UnitPlanner(task.startNs, task.endNs);
  for (const { labels, pieces } of streams) planner.addStream(labels, pieces, count);
  return planner.finish(task.output.kind === 'log' ? task.output.direction : null);
}

/** Rows of one flush hold no duplicates of each other; the keys of its segments differ in the number behind the last dash. */
function flushOf(segmentKey: string): string {
  return segmentKey.slice(0, segmentKey.lastIndexOf('-'));
}

/** A segment of a task. */
interface FoundSegment {
  readonly origin: number;
  /** By row group, those that were found. */
  readonly sources: Source[];
}

/** Gathers pieces by stream and makes each source once. */
class FoundStreams {
  readonly #streams = new Map<string, { labels: LabelSet; pieces: Piece[] }>();
  readonly #segments = new Map<string, FoundSegment>();
  /** The same by the objects of index files, of which a segment may have several. */
  readonly #segmentsBy = new Map<IndexSegment, FoundSegment>();
  readonly #flushes = new Map<string, number>();
  #origins = 0;
  #sources = 0;

  streams(): FoundStream[] {
    return [...this.#streams.values()];
  }

  /** A number for a new origin. */
  origin(): number {
    return ++this.#origins;
  }

  segment(segment: IndexSegment): FoundSegment {
    let found = this.#segmentsBy.get(segment);
    if (found !== undefined) return found;
    found = this.#segments.get(segment.key);
    if (found === undefined) {
      const flush = flushOf(segment.key);
      const origin = this.#flushes.get(flush) ?? this.origin();
      this.#flushes.set(flush, origin);
      this.#segments.set(segment.key, (found = { origin, sources: [] }));
    }
    this.#segmentsBy.set(segment, found);
    return found;
  }

  rowGroup(segment: IndexSegment, rowGroup: number): Source {
    return { kind: 'segment', id: this.#sources++, segment, rowGroup };
  }

  head(block: Extract<Source, { kind: 'head' }>['block'], fromRow: number, rows: number): Source {
    return { kind: 'head', id: this.#sources++, block, fromRow, rows };
  }

  /** `key` is formatLabels(labels). */
  add(key: string, labels: LabelSet, piece: Piece): void {
    const stream = this.#streams.get(key);
    if (stream === undefined) this.#streams.set(key, { labels, pieces: [piece] });
    else stream.pieces.push(piece);
  }
}

function addHead(found: FoundStreams, { generation, blockRows }: HeadSnapshot, tenant: string, matchers: readonly CompiledMatcher[], only: string | undefined): void {
  const streams = generation.tenants.get(tenant);
  const wanted = only === undefined ? [...(streams?.values() ?? [])] : [streams?.get(only)].filter((id) => id !== undefined);
  const ids = wanted.filter((id) => matchesAll(matchers, generation.streams[id]?.labels ?? []));
  if (ids.length === 0) return;
  for (const [number, rows] of blockRows.entries()) {
    const block = generation.blocks[number] as HeadBlock;
    const source = found.head(block.view.memory, 0, rows);
    const origin = found.origin();
    for (const id of ids) {
      const extent = block.extents.get(id);
      const stream = generation.streams[id];
      if (extent === undefined || stream === undefined) continue;
      const { minNs, maxNs } = extentRange(extent);
      found.add(stream.key, stream.labels, { source, origin, rowStart: id, rows: extent.rows, minNs, maxNs, bytes: extent.bytes });
    }
  }
}

/** First and last nanosecond of a stream in a head block. */
export function extentRange(extent: StreamExtent): { readonly minNs: bigint; readonly maxNs: bigint } {
  return {
    minNs: BigInt(extent.minDay) * dayLengthNs + BigInt(extent.minTime),
    maxNs: BigInt(extent.maxDay) * dayLengthNs + BigInt(extent.maxTime),
  };
}
