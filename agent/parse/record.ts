import type { TimeParts } from './time.ts';

/** The streams of a container, as an index: what could not be parsed is a stream of its own, so that it is seen. */
export const streamNames = ['stdout', 'stderr', 'unparsed'] as const;
export const stdoutStream = 0;
export const stderrStream = 1;
export const unparsedStream = 2;
export type StreamIndex = 0 | 1 | 2;

/** How a file's records are written; `raw`: a record is a line, and its time is when it was read. */
export type RecordFormat = 'cri' | 'docker' | 'raw';

/** One record of a log file as parsed: a single object, overwritten by each record. The message is bytes[start … end). */
export interface RecordView extends TimeParts {
  stream: StreamIndex;
  /** True where the line goes on in the next record of the stream. */
  partial: boolean;
  bytes: Buffer;
  start: number;
  end: number;
}

/** An empty record, to be overwritten. */
export function newRecord(): RecordView {
  return { stream: stdoutStream, partial: false, bytes: Buffer.alloc(0), start: 0, end: 0, seconds: 0, nanos: 0 };
}

/** Reads one record, bytes[start … end) without its newline, into `out`; false where it is not in the parser's format (`out` is then undefined). */
export type RecordParser = (bytes: Buffer, start: number, end: number, out: RecordView) => boolean;
