import type { StreamIndex } from '../parse/record.ts';

/**
 * One log line on its way from a file to a batch: a single object, overwritten by the next line. A stage that keeps a line copies what it needs.
 * Everything in it is a pure function of the file's content and path, so that a line that is sent again is the same line to the server.
 */
export interface LineView {
  stream: StreamIndex;
  seconds: number;
  nanos: number;
  /** The line is bytes[start … end). */
  bytes: Buffer;
  start: number;
  end: number;
  /** Structured metadata as encodeMetadata writes it; null for none. */
  metadata: Uint8Array | null;
  /** Id of the file, and offset in it, of the record that the line began with: a stage that holds the line back holds this position back. */
  file: number;
  offset: number;
}

/** Takes lines: the seam between joining and what follows (sampling, routing, the batch). `line` is valid during the call only. */
export type LineSink = (line: LineView) => void;
