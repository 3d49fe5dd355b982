import { ByteWriter } from '../bytes/mod.ts';
import { dayLengthNs, dayLengthNsNumber, dayStartNs, SpoorError, type LabelSet } from '../model/mod.ts';
import { encodeDirectory, type IndexSegment } from './directory.ts';
import { indexLimits, indexMagic, indexVersion, writeTrailer } from './format.ts';
import { PairWriter, writeNames, type NameEntry } from './pairs.ts';
import { StreamTable, type Pair } from './stream-table.ts';
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
  /** Raw bytes of lines, and of metadata as statistics count them (countMetadataBytes). */
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
  const chunks = gather(content);
  const { table } = chunks;
  const file = new ByteWriter(1 << 16);
  file.bytes(indexMagic).u32(indexVersion);
  const streamBlocks = writeStreams(file, chunks);
  const { pairBlocks, names } = writePairs(file, chunks);
  const nameBlocks = writeNames(file, names);
  let rows = 0;
  let bytes = 0;
  for (const chunk of content.chunks) {
    rows += chunk.rows;
    bytes += chunk.bytes;
  }
  const [minOffset, maxOffset] = spanOf(streamBlocks);
  const { tenant, day, segments } = content;
  writeTrailer(file, encodeDirectory({ tenant, day, segments, streams: table.streams, chunks: content.chunks.length, rows, bytes, minOffset, maxOffset, streamBlocks, pairBlocks, nameBlocks }));
  const start = dayStartNs(day);
  return { data: new Uint8Array(file.view()), minNs: start + BigInt(minOffset), maxNs: start + BigInt(maxOffset), streams: table.streams, rows, bytes };
}

/** The chunks by stream. Flat arrays, since a merged index has millions of both. */
interface Gathered {
  readonly table: StreamTable;
  /** Streams in the order of their label sets. */
  readonly order: Uint32Array;
  readonly chunks: readonly ChunkRef[];
  /** Numbers of chunks by stream: those of stream s from chunkStarts[s] to chunkStarts[s + 1]. */
  readonly chunkNumbers: Uint32Array;
  readonly chunkStarts: Uint32Array;
}

function gather(content: IndexContent): Gathered {
  const table = new StreamTable();
  const start = dayStartNs(content.day);
  const chunks: ChunkRef[] = [];
  const streamOf = new Uint32Array(content.chunks.length);
  for (const [i, chunk] of content.chunks.entries()) {
    streamOf[i] = table.add(chunk.labels);
    chunks.push(chunkRef(chunk, start, content));
  }
  if (table.streams > indexLimits.streamsMax) throw nonsense(`an index of ${table.streams} streams`);
  if (table.labelsMax > indexLimits.labelsPerStreamMax) throw nonsense(`a stream of ${table.labelsMax} labels`);
  const { starts, members } = groupBy(streamOf, table.streams);
  return { table, order: table.sort(), chunks, chunkNumbers: members, chunkStarts: starts };
}

function chunkRef(chunk: ChunkEntry, start: bigint, content: IndexContent): ChunkRef {
  const { segment, rowGroup, rowStart, rows, minNs, maxNs, bytes } = chunk;
  const whole = isCount(segment) && isCount(rowGroup) && isCount(rowStart) && isCount(rows) && isCount(bytes);
  if (!whole || segment >= content.segments.length || Math.max(rowGroup, rowStart, rows) > 2 ** 32) throw nonsense(`a chunk at row ${rowStart} of row group ${rowGroup} of segment ${segment}`);
  if (minNs > maxNs || minNs < start || maxNs >= start + dayLengthNs) throw nonsense(`a chunk from ${minNs} to ${maxNs} in day ${content.day}`);
  return { segment, rowGroup, rowStart, rows, bytes, minOffset: Number(minNs - start), maxOffset: Number(maxNs - start) };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Numbers 0 … keys.length - 1 grouped by key: those with key k are members[starts[k] … starts[k + 1]), rising. */
function groupBy(keys: Uint32Array, groups: number): { readonly starts: Uint32Array; readonly members: Uint32Array } {
  const starts = new Uint32Array(groups + 1);
  for (const key of keys) starts[key + 1] = (starts[key + 1] ?? 0) + 1;
  for (let k = 0; k < groups; k++) starts[k + 1] = (starts[k] ?? 0) + (starts[k + 1] ?? 0);
  const members = new Uint32Array(keys.length);
  const filled = starts.slice();
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    const at = filled[key] ?? 0;
    members[at] = i;
    filled[key] = at + 1;
  }
  return { starts, members };
}

function writeStreams(file: ByteWriter, { table, order, chunks, chunkNumbers, chunkStarts }: Gathered): ReturnType<StreamWriter['end']> {
  const writer = new StreamWriter(file, table.pairs);
  for (const stream of order) {
    const own: ChunkRef[] = [];
    for (let at = chunkStarts[stream] ?? 0; at < (chunkStarts[stream + 1] ?? 0); at++) {
      const chunk = chunks[chunkNumbers[at] ?? 0];
      if (chunk !== undefined) own.push(chunk);
    }
    if (own.length > indexLimits.chunksPerStreamMax) throw nonsense(`a stream of ${own.length} chunks`);
    if (own.length > 1) own.sort((a, b) => a.minOffset - b.minOffset || a.segment - b.segment || a.rowGroup - b.rowGroup || a.rowStart - b.rowStart);
    writer.add(table.pairsOf(stream), own);
  }
  return writer.end();
}

/** Writes the pairs with their posting lists, and returns what the directory and the list of names say of them. */
function writePairs(file: ByteWriter, { table, order, chunks, chunkNumbers, chunkStarts }: Gathered): { readonly pairBlocks: ReturnType<PairWriter['end']>; readonly names: readonly NameEntry[] } {
  const pairs = table.pairs;
  // All posting lists in one array, that of pair p from starts[p] to starts[p + 1].
  const starts = new Uint32Array(pairs.length + 1);
  for (const [p, pair] of pairs.entries()) starts[p + 1] = (starts[p] ?? 0) + pair.streams;
  const ids = new Uint32Array(starts[pairs.length] ?? 0);
  const filled = starts.slice();
  const mins = new Float64Array(pairs.length).fill(dayLengthNsNumber);
  const maxs = new Float64Array(pairs.length);
  for (const [id, stream] of order.entries()) {
    let min = dayLengthNsNumber;
    let max = 0;
    for (let at = chunkStarts[stream] ?? 0; at < (chunkStarts[stream + 1] ?? 0); at++) {
      const chunk = chunks[chunkNumbers[at] ?? 0];
      if (chunk !== undefined && chunk.minOffset < min) min = chunk.minOffset;
      if (chunk !== undefined && chunk.maxOffset > max) max = chunk.maxOffset;
    }
    for (const p of table.pairsOf(stream)) {
      const at = filled[p] ?? 0;
      ids[at] = id;
      filled[p] = at + 1;
      if (min < (mins[p] ?? 0)) mins[p] = min;
      if (max > (maxs[p] ?? 0)) maxs[p] = max;
    }
  }
  const writer = new PairWriter(file, table.streams);
  const names: NameEntry[] = [];
  for (let p = 0; p < pairs.length; ) {
    const end = endOfName(pairs, p);
    const name = pairs[p]?.label.name ?? '';
    // A stream has one value of a name, so the lists of a name's values overlap nowhere.
    const withName = ids.slice(starts[p], starts[end]).sort();
    const minOffset = mins.subarray(p, end).reduce((min, one) => Math.min(min, one), dayLengthNsNumber);
    const maxOffset = maxs.subarray(p, end).reduce((max, one) => Math.max(max, one), 0);
    names.push({ name, values: end - p, streams: withName.length, minOffset, maxOffset });
    writer.add(name, '', withName, minOffset, maxOffset);
    for (; p < end; p++) writer.add(name, pairs[p]?.label.value ?? '', ids.subarray(starts[p], starts[p + 1]), mins[p] ?? 0, maxs[p] ?? 0);
  }
  return { pairBlocks: writer.end(), names };
}

/** The pair after the last one with the name of pair `p`. */
function endOfName(pairs: readonly Pair[], p: number): number {
  const name = pairs[p]?.label.name;
  let end = p;
  while (end < pairs.length && pairs[end]?.label.name === name) end++;
  return end;
}

function spanOf(blocks: readonly { readonly minOffset: number; readonly maxOffset: number }[]): [number, number] {
  let min = dayLengthNsNumber;
  let max = 0;
  for (const block of blocks) {
    min = Math.min(min, block.minOffset);
    max = Math.max(max, block.maxOffset);
  }
  return [min, max];
}

function nonsense(what: string): SpoorError {
  return new SpoorError('internal', { reason: `${what} can not be indexed` });
}
