import { encodeMetadata } from '../../src/bytes/mod.ts';
import { unparsedStream, type RecordView, type StreamIndex } from '../parse/record.ts';
import { newLine, type LineSink, type LineView } from './line.ts';

/** Metadata of a line that was cut at the limit: its true length in bytes. */
export const cutMetadataName = 'spoor_line_bytes';
/** Metadata of a line whose end never came: the container ended, or the file was truncated, between two parts. */
export const unfinishedMetadataName = 'spoor_line_unfinished';
/** Metadata of a record that is in no known format; the whole record is the line. */
export const unparsedMetadataName = 'spoor_unparsed';

const unfinishedMark = { name: unfinishedMetadataName, value: 'true' };
const unparsedMark = { name: unparsedMetadataName, value: 'true' };
const unparsedMetadata = Buffer.from(encodeMetadata([unparsedMark]));

/** Where in a chain of files the first part of an unfinished line stands. */
export interface PartialStart {
  /** Id of the file. */
  readonly file: number;
  /** Offset of the record in it. */
  readonly offset: number;
}

interface Pending {
  readonly start: PartialStart;
  readonly seconds: number;
  readonly nanos: number;
  bytes: Buffer;
  /** Bytes held, at most the limit. */
  length: number;
  /** Bytes that the line has. */
  trueLength: number;
}

/**
 * Joins the parts of a line, per stream, and cuts lines at the limit. A joined line has the time of its first part. What is over the limit is counted, not
 * held: a line of a gigabyte costs no more memory than the limit, and the file goes on behind it.
 */
export class PartialJoiner {
  readonly #lineBytesMax: number;
  readonly #cut: () => void;
  readonly #pending: [Pending | null, Pending | null] = [null, null];
  readonly #line: LineView = newLine();

  /** @param cut told of each line that is cut at the limit */
  constructor(lineBytesMax: number, cut: () => void = () => undefined) {
    this.#lineBytesMax = lineBytesMax;
    this.#cut = cut;
  }

  /** Where the unfinished line of a stream began; null where none is unfinished. */
  pendingStart(stream: StreamIndex): PartialStart | null {
    return stream === unparsedStream ? null : (this.#pending[stream]?.start ?? null);
  }

  /** Whether a line is unfinished in any stream. */
  get pending(): boolean {
    return this.#pending[0] !== null || this.#pending[1] !== null;
  }

  /**
   * Takes a record that stands at `offset` of file `file`; hands on the line that it completes, if any. `missing` is the number of the message's bytes
   * that the record view does not hold, because the record itself is too long to be read at once.
   */
  add(record: RecordView, file: number, offset: number, missing: number, sink: LineSink): void {
    const stream = record.stream as 0 | 1;
    const pending = this.#pending[stream];
    if (pending === null) {
      if (record.partial) this.#begin(record, stream, file, offset, missing);
      else this.#deliver(stream, file, offset, record.seconds, record.nanos, record.bytes, record.start, record.end, record.end - record.start + missing, null, sink);
      return;
    }
    this.#append(pending, record, missing);
    if (record.partial) return;
    this.#pending[stream] = null;
    this.#deliver(stream, pending.start.file, pending.start.offset, pending.seconds, pending.nanos, pending.bytes, 0, pending.length, pending.trueLength, null, sink);
  }

  /** Hands on a record that is in no known format, whole, with the time of the record before it. */
  addUnparsed(bytes: Buffer, start: number, end: number, file: number, offset: number, missing: number, seconds: number, nanos: number, sink: LineSink): void {
    this.#deliver(unparsedStream, file, offset, seconds, nanos, bytes, start, end, end - start + missing, unparsedMark, sink);
  }

  /** Hands on unfinished lines, marked as such: their ends cannot come any more. */
  flush(sink: LineSink): void {
    for (const stream of [0, 1] as const) {
      const pending = this.#pending[stream];
      if (pending === null) continue;
      this.#pending[stream] = null;
      this.#deliver(stream, pending.start.file, pending.start.offset, pending.seconds, pending.nanos, pending.bytes, 0, pending.length, pending.trueLength, unfinishedMark, sink);
    }
  }

  /** Forgets unfinished lines: they are read again elsewhere. */
  forget(): void {
    this.#pending[0] = null;
    this.#pending[1] = null;
  }

  #begin(record: RecordView, stream: 0 | 1, file: number, offset: number, missing: number): void {
    const length = record.end - record.start;
    const pending: Pending = {
      start: { file, offset }, seconds: record.seconds, nanos: record.nanos,
      bytes: Buffer.allocUnsafeSlow(Math.min(this.#lineBytesMax, Math.max(1024, length * 2))), length: 0, trueLength: 0,
    };
    this.#pending[stream] = pending;
    this.#append(pending, record, missing);
  }

  #append(pending: Pending, record: RecordView, missing: number): void {
    const length = record.end - record.start;
    // After a gap nothing may follow: the cut line stays a prefix of the true one.
    const room = pending.length === pending.trueLength ? this.#lineBytesMax - pending.length : 0;
    const take = Math.min(room, length);
    if (pending.length + take > pending.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#lineBytesMax, Math.max(pending.length + take, pending.bytes.length * 2)));
      pending.bytes.copy(grown, 0, 0, pending.length);
      pending.bytes = grown;
    }
    record.bytes.copy(pending.bytes, pending.length, record.start, record.start + take);
    pending.length += take;
    pending.trueLength += length + missing;
  }

  #deliver(
    stream: StreamIndex, file: number, offset: number, seconds: number, nanos: number, bytes: Buffer, start: number, end: number, trueLength: number,
    mark: { readonly name: string; readonly value: string } | null, sink: LineSink,
  ): void {
    const line = this.#line;
    line.stream = stream;
    line.file = file;
    line.offset = offset;
    line.seconds = seconds;
    line.nanos = nanos;
    line.bytes = bytes;
    line.start = start;
    line.end = end;
    if (trueLength > end - start || end - start > this.#lineBytesMax) {
      this.#cut();
      line.end = characterEnd(bytes, start, Math.min(end, start + this.#lineBytesMax));
      const cut = { name: cutMetadataName, value: String(trueLength) };
      line.metadata = Buffer.from(encodeMetadata(mark === null ? [cut] : [cut, mark]));
    } else if (mark === null) {
      line.metadata = null;
    } else {
      line.metadata = mark === unparsedMark ? unparsedMetadata : Buffer.from(encodeMetadata([mark]));
    }
    sink(line);
  }
}

/** The last place at or before `end` that does not cut a UTF-8 character in two; `end` itself where the bytes are no UTF-8. */
function characterEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = end - 1; at >= Math.max(start, end - 4); at--) {
    const byte = bytes[at] as number;
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue;
    const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return at + width > end ? at : end;
  }
  return end;
}
