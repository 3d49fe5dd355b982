import { ByteReader, ByteWriter } from '../bytes/mod.ts';
import { dayLengthNsNumber, formatLabels, type Label, type LabelSet } from '../model/mod.ts';
import type { IndexDirectory, IndexSegment, StreamBlockRef } from './directory.ts';
import { blockBytesTarget, indexLimits, writeBlock } from './format.ts';

/** A run of rows of one stream in a row group. Times are nanoseconds since the start of the day. */
export interface ChunkRef {
  /** Index into the segments of the index. */
  readonly segment: number;
  readonly rowGroup: number;
  /** First row, counted within the row group. */
  readonly rowStart: number;
  readonly rows: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Raw bytes of lines, and of metadata as statistics count them (countMetadataBytes). */
  readonly bytes: number;
}

/** Writes the streams of an index, which come sorted, in blocks. Each block has its own tables of texts and pairs, so that it is read alone. */
export class StreamWriter {
  readonly #file: ByteWriter;
  readonly #pairs: readonly { readonly label: Label }[];
  readonly #blocks: StreamBlockRef[] = [];
  /** Per pair: its number in the block, plus #base; what is not above #base is of an earlier block. */
  readonly #numbers: Float64Array;
  #base = 0;
  #pairCount = 0;
  #names = new Map<string, number>();
  #textCount = 0;
  #textBytes = new ByteWriter(blockBytesTarget);
  #pairBytes = new ByteWriter(4096);
  #lengths: number[] = [];
  #records = new ByteWriter(blockBytesTarget);
  #first = 0;
  #minOffset = dayLengthNsNumber;
  #maxOffset = 0;

  /** @param pairs all pairs of the index */
  constructor(file: ByteWriter, pairs: readonly { readonly label: Label }[]) {
    this.#file = file;
    this.#pairs = pairs;
    this.#numbers = new Float64Array(pairs.length);
  }

  /** @param pairs numbers of the stream's pairs; @param chunks sorted by minOffset */
  add(pairs: Uint32Array, chunks: readonly ChunkRef[]): void {
    const start = this.#records.length;
    this.#records.varint(pairs.length);
    for (const pair of pairs) this.#records.varint(this.#pair(pair));
    this.#records.varint(chunks.length);
    let before = 0;
    for (const chunk of chunks) {
      this.#records.varint(chunk.segment).varint(chunk.rowGroup).varint(chunk.rowStart).varint(chunk.rows);
      this.#records.varint(chunk.minOffset - before).varint(chunk.maxOffset - chunk.minOffset).varint(chunk.bytes);
      before = chunk.minOffset;
      this.#minOffset = Math.min(this.#minOffset, chunk.minOffset);
      this.#maxOffset = Math.max(this.#maxOffset, chunk.maxOffset);
    }
    this.#lengths.push(this.#records.length - start);
    if (this.#records.length + this.#textBytes.length + this.#pairBytes.length >= blockBytesTarget) this.#close();
  }

  end(): readonly StreamBlockRef[] {
    this.#close();
    return this.#blocks;
  }

  #pair(pair: number): number {
    const number = (this.#numbers[pair] ?? 0) - this.#base - 1;
    if (number >= 0) return number;
    const label = this.#pairs[pair]?.label ?? { name: '', value: '' };
    let name = this.#names.get(label.name);
    if (name === undefined) this.#names.set(label.name, (name = this.#text(label.name)));
    this.#pairBytes.varint(name).varint(this.#text(label.value));
    this.#numbers[pair] = this.#base + ++this.#pairCount;
    return this.#pairCount - 1;
  }

  #text(text: string): number {
    this.#textBytes.text(text);
    return this.#textCount++;
  }

  #close(): void {
    const streams = this.#lengths.length;
    if (streams === 0) return;
    const raw = new ByteWriter(this.#records.length + this.#textBytes.length + this.#pairBytes.length + streams * 3 + 32);
    raw.varint(this.#textCount).bytes(this.#textBytes.view()).varint(this.#pairCount).bytes(this.#pairBytes.view()).varint(streams);
    for (const length of this.#lengths) raw.varint(length);
    raw.bytes(this.#records.view());
    this.#blocks.push({ first: this.#first, streams, minOffset: this.#minOffset, maxOffset: this.#maxOffset, ...writeBlock(this.#file, raw.view()) });
    this.#first += streams;
    this.#base += this.#pairCount;
    this.#pairCount = 0;
    this.#names = new Map();
    this.#textCount = 0;
    this.#textBytes = new ByteWriter(blockBytesTarget);
    this.#pairBytes = new ByteWriter(4096);
    this.#lengths = [];
    this.#records = new ByteWriter(blockBytesTarget);
    this.#minOffset = dayLengthNsNumber;
    this.#maxOffset = 0;
  }
}

/** Where rows of a stream lie, for readers. */
export interface SelectedChunk {
  /** Its segment; one object per segment and index file, so that it can be a key of a Map. */
  readonly segment: IndexSegment;
  readonly rowGroup: number;
  /** First row, counted within the row group. */
  readonly rowStart: number;
  readonly rows: number;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  /** Raw bytes of lines, and of metadata as statistics count them (countMetadataBytes). */
  readonly bytes: number;
}

/** A stream of a block. Kept with it, so that queries share what was made of it. */
export class StoredStream {
  readonly labels: LabelSet;
  /** Sorted by minOffset. */
  readonly chunks: readonly ChunkRef[];
  readonly #index: Pick<IndexDirectory, 'segments' | 'dayStartNs'>;
  readonly #selected: SelectedChunk[] = [];
  #key: string | null = null;

  constructor(labels: LabelSet, chunks: readonly ChunkRef[], index: Pick<IndexDirectory, 'segments' | 'dayStartNs'>) {
    this.labels = labels;
    this.chunks = chunks;
    this.#index = index;
  }

  /** formatLabels(labels). */
  get key(): string {
    return (this.#key ??= formatLabels(this.labels));
  }

  /** The chunks that have entries from `startOffset` to `endOffset` (both included). */
  within(startOffset: number, endOffset: number): readonly ChunkRef[] {
    const { chunks } = this;
    return chunks.every((chunk) => touches(chunk, startOffset, endOffset)) ? chunks : chunks.filter((chunk) => touches(chunk, startOffset, endOffset));
  }

  /** Whether there are such chunks. */
  touches(startOffset: number, endOffset: number): boolean {
    return this.chunks.some((chunk) => touches(chunk, startOffset, endOffset));
  }

  /** The same chunks, added to `into`. */
  select(startOffset: number, endOffset: number, into: SelectedChunk[]): void {
    for (const [i, chunk] of this.chunks.entries()) if (touches(chunk, startOffset, endOffset)) into.push((this.#selected[i] ??= selectedChunk(chunk, this.#index)));
  }
}

function touches({ minOffset, maxOffset }: ChunkRef, startOffset: number, endOffset: number): boolean {
  return minOffset <= endOffset && maxOffset >= startOffset;
}

const noSegment: IndexSegment = { key: '', size: 0, footerBytes: 0 };

function selectedChunk(chunk: ChunkRef, { segments, dayStartNs }: Pick<IndexDirectory, 'segments' | 'dayStartNs'>): SelectedChunk {
  const { rowGroup, rowStart, rows, bytes } = chunk;
  return { segment: segments[chunk.segment] ?? noSegment, rowGroup, rowStart, rows, minNs: dayStartNs + BigInt(chunk.minOffset), maxNs: dayStartNs + BigInt(chunk.maxOffset), bytes };
}

/** A block of streams, opened: tables read, streams read when they are asked for, and kept. */
export class StreamBlock {
  readonly #raw: Uint8Array;
  readonly #where: string;
  readonly #index: Pick<IndexDirectory, 'segments' | 'dayStartNs'>;
  readonly #pairs: readonly Label[];
  /** streams + 1 offsets of the records. */
  readonly #starts: Uint32Array;
  readonly #streams: StoredStream[] = [];

  /** @param streams how many there are, by the directory. Throws `corruption`. */
  constructor(raw: Uint8Array, streams: number, index: Pick<IndexDirectory, 'segments' | 'dayStartNs'>, where: string) {
    this.#raw = raw;
    this.#where = where;
    this.#index = index;
    const reader = new ByteReader(raw, where);
    const count = (what: string): number => reader.varint(reader.remaining, `number of ${what}`);
    const texts: string[] = [];
    for (let n = count('texts'); n > 0; n--) texts.push(reader.text(indexLimits.textBytesMax));
    const pairs: Label[] = [];
    const text = (): string => texts[reader.varint(texts.length - 1, 'number of a text')] ?? '';
    for (let n = count('pairs'); n > 0; n--) pairs.push({ name: text(), value: text() });
    this.#pairs = pairs;
    if (count('streams') !== streams) throw reader.damage('the block holds another number of streams than the directory says');
    this.#starts = new Uint32Array(streams + 1);
    let length = 0;
    for (let i = 0; i < streams; i++) {
      length += reader.varint(raw.length, 'size of a stream');
      this.#starts[i + 1] = length;
    }
    if (length !== reader.remaining) throw reader.damage(`the streams take ${length} of ${reader.remaining} bytes`);
    for (let i = 0; i <= streams; i++) this.#starts[i] = (this.#starts[i] ?? 0) + reader.offset;
  }

  /** About what it takes in memory when all streams are read. */
  get weight(): number {
    return streamWeight * (this.#starts.length - 1) + byteWeight * this.#raw.length;
  }

  /** Stream `i` of the block. */
  stream(i: number): StoredStream {
    return (this.#streams[i] ??= this.#read(i));
  }

  #read(i: number): StoredStream {
    const reader = new ByteReader(this.#raw.subarray(0, this.#starts[i + 1]), this.#where, this.#starts[i] ?? 0);
    const labels: Label[] = [];
    for (let n = reader.varint(Math.min(indexLimits.labelsPerStreamMax, reader.remaining), 'number of labels'); n > 0; n--) {
      const label = this.#pairs[reader.varint(this.#pairs.length - 1, 'number of a pair')];
      if (label !== undefined) labels.push(label);
    }
    const chunks: ChunkRef[] = [];
    let minOffset = 0;
    for (let n = reader.varint(Math.min(indexLimits.chunksPerStreamMax, reader.remaining), 'number of chunks'); n > 0; n--) {
      const segment = reader.varint(this.#index.segments.length - 1, 'number of a segment');
      const rowGroup = reader.varint(2 ** 32, 'number of a row group');
      const rowStart = reader.varint(2 ** 32, 'first row');
      const rows = reader.varint(2 ** 32, 'number of rows');
      minOffset += reader.varint(dayLengthNsNumber - 1 - minOffset, 'time of the day');
      const maxOffset = minOffset + reader.varint(dayLengthNsNumber - 1 - minOffset, 'time of the day');
      chunks.push({ segment, rowGroup, rowStart, rows, minOffset, maxOffset, bytes: reader.varint() });
    }
    reader.end();
    return new StoredStream(labels, chunks, this.#index);
  }
}

/** Guesses at what a stream, and a byte of a block, take in memory when they are read. */
const streamWeight = 400;
const byteWeight = 12;
