import type { OutputLabels } from '../source.ts';
import type { FieldType } from './value-type.ts';

/** What to find out about the rows of a log query. Plain data, as all here: it goes to a worker thread. */
export type DetectionTask =
  /** The fields, at most `limit`. */
  | { readonly kind: 'fields'; readonly limit: number }
  /** The values of one field; no further row is looked at once there are `limit`. */
  | { readonly kind: 'values'; readonly name: string; readonly limit: number };

/** Some of the rows, stream by stream. */
export interface DetectionRows {
  readonly labels: readonly OutputLabels[];
  /** Per row: index into `labels`. */
  readonly labelsOf: Uint32Array;
  /** The lines one after another, in a buffer of their own. */
  readonly lines: Uint8Array<ArrayBuffer>;
  /** rows + 1 offsets into `lines`. */
  readonly lineStart: Uint32Array;
}

/** A field as Loki describes it. */
export interface DetectedField {
  readonly label: string;
  readonly type: FieldType;
  /** Distinct values; exact, where Loki estimates. */
  readonly cardinality: number;
  /** Null for structured metadata. */
  readonly parsers: readonly string[] | null;
  /** Where it stands in JSON lines; left out where it does not. */
  readonly jsonPath?: readonly string[];
}

/** What was found. */
export type Detected = { readonly kind: 'fields'; readonly fields: readonly DetectedField[] } | { readonly kind: 'values'; readonly values: readonly string[] };
