import type { SelectedStream } from '../index/mod.ts';
import type { HeadBlock, HeadSnapshot, ReadSnapshot, StreamExtent } from '../ingester/mod.ts';
import { compileMatcher, type ScanTask } from '../logql/mod.ts';
import { dayLengthNs, formatLabels, type CompiledMatcher, type LabelSet } from '../model/mod.ts';
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
  for (const { labels, chunks } of stored) {
    const key = formatLabels(labels);
    if (only !== undefined && key !== only) continue;
    for (const chunk of chunks) {
      if (chunk.minNs >= task.endNs || chunk.maxNs < task.startNs) continue;
      const source = found.segment(chunk.segment, chunk.rowGroup);
      const origin = found.origin(flushOf(chunk.segment.key));
      found.add(key, labels, { source, origin, rowStart: chunk.rowStart, rows: chunk.rows, minNs: chunk.minNs, maxNs: chunk.maxNs, bytes: chunk.bytes });
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

/** Gathers pieces by stream and makes each source once. */
class FoundStreams {
  readonly #streams = new Map<string, { labels: LabelSet; pieces: Piece[] }>();
  readonly #sources = new Map<string, Source>();
  readonly #origins = new Map<string, number>();
  #origin = 0;

  streams(): FoundStream[] {
    return [...this.#streams.values()];
  }

  /** A number for an origin, the same for the same name; a new one without a name. */
  origin(name?: string): number {
    const known = name === undefined ? undefined : this.#origins.get(name);
    if (known !== undefined) return known;
    this.#origin += 1;
    if (name !== undefined) this.#origins.set(name, this.#origin);
    return this.#origin;
  }

  segment(segment: Extract<Source, { kind: 'segment' }>['segment'], rowGroup: number): Source {
    const name = `${segment.key}#${rowGroup}`;
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = { kind: 'segment', id: this.#sources.size, segment, rowGroup };
      this.#sources.set(name, source);
    }
    return source;
  }

  head(name: string, block: Extract<Source, { kind: 'head' }>['block'], fromRow: number, rows: number): Source {
    const source: Source = { kind: 'head', id: this.#sources.size, block, fromRow, rows };
    this.#sources.set(name, source);
    return source;
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
    const source = found.head(`head/${generation.partition}/${generation.first}/${number}`, block.view.memory, 0, rows);
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
