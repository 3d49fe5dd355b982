import { BufferPool } from '../bytes/mod.ts';
import { keepShape, SpoorError } from '../model/mod.ts';
import { headerBytes, recordBytesMax, writeHeader } from './record.ts';

/** Up to here bytes are copied in a loop: a call into the runtime costs more. */
const loopBytes = 40;

/** What a record has room for. */
export interface RecordRoom {
  readonly rows: number;
  readonly streams: number;
  /** Of tenant and labels as they are encoded. */
  readonly labelBytes: number;
  readonly lineBytes: number;
  readonly metadataBytes: number;
}

/**
 * Writes a journal record (docs/formats/record.md) in place, entry by entry: the bytes of a line are copied once, from the push to where the journal writes them from.
 * Sections have room for what is expected; where that was too much they are moved together in the end, where it was too little the record moves to a larger buffer.
 */
export class RecordBuilder {
  readonly #pool: BufferPool;
  #bytes: Buffer;
  #room: RecordRoom;
  #timeWords!: Uint32Array;
  #lineStart!: Uint32Array;
  #metadataStart!: Uint32Array;
  #streamRows!: Uint32Array;
  /** Where the sections of bytes begin. */
  #labelsFrom = 0;
  #linesFrom = 0;
  #metadataFrom = 0;
  #rows = 0;
  /** Streams but the open one. */
  #streams = 0;
  #openRows = 0;
  #isOpen = false;
  /** Bytes of sections, without the labels of the open stream and with. */
  #labelsKept = 0;
  #labels = 0;
  #lines = 0;
  #metadata = 0;

  /** `tenant`: its name as the label section begins with it. */
  constructor(tenant: Buffer, room: RecordRoom, pool: BufferPool) {
    this.#pool = pool;
    this.#room = { ...room, labelBytes: Math.max(room.labelBytes, tenant.length) };
    this.#bytes = pool.take(lengthOf(this.#room));
    this.#lay();
    tenant.copy(this.#bytes, this.#labelsFrom);
    this.#labelsKept = tenant.length;
    this.#labels = tenant.length;
    this.#lineStart[0] = 0;
    this.#metadataStart[0] = 0;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of the record, near enough. */
  get bytes(): number {
    return headerBytes + this.#rows * 16 + this.#labels + this.#lines + this.#metadata;
  }

  /** Lays the columns over the buffer. */
  #lay(): void {
    const { buffer } = this.#bytes;
    const { rows, streams, labelBytes, lineBytes } = this.#room;
    let at = headerBytes;
    this.#timeWords = new Uint32Array(buffer, at, rows * 2);
    at += rows * 8;
    this.#lineStart = new Uint32Array(buffer, at, rows + 1);
    at += (rows + 1) * 4;
    this.#metadataStart = new Uint32Array(buffer, at, rows + 1);
    at += (rows + 1) * 4;
    this.#streamRows = new Uint32Array(buffer, at, streams);
    this.#labelsFrom = at + streams * 4;
    this.#linesFrom = this.#labelsFrom + labelBytes;
    this.#metadataFrom = this.#linesFrom + lineBytes;
  }

  /** Moves to a buffer with more room. */
  #grow(more: Partial<RecordRoom>): void {
    const old = { bytes: this.#bytes, labelsFrom: this.#labelsFrom, linesFrom: this.#linesFrom, metadataFrom: this.#metadataFrom };
    const [timeWords, lineStart, metadataStart, streamRows] = [this.#timeWords, this.#lineStart, this.#metadataStart, this.#streamRows];
    this.#room = { ...this.#room, ...more };
    this.#bytes = this.#pool.take(lengthOf(this.#room));
    this.#lay();
    this.#timeWords.set(timeWords.subarray(0, this.#rows * 2));
    this.#lineStart.set(lineStart.subarray(0, this.#rows + 1));
    this.#metadataStart.set(metadataStart.subarray(0, this.#rows + 1));
    this.#streamRows.set(streamRows.subarray(0, this.#streams));
    old.bytes.copy(this.#bytes, this.#labelsFrom, old.labelsFrom, old.labelsFrom + this.#labels);
    old.bytes.copy(this.#bytes, this.#linesFrom, old.linesFrom, old.linesFrom + this.#lines);
    old.bytes.copy(this.#bytes, this.#metadataFrom, old.metadataFrom, old.metadataFrom + this.#metadata);
    this.#pool.give(old.bytes);
  }

  /** The entries that follow belong to this stream; `labels` as encodeStreamLabels gives them. */
  stream(labels: Buffer): void {
    this.#close();
    if (this.#streams === this.#room.streams) this.#grow({ streams: this.#room.streams * 2 + 4 });
    const labelBytes = this.#labels + labels.length;
    if (labelBytes > this.#room.labelBytes) this.#grow({ labelBytes: labelBytes * 2 });
    labels.copy(this.#bytes, this.#labelsFrom + this.#labels);
    this.#labels = labelBytes;
    this.#isOpen = true;
  }

  /** Ends the open stream; one without entries is forgotten. */
  #close(): void {
    if (this.#isOpen && this.#openRows > 0) {
      this.#streamRows[this.#streams++] = this.#openRows;
      this.#labelsKept = this.#labels;
    }
    this.#labels = this.#labelsKept;
    this.#openRows = 0;
    this.#isOpen = false;
  }

  /** Takes a stream's entries back, all that came since `stream` was called with it. */
  dropStream(): void {
    this.#rows -= this.#openRows;
    this.#lines = this.#lineStart[this.#rows]!;
    this.#metadata = this.#metadataStart[this.#rows]!;
    this.#openRows = 0;
    this.#close();
  }

  /** Adds a metadata pair to the entry that `addRow` will add next. `encodedName` has its length in front. */
  addPair(encodedName: Buffer, value: Buffer, start: number, length: number): void {
    const need = encodedName.length + length + 5;
    if (this.#metadata + need > this.#room.metadataBytes) this.#grow({ metadataBytes: 2 * (this.#metadata + need) });
    const into = this.#bytes;
    const from = this.#metadataFrom;
    let at = copyBytes(encodedName, 0, encodedName.length, into, from + this.#metadata);
    let rest = length;
    while (rest >= 0x80) {
      into[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    into[at++] = rest;
    this.#metadata = copyBytes(value, start, length, into, at) - from;
  }

  /** Forgets the pairs that were added for a row which is not. */
  dropPairs(): void {
    this.#metadata = this.#metadataStart[this.#rows]!;
  }

  /** Adds an entry: its time as two words of 32 bits, its line, and behind that `suffix`. */
  addRow(timeLow: number, timeHigh: number, bytes: Buffer, start: number, length: number, suffix: Buffer | null): void {
    const row = this.#rows;
    if (row === this.#room.rows) this.#grow({ rows: row * 2 + 16 });
    const need = this.#lines + length + (suffix === null ? 0 : suffix.length);
    if (need > this.#room.lineBytes) this.#grow({ lineBytes: 2 * need });
    this.#timeWords[row * 2] = timeLow;
    this.#timeWords[row * 2 + 1] = timeHigh;
    const at = copyBytes(bytes, start, length, this.#bytes, this.#linesFrom + this.#lines);
    if (suffix !== null) copyBytes(suffix, 0, suffix.length, this.#bytes, at);
    this.#lines = need;
    this.#lineStart[row + 1] = need;
    this.#metadataStart[row + 1] = this.#metadata;
    this.#rows = row + 1;
    this.#openRows++;
  }

  /** The record, in memory that is the caller's until `release`. The builder takes nothing more. Throws `body_too_large` above recordBytesMax. */
  finish(): Buffer {
    this.#close();
    const [rows, streams] = [this.#rows, this.#streams];
    let at = headerBytes;
    at = this.#moveTo(at, headerBytes, rows * 8);
    at = this.#moveTo(at, this.#lineStart.byteOffset, (rows + 1) * 4);
    at = this.#moveTo(at, this.#metadataStart.byteOffset, (rows + 1) * 4);
    at = this.#moveTo(at, this.#streamRows.byteOffset, streams * 4);
    at = this.#moveTo(at, this.#labelsFrom, this.#labels);
    at = this.#moveTo(at, this.#linesFrom, this.#lines);
    at = this.#moveTo(at, this.#metadataFrom, this.#metadata);
    if (at > recordBytesMax) throw new SpoorError('body_too_large', { limit: recordBytesMax, name: 'journal record' });
    writeHeader(this.#bytes, { rows, streams, labelBytes: this.#labels, lineBytes: this.#lines, metadataBytes: this.#metadata });
    return this.#bytes.subarray(0, at);
  }

  /** Moves a section down to where it belongs; gives the place behind it. */
  #moveTo(at: number, from: number, length: number): number {
    if (at !== from && length > 0) this.#bytes.copyWithin(at, from, from + length);
    return at + length;
  }

  /** Lets the memory be used again. */
  release(): void {
    this.#pool.give(this.#bytes);
  }
}

function lengthOf({ rows, streams, labelBytes, lineBytes, metadataBytes }: RecordRoom): number {
  return headerBytes + rows * 8 + (rows + 1) * 8 + streams * 4 + labelBytes + lineBytes + metadataBytes;
}

/** Copies from[start … start + length) to into[at …); where it ends there. */
function copyBytes(from: Buffer, start: number, length: number, into: Buffer, at: number): number {
  if (length <= loopBytes) for (let i = 0; i < length; i++) into[at + i] = from[start + i]!;
  else from.copy(into, at, start, start + length);
  return at + length;
}

keepShape(new RecordBuilder(Buffer.alloc(1), { rows: 0, streams: 0, labelBytes: 0, lineBytes: 0, metadataBytes: 0 }, new BufferPool(0)));
