import { ByteWriter } from '../bytes/mod.ts';
import { dayLengthNs, dayLengthNsNumber, dayStartNs, labelSet, SpoorError, type Label, type LabelSet } from '../model/mod.ts';
import { encodeDirectory, type IndexSegment } from './directory.ts';
import { indexLimits, indexMagic, indexVersion, writeTrailer } from './format.ts';
import { PairWriter, writeNames, type NameEntry } from './pairs.ts';
import { StreamWriter, type ChunkRef } from './streams.ts';

/** A run of rows of one stream in a row group of a segment; what the index points at. */
export interface ChunkEntry {
  readonly labels: LabelSet;
  /** Index into the segments of the index. */
  readonly segment: number;
  readonly rowGroup: number;
  /** First row, counted within the row group. */
  readonly rowStart: number;
  readonly rows: number;
  /** Times of its first and last entry, both in the index's day. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
  /** Raw bytes of lines and metadata. */
  readonly bytes: number;
}

/** What an index file is made of: the chunks of one tenant and one UTC day. */
export interface IndexContent {
  readonly tenant: string;
  readonly day: number;
  readonly segments: readonly IndexSegment[];
  /** In any order, of at least one. */
  readonly chunks: readonly ChunkEntry[];
}

/** An index file and what its manifest says of it. */
export interface BuiltIndex {
  readonly data: Uint8Array;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly streams: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Writes an index file. Blocking (a million chunks take seconds): for worker threads. Throws `internal` where the content makes no sense. */
export function writeIndex(content: IndexContent): Uint8Array {
  return buildIndex(content).data;
}

/** {@link writeIndex}, with the figures that a manifest keeps. */
export function buildIndex(content: IndexContent): BuiltIndex {
  if (content.chunks.length === 0) throw nonsense('an index without chunks');
  if (content.segments.length > indexLimits.segmentsMax) throw nonsense(`an index of ${content.segments.length} segments`);
  const { streams, pairs } = gather(content);
  const file = new ByteWriter(1 << 16);
  file.bytes(indexMagic).u32(indexVersion);
  const streamWriter = new StreamWriter(file);
  for (const stream of streams) streamWriter.add(stream.pairs.map((pair) => pair.label), stream.chunks);
  const streamBlocks = streamWriter.end();
  const { pairBlocks, names } = writePairs(file, streams, pairs);
  const nameBlocks = writeNames(file, names);
  let rows = 0;
  let bytes = 0;
  for (const chunk of content.chunks) {
    rows += chunk.rows;
    bytes += chunk.bytes;
  }
  const minOffset = streams.reduce((min, stream) => Math.min(min, stream.minOffset), dayLengthNsNumber);
  const maxOffset = streams.reduce((max, stream) => Math.max(max, stream.maxOffset), 0);
  const { tenant, day, segments } = content;
  writeTrailer(file, encodeDirectory({ tenant, day, segments, streams: streams.length, chunks: content.chunks.length, rows, bytes, minOffset, maxOffset, streamBlocks, pairBlocks, nameBlocks }));
  const start = dayStartNs(day);
  return { data: new Uint8Array(file.view()), minNs: start + BigInt(minOffset), maxNs: start + BigInt(maxOffset), streams: streams.length, rows, bytes };
}

/** A label pair while an index is made. */
interface Pair {
  readonly label: Label;
  /** Its place among all pairs. */
  rank: number;
  streams: number;
}

interface Stream {
  /** By name. */
  readonly pairs: readonly Pair[];
  readonly chunks: ChunkRef[];
  minOffset: number;
  maxOffset: number;
}

/** The distinct streams and pairs of the chunks, both sorted. */
function gather(content: IndexContent): { readonly streams: readonly Stream[]; readonly pairs: readonly Pair[] } {
  const names = new Map<string, Map<string, Pair>>();
  const pairs: Pair[] = [];
  const pairOf = ({ name, value }: Label): Pair => {
    let values = names.get(name);
    if (values === undefined) names.set(name, (values = new Map()));
    let pair = values.get(value);
    if (pair === undefined) {
      pair = { label: { name, value }, rank: pairs.length, streams: 0 };
      values.set(value, pair);
      pairs.push(pair);
    }
    return pair;
  };
  const byObject = new Map<LabelSet, Stream>();
  const byPairs = new Map<string, Stream>();
  const streamOf = (labels: LabelSet): Stream => {
    const own = wellFormed(labels).map(pairOf);
    if (own.length > indexLimits.labelsPerStreamMax) throw nonsense(`a stream of ${own.length} labels`);
    // Ranks are not final yet, but already name the pair.
    const key = own.map((pair) => pair.rank).join();
    let stream = byPairs.get(key);
    if (stream === undefined) {
      stream = { pairs: own, chunks: [], minOffset: dayLengthNsNumber, maxOffset: 0 };
      byPairs.set(key, stream);
      for (const pair of own) pair.streams++;
    }
    return stream;
  };
  const start = dayStartNs(content.day);
  for (const chunk of content.chunks) {
    let stream = byObject.get(chunk.labels);
    if (stream === undefined) byObject.set(chunk.labels, (stream = streamOf(chunk.labels)));
    const ref = chunkRef(chunk, start, content);
    stream.chunks.push(ref);
    stream.minOffset = Math.min(stream.minOffset, ref.minOffset);
    stream.maxOffset = Math.max(stream.maxOffset, ref.maxOffset);
  }
  if (byPairs.size > indexLimits.streamsMax) throw nonsense(`an index of ${byPairs.size} streams`);
  pairs.sort((a, b) => (a.label.name === b.label.name ? (a.label.value < b.label.value ? -1 : 1) : a.label.name < b.label.name ? -1 : 1));
  for (const [rank, pair] of pairs.entries()) pair.rank = rank;
  const streams = [...byPairs.values()].sort(compareStreams);
  for (const stream of streams) {
    if (stream.chunks.length > indexLimits.chunksPerStreamMax) throw nonsense(`a stream of ${stream.chunks.length} chunks`);
    stream.chunks.sort((a, b) => a.minOffset - b.minOffset || a.segment - b.segment || a.rowGroup - b.rowGroup || a.rowStart - b.rowStart);
  }
  return { streams, pairs };
}

function compareStreams(a: Stream, b: Stream): number {
  for (const [i, pair] of a.pairs.entries()) {
    const other = b.pairs[i];
    if (other === undefined) return 1;
    if (pair !== other) return pair.rank - other.rank;
  }
  return a.pairs.length - b.pairs.length;
}

/** Label sets with texts that UTF-8 can hold; half surrogate pairs become U+FFFD, as they do when they are written. */
function wellFormed(labels: LabelSet): LabelSet {
  const fine = labels.every((label, i) => label.value !== '' && label.name.isWellFormed() && label.value.isWellFormed() && (i === 0 || (labels[i - 1]?.name ?? '') < label.name));
  return fine ? labels : labelSet(labels.map((label) => [label.name.toWellFormed(), label.value.toWellFormed()]));
}

function chunkRef(chunk: ChunkEntry, start: bigint, content: IndexContent): ChunkRef {
  const { segment, rowGroup, rowStart, rows, minNs, maxNs, bytes } = chunk;
  const whole = [segment, rowGroup, rowStart, rows, bytes].every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!whole || segment >= content.segments.length || Math.max(rowGroup, rowStart, rows) > 2 ** 32) throw nonsense(`a chunk at row ${rowStart} of row group ${rowGroup} of segment ${segment}`);
  if (minNs > maxNs || minNs < start || maxNs >= start + dayLengthNs) throw nonsense(`a chunk from ${minNs} to ${maxNs} in day ${content.day}`);
  return { segment, rowGroup, rowStart, rows, bytes, minOffset: Number(minNs - start), maxOffset: Number(maxNs - start) };
}

/** Writes the pairs with their posting lists, and returns what the directory and the list of names say of them. */
function writePairs(file: ByteWriter, streams: readonly Stream[], pairs: readonly Pair[]): { readonly pairBlocks: ReturnType<PairWriter['end']>; readonly names: readonly NameEntry[] } {
  // All posting lists in one array, that of pair p from starts[p] to starts[p + 1].
  const starts = new Uint32Array(pairs.length + 1);
  for (const pair of pairs) starts[pair.rank + 1] = pair.streams;
  for (let p = 0; p < pairs.length; p++) starts[p + 1] = (starts[p] ?? 0) + (starts[p + 1] ?? 0);
  const ids = new Uint32Array(starts[pairs.length] ?? 0);
  const filled = starts.slice();
  for (const [id, stream] of streams.entries()) {
    for (const pair of stream.pairs) {
      const at = filled[pair.rank] ?? 0;
      ids[at] = id;
      filled[pair.rank] = at + 1;
    }
  }
  const writer = new PairWriter(file, streams.length);
  const names: NameEntry[] = [];
  for (let p = 0; p < pairs.length; ) {
    const name = pairs[p]?.label.name ?? '';
    let end = p;
    while (pairs[end]?.label.name === name) end++;
    // A stream has one value of a name, so the lists of a name's values overlap nowhere.
    const withName = ids.slice(starts[p], starts[end]).sort();
    const [minOffset, maxOffset] = spanOf(streams, withName);
    names.push({ name, values: end - p, streams: withName.length, minOffset, maxOffset });
    writer.add(name, '', withName, minOffset, maxOffset);
    for (; p < end; p++) {
      const own = ids.subarray(starts[p], starts[p + 1]);
      writer.add(name, pairs[p]?.label.value ?? '', own, ...spanOf(streams, own));
    }
  }
  return { pairBlocks: writer.end(), names };
}

function spanOf(streams: readonly Stream[], ids: Uint32Array): [number, number] {
  let min = dayLengthNsNumber;
  let max = 0;
  for (const id of ids) {
    const stream = streams[id];
    if (stream === undefined) continue;
    if (stream.minOffset < min) min = stream.minOffset;
    if (stream.maxOffset > max) max = stream.maxOffset;
  }
  return [min, max];
}

function nonsense(what: string): SpoorError {
  return new SpoorError('internal', { reason: `${what} can not be indexed` });
}
