const mebibyte = 1024 * 1024;

/**
 * Every limit of the segment format: what a writer makes at most, and what a reader believes at most before it allocates anything.
 * docs/formats/segment.md lists them.
 */
export const segmentLimits = {
  /** Rows of a row group. */
  rowGroupRowsMax: 65_536,
  /** Bytes of the lines of a row group; one bigger line makes a row group of one row. */
  rowGroupLineBytesMax: 8 * mebibyte,
  /** Bytes of the structured metadata of a row group; one row with more makes a row group of one row. */
  rowGroupMetadataBytesMax: 8 * mebibyte,
  /** Raw bytes at which a page of lines or metadata is closed; one bigger value makes a page of its own. */
  bytesPageTarget: 256 * 1024,
  /** Raw bytes of any page, so also the longest line and the most metadata of one row. */
  pageRawBytesMax: 512 * mebibyte,
  /** Pages of a row group. */
  pagesPerRowGroupMax: 4096,
  /** Distinct metadata values that the writer keeps in a row group's dictionary. */
  dictionaryEntriesMax: 1024,
  /** Bytes of that dictionary. */
  dictionaryBytesMax: 256 * 1024,
  /** Row groups that a writer keeps open at a time, one for each tenant and day; the one that was not written to for longest is closed. */
  openRowGroupsMax: 512,
  /** Bytes that open row groups hold before the same happens. */
  openBytesMax: 64 * mebibyte,
  /** Row groups of a segment. */
  rowGroupsMax: 65_536,
  /** Templates of a row group that a reader takes. */
  templatesMax: 4096,
  /** Templates that a writer makes of the lines of a row group; further lines are kept whole. */
  templatesKept: 512,
  /** Bytes of a template's text: a line with more that does not vary is kept whole. */
  templateTextBytesMax: 16 * 1024,
  /** Different lists of metadata names that a writer tells apart in a row group; further metadata is kept as it is. */
  metadataShapesMax: 256,
  /** Raw bytes of the directory of templates and columns of a row group. */
  shapesBytesMax: 64 * mebibyte,
  /** Holes of a template, and names of its metadata. */
  holesMax: 256,
  /** Tenants of a segment. */
  tenantsMax: 65_536,
  /** Bytes of a tenant's name. */
  tenantBytesMax: 1024,
  /** Streams of one tenant in a segment. */
  streamsMax: 4_194_304,
  /** Labels of a stream. */
  labelsPerStreamMax: 4096,
  /** Bytes of a label's name or value. */
  labelBytesMax: mebibyte,
  /** Bytes of the footer. */
  footerBytesMax: 16 * mebibyte,
  /** Days from the epoch, both ways: what a signed 64-bit count of nanoseconds reaches. */
  dayMax: 106_752,
  /** Columns of a template. */
  columnsMax: 65_536,
  /** Bytes of one value of a column. */
  columnValueBytesMax: 512 * mebibyte,
  /** Bytes of what a kind of column writes into its header. */
  columnParametersBytesMax: 64 * 1024,
  /** Bytes of a constant, or of all entries of a dictionary, that stand in the header; more are a page. */
  columnInlineBytesMax: 1024,
  /** Entries of a column's dictionary. */
  columnDictionaryEntriesMax: 65_536,
  /** Bytes of a prefix, and of a suffix, that the values of a column share. */
  columnAffixBytesMax: 255,
  /** Raw bytes at which a page of texts of a column is closed; one bigger value makes a page of its own. */
  columnPageTarget: 128 * 1024,
  /** Pages of texts of a column. */
  columnPagesMax: 4096,
  /** Values of a segment's pool of hexadecimal values. */
  hexPoolEntriesMax: 4_194_304,
  /** Digits of such a value. */
  hexPoolDigitsMax: 128,
  /** Bytes of the filter over the grams of a row group's texts, least and most; both powers of two. */
  gramFilterBytesMin: 64,
  gramFilterBytesMax: 256 * 1024,
  /** A filter takes at most one in so many of the bytes of the columns that it is for. */
  gramFilterPart: 8,
  /** Bytes of a filter that stands in the directory; a bigger one is a page. */
  gramFilterInlineBytesMax: 512,
  /** Unwanted bytes that are read along, so that two reads become one. */
  rangeGapBytesMax: 128 * 1024,
} as const;
