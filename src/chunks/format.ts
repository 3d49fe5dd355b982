/** Version of the segment format that this build writes, and the newest that it reads; it reads all before it (docs/formats/segment.md). */
export const segmentVersion = 2;

/** Last bytes of every segment. */
export const segmentMagic = Buffer.from('spoorSEG', 'latin1');

/** Bytes of the trailer: length, version, reserved, checksum, magic. */
export const segmentTrailerBytes = 20;

/**
 * Columns by their number in the page directory, in the order in which their pages stand in a row group. Numbers are never reused. From
 * `firstOptionalColumn` on are columns (filters, statistics) that a reader may skip when it does not know them.
 */
export const columnIds = {
  /** Per run of rows of one stream: the stream's number in the tenant's label section. */
  runStream: 1,
  /** Per run: its rows. */
  runRows: 2,
  /** Nanoseconds since the start of the day. */
  time: 3,
  /** Bytes of the line. */
  lineLength: 4,
  /** Lines, one after another. */
  line: 5,
  /** Bytes of the structured metadata. */
  metadataLength: 6,
  /** Structured metadata, one after another. */
  metadata: 7,
  /** Instead of metadataLength and metadata: number of the row's metadata in the dictionary. */
  metadataCode: 8,
  metadataDictionary: 9,
  /** Journal position of the row's record. */
  position: 10,
  /** Index of the row in that record. */
  index: 11,
  partition: 12,
  /** Label sets of a tenant; stands outside row groups. */
  labels: 13,
  /** Of a shredded row group: number of the row's template. */
  template: 14,
  /** Templates and columns of a shredded row group; stands behind all row groups. */
  shapes: 15,
  /** A page of a shredded column; only the shapes know these. */
  value: 16,
  /** Values that columns of several row groups share; stands behind all row groups. */
  pool: 17,
  /** The filter over the grams of a shredded row group; only the shapes know it. */
  grams: 18,
} as const;

/** First of the columns that a reader may skip. */
export const firstOptionalColumn = 64;

/** Encodings by their number in the page directory; one file each in encodings/. Numbers are never reused. */
export const encodingIds = { constant: 1, frame: 2, delta: 3, plain: 4, dictionary: 5, labels: 6, shapes: 7, value: 8, pool: 9, grams: 10 } as const;

/** How a page's bytes are stored. */
export const codecIds = { none: 0, lz4: 1, zstd: 2 } as const;

export type ColumnName = keyof typeof columnIds;
export type EncodingName = keyof typeof encodingIds;

const columnNames = new Map<number, ColumnName>(Object.entries(columnIds).map(([name, id]) => [id, name as ColumnName]));

/** The name of a column for messages. */
export function columnName(id: number): string {
  return columnNames.get(id) ?? `column ${id}`;
}
