import { ByteReader, ByteWriter } from '../bytes/mod.ts';
import { dayLengthNsNumber, dayStartNs } from '../model/mod.ts';
import { headerBytes, indexLimits, readBlockRef, writeBlockRef, type BlockRef } from './format.ts';

/** A segment that chunks of the index lie in. */
export interface IndexSegment {
  readonly key: string;
  /** Bytes of the segment. */
  readonly size: number;
  /** Bytes at its end that a reader needs first. */
  readonly footerBytes: number;
}

/** What is known of a block of label pairs without reading it. */
export interface PairBlockRef {
  /** Its first pair. */
  readonly name: string;
  readonly value: string;
  /** Names, values, sizes of the posting lists. */
  readonly pairs: BlockRef;
  /** The posting lists; they follow the pairs immediately. */
  readonly postings: BlockRef;
}

/** What is known of a block of streams without reading it. */
export interface StreamBlockRef extends BlockRef {
  /** Number of its first stream. */
  readonly first: number;
  readonly streams: number;
  /** First and last time of an entry, nanoseconds since the start of the day. */
  readonly minOffset: number;
  readonly maxOffset: number;
}

/** The sparse directory of an index file. */
export interface IndexDirectory {
  readonly tenant: string;
  readonly day: number;
  readonly dayStartNs: bigint;
  readonly streams: number;
  readonly chunks: number;
  readonly rows: number;
  readonly bytes: number;
  /** First and last time of an entry, nanoseconds since the start of the day. */
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly segments: readonly IndexSegment[];
  readonly streamBlocks: readonly StreamBlockRef[];
  readonly pairBlocks: readonly PairBlockRef[];
  readonly nameBlocks: readonly BlockRef[];
}

/** Directory as bytes. The blocks lie in the file in the order streams, pairs, names, each following the one before. */
export function encodeDirectory(directory: Omit<IndexDirectory, 'dayStartNs'>): Uint8Array {
  const writer = new ByteWriter(4096);
  writer.text(directory.tenant).varint(zigzag(directory.day));
  writer.varint(directory.streams).varint(directory.chunks).varint(directory.rows).varint(directory.bytes);
  writer.varint(directory.minOffset).varint(directory.maxOffset - directory.minOffset);
  writer.varint(directory.segments.length);
  for (const segment of directory.segments) writer.text(segment.key).varint(segment.size).varint(segment.footerBytes);
  writer.varint(directory.streamBlocks.length);
  for (const block of directory.streamBlocks) {
    writer.varint(block.streams).varint(block.minOffset).varint(block.maxOffset - block.minOffset);
    writeBlockRef(writer, block);
  }
  writer.varint(directory.pairBlocks.length);
  for (const block of directory.pairBlocks) {
    writer.text(block.name).text(block.value);
    writeBlockRef(writer, block.pairs);
    writeBlockRef(writer, block.postings);
  }
  writer.varint(directory.nameBlocks.length);
  for (const block of directory.nameBlocks) writeBlockRef(writer, block);
  return writer.view();
}

/** Reads what encodeDirectory wrote. `endOffset` is where the blocks end in the file. Throws `corruption`. */
export function decodeDirectory(bytes: Uint8Array, endOffset: number, where: string): IndexDirectory {
  const reader = new ByteReader(bytes, `${where}, directory`);
  const count = (max: number, what: string): number => reader.varint(Math.min(max, reader.remaining), `number of ${what}`);
  const tenant = reader.text(indexLimits.tenantBytesMax, 'tenant');
  const day = unzigzag(reader.varint(2 ** 33, 'day'));
  const streams = reader.varint(indexLimits.streamsMax, 'number of streams');
  const chunks = reader.varint();
  const rows = reader.varint();
  const lineBytes = reader.varint();
  const [minOffset, maxOffset] = readSpan(reader);
  const segments: IndexSegment[] = [];
  for (let n = count(indexLimits.segmentsMax, 'segments'); n > 0; n--) {
    const key = reader.text(indexLimits.keyBytesMax, 'segment key');
    const size = reader.varint();
    segments.push({ key, size, footerBytes: reader.varint(size, 'size of a segment footer') });
  }
  let offset = headerBytes;
  const block = (): BlockRef => {
    const ref = readBlockRef(reader, offset, endOffset);
    offset += ref.stored;
    return ref;
  };
  const streamBlocks: StreamBlockRef[] = [];
  let first = 0;
  for (let n = count(indexLimits.streamsMax, 'stream blocks'); n > 0; n--) {
    const inBlock = reader.varint(streams - first, 'number of streams of a block');
    const [min, max] = readSpan(reader);
    streamBlocks.push({ first, streams: inBlock, minOffset: min, maxOffset: max, ...block() });
    first += inBlock;
  }
  if (first !== streams) throw reader.damage(`the stream blocks hold ${first} of ${streams} streams`);
  const pairBlocks: PairBlockRef[] = [];
  for (let n = count(indexLimits.streamsMax, 'pair blocks'); n > 0; n--) {
    const name = reader.text(indexLimits.textBytesMax, 'label name');
    const value = reader.text(indexLimits.textBytesMax, 'label value');
    const before = pairBlocks.at(-1);
    if (before !== undefined && comparePairs(before.name, before.value, name, value) >= 0) throw reader.damage('the pair blocks are not in order');
    pairBlocks.push({ name, value, pairs: block(), postings: block() });
  }
  const nameBlocks: BlockRef[] = [];
  for (let n = count(indexLimits.streamsMax, 'name blocks'); n > 0; n--) nameBlocks.push(block());
  reader.end();
  if (offset !== endOffset) throw reader.damage(`the blocks end at ${offset} instead of ${endOffset}`);
  return { tenant, day, dayStartNs: dayStartNs(day), streams, chunks, rows, bytes: lineBytes, minOffset, maxOffset, segments, streamBlocks, pairBlocks, nameBlocks };
}

/** Reads first and last time of a day, written as the first and the distance to the last. */
export function readSpan(reader: ByteReader): [number, number] {
  const min = reader.varint(dayLengthNsNumber - 1, 'time of the day');
  return [min, min + reader.varint(dayLengthNsNumber - 1 - min, 'time of the day')];
}

/** Order of label pairs: by name, then by value, both by UTF-16 code units. */
export function comparePairs(nameA: string, valueA: string, nameB: string, valueB: string): number {
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  if (valueA === valueB) return 0;
  return valueA < valueB ? -1 : 1;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
