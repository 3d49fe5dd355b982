import { ByteReader, ByteWriter } from '../bytes/mod.ts';
import { comparePairs, readSpan, type PairBlockRef } from './directory.ts';
import { blockBytesTarget, indexLimits, largePostingsBytes, writeBlock, type BlockRef } from './format.ts';
import { encodePostings, type StreamIds } from './postings.ts';

/**
 * One label pair of an index. The pair of a name with the value "" stands for the name itself: its posting list has the streams that have
 * the label at all (no label has an empty value).
 */
export interface PairEntry {
  readonly name: string;
  readonly value: string;
  /** Streams that have the pair. All streams of the index: the list is left out. */
  readonly count: number;
  /** First and last time of their entries, nanoseconds since the start of the day. */
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Where its posting list begins and ends in the block of postings. */
  readonly start: number;
  readonly end: number;
}

/** A label name of an index. */
export interface NameEntry {
  readonly name: string;
  readonly values: number;
  readonly streams: number;
  readonly minOffset: number;
  readonly maxOffset: number;
}

/** Writes the pairs of an index, which come sorted, in blocks. */
export class PairWriter {
  readonly #file: ByteWriter;
  readonly #streams: number;
  readonly #blocks: PairBlockRef[] = [];
  readonly #scratch = new Uint8Array(largePostingsBytes);
  #pairs = new ByteWriter(blockBytesTarget);
  #postings = new ByteWriter(blockBytesTarget);
  #first: { readonly name: string; readonly value: string } | undefined;
  #name: string | undefined;

  constructor(file: ByteWriter, streams: number) {
    this.#file = file;
    this.#streams = streams;
  }

  add(name: string, value: string, ids: StreamIds, minOffset: number, maxOffset: number): void {
    const list = ids.length === this.#streams ? new Uint8Array(0) : encodePostings(ids, this.#scratch);
    if (list.length >= largePostingsBytes) this.#close();
    this.#first ??= { name, value };
    // 0 announces a name, a value's length is written one higher.
    if (this.#name !== name) this.#pairs.varint(0).text(name);
    this.#name = name;
    const text = Buffer.from(value, 'utf8');
    this.#pairs.varint(text.length + 1).bytes(text).varint(ids.length).varint(minOffset).varint(maxOffset - minOffset).varint(list.length);
    this.#postings.bytes(list);
    if (list.length >= largePostingsBytes || this.#pairs.length + this.#postings.length >= blockBytesTarget) this.#close();
  }

  end(): readonly PairBlockRef[] {
    this.#close();
    return this.#blocks;
  }

  #close(): void {
    if (this.#first === undefined) return;
    const pairs = writeBlock(this.#file, this.#pairs.view());
    const postings = writeBlock(this.#file, this.#postings.view());
    this.#blocks.push({ ...this.#first, pairs, postings });
    this.#first = undefined;
    this.#name = undefined;
    this.#pairs = new ByteWriter(blockBytesTarget);
    this.#postings = new ByteWriter(blockBytesTarget);
  }
}

/**
 * Calls `visit` for the pairs of a block, in order, until it returns false. Throws `corruption`.
 * @param streams number of streams of the index
 */
export function visitPairs(block: Uint8Array, streams: number, where: string, visit: (pair: PairEntry) => boolean): void {
  const reader = new ByteReader(block, where);
  let name: string | undefined;
  let start = 0;
  while (reader.remaining > 0) {
    let tag = reader.varint(indexLimits.textBytesMax, 'length of a label value');
    if (tag === 0) {
      name = reader.text(indexLimits.textBytesMax, 'label name');
      tag = reader.varint(indexLimits.textBytesMax, 'length of a label value');
    }
    if (name === undefined || tag === 0) throw reader.damage('a label value without a name');
    const value = reader.bytes(tag - 1).toString('utf8');
    const count = reader.varint(streams, 'number of streams of a label pair');
    const [minOffset, maxOffset] = readSpan(reader);
    const end = start + reader.varint(indexLimits.blockRawBytesMax, 'size of a posting list');
    if (!visit({ name, value, count, minOffset, maxOffset, start, end })) return;
    start = end;
  }
}

/** The blocks, first and last, that may hold pairs of `name` with values from `from` to `to` (undefined: to the last). Undefined: none does. */
export function findPairBlocks(blocks: readonly PairBlockRef[], name: string, from: string, to: string | undefined): { readonly first: number; readonly last: number } | undefined {
  const first = lastNotAfter(blocks, name, from);
  const last = to === undefined ? lastWithName(blocks, name) : lastNotAfter(blocks, name, to);
  return last < 0 ? undefined : { first: Math.max(0, first), last };
}

/** Index of the last block that begins at or before a pair; -1 if none does. */
function lastNotAfter(blocks: readonly PairBlockRef[], name: string, value: string): number {
  return lastWhere(blocks, (block) => comparePairs(block.name, block.value, name, value) <= 0);
}

function lastWithName(blocks: readonly PairBlockRef[], name: string): number {
  return lastWhere(blocks, (block) => block.name <= name);
}

function lastWhere(blocks: readonly PairBlockRef[], holds: (block: PairBlockRef) => boolean): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const block = blocks[middle];
    if (block !== undefined && holds(block)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Writes the names of an index, which come sorted, in blocks. */
export function writeNames(file: ByteWriter, names: readonly NameEntry[]): BlockRef[] {
  const blocks: BlockRef[] = [];
  let block = new ByteWriter(4096);
  for (const entry of names) {
    block.text(entry.name).varint(entry.values).varint(entry.streams).varint(entry.minOffset).varint(entry.maxOffset - entry.minOffset);
    if (block.length < blockBytesTarget) continue;
    blocks.push(writeBlock(file, block.view()));
    block = new ByteWriter(4096);
  }
  if (block.length > 0) blocks.push(writeBlock(file, block.view()));
  return blocks;
}

/** Reads a block of names. Throws `corruption`. */
export function readNames(block: Uint8Array, where: string): NameEntry[] {
  const reader = new ByteReader(block, where);
  const names: NameEntry[] = [];
  while (reader.remaining > 0) {
    const name = reader.text(indexLimits.textBytesMax, 'label name');
    const values = reader.varint();
    const streams = reader.varint(indexLimits.streamsMax, 'number of streams');
    const [minOffset, maxOffset] = readSpan(reader);
    names.push({ name, values, streams, minOffset, maxOffset });
  }
  return names;
}
