import type { StreamLabels } from '../buffer/batch.ts';
import type { FieldTable } from '../fields/table.ts';
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
  /** Structured metadata as encodeMetadata writes it; null for none. Valid during the call only, like the line; addMetadata of agent/fields adds to it. */
  metadata: Uint8Array | null;
  /** Id of the file, and offset in it, of the record that the line began with: a stage that holds the line back holds this position back. */
  file: number;
  offset: number;
  /** What the line is sent with: set at the head of the pipeline from the stream. A stage may replace it by another object, the same one for equal labels and tenant (LabelCache of agent/fields). */
  labels: StreamLabels;
  /** Fields that the parse stage found; null before it, where there are none, and in lines that a stage behind it held back. */
  fields: FieldTable | null;
  /** `trace`, `debug`, `info`, `warn`, `error`, `critical` or `fatal`, as the parse stage found it; null where it found none. */
  level: string | null;
  /** The trace ID in lower case, 32 hex digits wherever it is one (W3C, B3, X-Ray, OpenTelemetry); null where the parse stage found none. */
  trace: string | null;
}

/** An empty line, to be overwritten. */
export function newLine(): LineView {
  return {
    stream: 0, seconds: 0, nanos: 0, bytes: Buffer.alloc(0), start: 0, end: 0, metadata: null, file: 0, offset: 0,
    labels: unlabelled, fields: null, level: null, trace: null,
  };
}

/** The labels of a line that no pipeline has labelled yet. */
export const unlabelled: StreamLabels = { labels: [] };

/** Takes lines: the seam between joining and what follows (sampling, routing, the batch). `line` is valid during the call only. */
export type LineSink = (line: LineView) => void;
