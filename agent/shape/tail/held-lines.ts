import type { LineView } from '../../join/line.ts';

/** Where a held line stands: number of its slab × 2^24 + place in it. */
export type Address = number;
export const nowhere: Address = -1;

const placeSpan = 2 ** 24;
const slabBytes = 256 * 1024;
/** A line is headed by five doubles (next of the trace, next and previous of the file's stream, seconds, offset) and eight integers. */
const headBytes = 72;
const doubles = { nextOfTrace: 0, nextOfFile: 1, prevOfFile: 2, seconds: 3, offset: 4 } as const;
const integers = { nanos: 10, length: 11, metadataLength: 12, file: 13, stream: 14, labels: 15, port: 16, level: 17 } as const;
/** Free slabs that are kept for the next lines. */
const spareMax = 2;

interface Slab {
  readonly bytes: Buffer;
  readonly double: Float64Array;
  readonly integer: Int32Array;
  used: number;
  lines: number;
}

/**
 * Lines that wait, in slabs: no object per line. Lines come in order and leave in about the same order, so that old slabs become free as a whole. What occupies memory is
 * counted, not what is used of it.
 */
export class HeldLines {
  readonly #bytesMax: number;
  readonly #slabs: (Slab | null)[] = [];
  readonly #spare: Slab[] = [];
  #current = -1;
  #bytes = 0;
  #lines = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of memory that held lines occupy. */
  get bytes(): number {
    return this.#bytes;
  }

  get lines(): number {
    return this.#lines;
  }

  /** Whether memory is free for the line. */
  fits(line: LineView): boolean {
    const bytes = sizeOf(line);
    const slab = this.#current < 0 ? null : this.#slabs[this.#current]!;
    if (slab !== null && slab.used + bytes <= slab.bytes.length) return true;
    return this.#bytes + Math.max(slabBytes, bytes) <= this.#bytesMax;
  }

  /** Copies a line; where it fits is asked before. `labels`, `port` and `level` are numbers of the caller's. */
  add(line: LineView, labels: number, port: number, level: number): Address {
    const size = sizeOf(line);
    let slab = this.#current < 0 ? null : this.#slabs[this.#current]!;
    if (slab === null || slab.used + size > slab.bytes.length) slab = this.#open(size);
    const at = slab.used;
    const { double, integer, bytes } = slab;
    const d = at >> 3;
    const i = at >> 2;
    const metadataLength = line.metadata === null ? -1 : line.metadata.length;
    double[d + doubles.nextOfTrace] = nowhere;
    double[d + doubles.nextOfFile] = nowhere;
    double[d + doubles.prevOfFile] = nowhere;
    double[d + doubles.seconds] = line.seconds;
    double[d + doubles.offset] = line.offset;
    integer[i + integers.nanos] = line.nanos;
    integer[i + integers.length] = line.end - line.start;
    integer[i + integers.metadataLength] = metadataLength;
    integer[i + integers.file] = line.file;
    integer[i + integers.stream] = line.stream;
    integer[i + integers.labels] = labels;
    integer[i + integers.port] = port;
    integer[i + integers.level] = level;
    line.bytes.copy(bytes, at + headBytes, line.start, line.end);
    if (line.metadata !== null) bytes.set(line.metadata, at + headBytes + line.end - line.start);
    slab.used = at + size;
    slab.lines++;
    this.#lines++;
    return this.#current * placeSpan + at;
  }

  /** Fills in the parts of a line that are held; its bytes are valid until the line is removed. */
  read(address: Address, out: LineView): void {
    const { double, integer, bytes } = this.#slabOf(address);
    const at = address % placeSpan;
    const d = at >> 3;
    const i = at >> 2;
    const length = integer[i + integers.length]!;
    const metadataLength = integer[i + integers.metadataLength]!;
    out.seconds = double[d + doubles.seconds]!;
    out.offset = double[d + doubles.offset]!;
    out.nanos = integer[i + integers.nanos]!;
    out.file = integer[i + integers.file]!;
    out.stream = integer[i + integers.stream] as LineView['stream'];
    out.bytes = bytes;
    out.start = at + headBytes;
    out.end = out.start + length;
    out.metadata = metadataLength < 0 ? null : bytes.subarray(out.end, out.end + metadataLength);
  }

  /** Frees a line; its links are gone with it. */
  remove(address: Address): void {
    const number = Math.floor(address / placeSpan);
    const slab = this.#slabOf(address);
    this.#lines--;
    slab.lines--;
    if (slab.lines > 0) return;
    if (number === this.#current) {
      slab.used = 0;
      return;
    }
    this.#slabs[number] = null;
    this.#bytes -= slab.bytes.length;
    if (slab.bytes.length === slabBytes && this.#spare.length < spareMax) this.#spare.push(slab);
  }

  labels(address: Address): number {
    return this.#integer(address, integers.labels);
  }

  port(address: Address): number {
    return this.#integer(address, integers.port);
  }

  level(address: Address): number {
    return this.#integer(address, integers.level);
  }

  file(address: Address): number {
    return this.#integer(address, integers.file);
  }

  stream(address: Address): number {
    return this.#integer(address, integers.stream);
  }

  offset(address: Address): number {
    return this.#slabOf(address).double[((address % placeSpan) >> 3) + doubles.offset]!;
  }

  nextOfTrace(address: Address): Address {
    return this.#double(address, doubles.nextOfTrace);
  }

  setNextOfTrace(address: Address, next: Address): void {
    this.#setDouble(address, doubles.nextOfTrace, next);
  }

  nextOfFile(address: Address): Address {
    return this.#double(address, doubles.nextOfFile);
  }

  setNextOfFile(address: Address, next: Address): void {
    this.#setDouble(address, doubles.nextOfFile, next);
  }

  prevOfFile(address: Address): Address {
    return this.#double(address, doubles.prevOfFile);
  }

  setPrevOfFile(address: Address, prev: Address): void {
    this.#setDouble(address, doubles.prevOfFile, prev);
  }

  #open(size: number): Slab {
    const before = this.#current < 0 ? null : this.#slabs[this.#current]!;
    // The one that is left without lines goes at once.
    if (before !== null && before.lines === 0) {
      this.#slabs[this.#current] = null;
      this.#bytes -= before.bytes.length;
      if (before.bytes.length === slabBytes && this.#spare.length < spareMax) this.#spare.push(before);
    }
    const slab = (size <= slabBytes ? this.#spare.pop() : undefined) ?? newSlab(Math.max(slabBytes, size));
    slab.used = 0;
    slab.lines = 0;
    const free = this.#slabs.indexOf(null);
    this.#current = free < 0 ? this.#slabs.length : free;
    this.#slabs[this.#current] = slab;
    this.#bytes += slab.bytes.length;
    return slab;
  }

  #slabOf(address: Address): Slab {
    const slab = this.#slabs[Math.floor(address / placeSpan)];
    if (slab === null || slab === undefined) throw new RangeError('a held line that was removed');
    return slab;
  }

  #integer(address: Address, field: number): number {
    return this.#slabOf(address).integer[((address % placeSpan) >> 2) + field]!;
  }

  #double(address: Address, field: number): number {
    return this.#slabOf(address).double[((address % placeSpan) >> 3) + field]!;
  }

  #setDouble(address: Address, field: number, value: number): void {
    this.#slabOf(address).double[((address % placeSpan) >> 3) + field] = value;
  }
}

function sizeOf(line: LineView): number {
  const bytes = headBytes + line.end - line.start + (line.metadata?.length ?? 0);
  return (bytes + 7) & ~7;
}

function newSlab(size: number): Slab {
  const buffer = new ArrayBuffer(size);
  return { bytes: Buffer.from(buffer), double: new Float64Array(buffer), integer: new Int32Array(buffer), used: 0, lines: 0 };
}
