import type { ColumnNeeds } from '../model/mod.ts';
import { columnIds } from './format.ts';
import { segmentLimits } from './limits.ts';
import type { ByteRange, PageMeta, RowGroupMeta, RowRange } from './meta.ts';

/** The pages that are read for `columns`, in file order; of lines and metadata only those that hold rows of `chunks`, where these are given. */
export function neededPages(rowGroup: RowGroupMeta, columns: ColumnNeeds, chunks?: readonly RowRange[]): PageMeta[] {
  const lines = pagesOf(rowGroup, columnIds.line);
  const metadata = pagesOf(rowGroup, columnIds.metadata);
  const wanted = new Set<PageMeta>();
  if (columns.lines) for (const page of touchedPages(lines, chunks)) wanted.add(page);
  if (columns.metadata) for (const page of touchedPages(metadata, chunks)) wanted.add(page);
  return rowGroup.pages.filter((page) => {
    switch (page.column) {
      case columnIds.runRows:
      case columnIds.time:
      case columnIds.template:
        return true;
      case columnIds.lineLength:
        return columns.lineLength || columns.lines;
      case columnIds.metadataLength:
      case columnIds.metadataCode:
      case columnIds.metadataDictionary:
        return columns.metadata;
      case columnIds.position:
      case columnIds.index:
      case columnIds.partition:
        return columns.order;
      default:
        return wanted.has(page);
    }
  });
}

/** The pages of one column, in row order. */
export function pagesOf(rowGroup: RowGroupMeta, column: number): PageMeta[] {
  return rowGroup.pages.filter((page) => page.column === column);
}

/** Those of a column's pages that hold rows of `chunks`. */
export function touchedPages(pages: readonly PageMeta[], chunks: readonly RowRange[] | undefined): PageMeta[] {
  if (chunks === undefined || pages.length === 0) return [...pages];
  const ends: number[] = [];
  let rows = 0;
  for (const page of pages) ends.push((rows += page.values));
  const touched = new Uint8Array(pages.length);
  for (const chunk of chunks) {
    if (chunk.rows === 0) continue;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! > chunk.rowStart) high = middle;
      else low = middle + 1;
    }
    for (let i = low; i < pages.length; i++) {
      touched[i] = 1;
      if (ends[i]! >= chunk.rowStart + chunk.rows) break;
    }
  }
  return pages.filter((_, i) => touched[i] === 1);
}

/**
 * What to read of a segment to decode `columns` of a row group, in file order; reads with a small gap between them are one. With `chunks` only the
 * pages of lines and metadata that hold their rows are read. Hand the ranges and what was read to decodeRowGroup, with the same columns and chunks.
 */
export function rowGroupRanges(rowGroup: RowGroupMeta, columns: ColumnNeeds, chunks?: readonly RowRange[], gapBytesMax?: number): ByteRange[] {
  return coalesce(neededPages(rowGroup, columns, chunks), gapBytesMax);
}

/** The pages that every scan wants first: rows of runs, times, and numbers of templates. */
export function frontPages(rowGroup: RowGroupMeta): PageMeta[] {
  return rowGroup.pages.filter(({ column }) => column === columnIds.runRows || column === columnIds.time || column === columnIds.template);
}

/** The ranges in which pages stand, which come in file order; those with a small gap between them are one. */
export function coalesce(pages: readonly PageMeta[], gapBytesMax: number = segmentLimits.rangeGapBytesMax): ByteRange[] {
  const ranges: { offset: number; length: number }[] = [];
  for (const page of pages) {
    if (page.storedBytes === 0) continue;
    const last = ranges.at(-1);
    if (last !== undefined && page.offset - (last.offset + last.length) <= gapBytesMax) last.length = page.offset + page.storedBytes - last.offset;
    else ranges.push({ offset: page.offset, length: page.storedBytes });
  }
  return ranges;
}
