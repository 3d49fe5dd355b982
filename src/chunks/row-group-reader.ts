import { SpoorError, type BytesColumn, type ColumnNeeds, type LabelSet, type RowBlock, type RowOrder } from '../model/mod.ts';
import { decodeDictionary } from './encodings/dictionary.ts';
import { plainStarts } from './encodings/plain.ts';
import { columnIds } from './format.ts';
import { decodeIntegers, rowsOf, type Runs } from './integers.ts';
import type { ByteRange, ChunkSelection, PageMeta, RowGroupMeta } from './meta.ts';
import { PageSource } from './page-source.ts';
import { pageDamage } from './page.ts';
import { pagesOf, touchedPages } from './ranges.ts';
import { decodeRuns, onlyPage, selectRuns } from './runs.ts';
import { DecodeScratch, freshArrays, type ArraySource } from './scratch.ts';

/** Arrays that no block keeps; decoding is synchronous, so one set for each thread is enough. */
const work = new DecodeScratch();

/** What the decoders of the columns need. */
interface Reading {
  readonly rowGroup: RowGroupMeta;
  readonly source: PageSource;
  readonly runs: Runs;
  readonly chunks: readonly ChunkSelection[];
  /** The run of each chunk. */
  readonly selected: Uint32Array;
  /** Rows of the chunks. */
  readonly rows: number;
  readonly arrays: ArraySource;
}

/**
 * Decodes the rows of `chunks` out of what was read of a row group, in the order of `chunks`. `ranges` is rowGroupRanges' answer for the same
 * columns and chunks, `buffers` what stands there. The block's `streams` are the chunks' labels. Columns that were not asked for are null,
 * except that `lines` brings `lineLength`. Line bytes are not copied where one page holds them all.
 *
 * With a `scratch` the block is valid until the next call with the same one. A block may keep `buffers` alive.
 * Throws `corruption` with `where` and the offset in the segment where checksums, counts or chunks do not fit.
 */
export function decodeRowGroup(
  rowGroup: RowGroupMeta, ranges: readonly ByteRange[], buffers: readonly Uint8Array[], columns: ColumnNeeds, chunks: readonly ChunkSelection[], where: string,
  scratch?: DecodeScratch,
): RowBlock {
  if (rowGroup.shapes !== null) throw new SpoorError('internal', { reason: `a row group at ${rowGroup.offset} of ${where} is shredded` });
  const source = new PageSource(ranges, buffers, where);
  const runs = decodeRuns(rowGroup, source);
  const selected = selectRuns(rowGroup, runs, chunks, where);
  const arrays = scratch ?? freshArrays;
  const reading: Reading = { rowGroup, source, runs, chunks, selected, rows: rowsOf(runs, selected), arrays };
  const { stream, time } = decodeTimes(reading);
  const lines = columns.lines ? decodePlain(reading, columnIds.lineLength, columnIds.line, 'line') : null;
  return {
    rows: reading.rows,
    day: rowGroup.day,
    streams: chunks.map((chunk): LabelSet => chunk.labels),
    stream,
    time,
    order: columns.order ? decodeOrder(reading) : null,
    lineLength: lines?.length ?? (columns.lineLength ? decodeWords(reading, columnIds.lineLength, 'lineLength') : null),
    lines,
    metadata: columns.metadata ? decodeMetadata(reading) : null,
  };
}

function decodeDoubles(reading: Reading, column: number, selected: Uint32Array, out: Float64Array): PageMeta {
  const page = onlyPage(reading.rowGroup, column);
  decodeIntegers(page, reading.source.open(page), reading.runs, selected, out, reading.source.where);
  return page;
}

function decodeWords(reading: Reading, column: number, name: string): Uint32Array {
  const numbers = work.doubles('numbers', reading.rows);
  decodeDoubles(reading, column, reading.selected, numbers);
  const words = reading.arrays.words(name, reading.rows);
  for (let row = 0; row < reading.rows; row++) words[row] = numbers[row]!;
  return words;
}

function decodeTimes(reading: Reading): { stream: Uint32Array; time: Float64Array } {
  const { rowGroup, chunks, arrays, rows } = reading;
  const time = arrays.doubles('time', rows);
  const page = decodeDoubles(reading, columnIds.time, reading.selected, time);
  const stream = arrays.words('stream', rows);
  let at = 0;
  for (const [i, chunk] of chunks.entries()) {
    const next = at + chunk.rows;
    stream.fill(i, at, next);
    if (!(time[at]! >= rowGroup.minTime && time[next - 1]! <= rowGroup.maxTime)) throw pageDamage(page, reading.source.where, 'times outside those of the row group');
    at = next;
  }
  return { stream, time };
}

function decodeOrder(reading: Reading): RowOrder {
  const position = reading.arrays.doubles('position', reading.rows);
  decodeDoubles(reading, columnIds.position, reading.selected, position);
  return { position, index: decodeWords(reading, columnIds.index, 'index'), partition: decodeWords(reading, columnIds.partition, 'partition') };
}

function decodeMetadata(reading: Reading): BytesColumn {
  if (pagesOf(reading.rowGroup, columnIds.metadataLength).length > 0) return decodePlain(reading, columnIds.metadataLength, columnIds.metadata, 'metadata');
  const { rows, arrays } = reading;
  const start = arrays.words('metadataStart', rows);
  const length = arrays.words('metadataLength', rows);
  const [page] = pagesOf(reading.rowGroup, columnIds.metadataDictionary);
  if (page === undefined) {
    start.fill(0, 0, rows);
    length.fill(0, 0, rows);
    return { bytes: new Uint8Array(0), start, length };
  }
  const dictionary = decodeDictionary(reading.source.open(page), page.values);
  if (typeof dictionary === 'string') throw pageDamage(page, reading.source.where, dictionary);
  const codes = work.doubles('numbers', rows);
  const codePage = decodeDoubles(reading, columnIds.metadataCode, reading.selected, codes);
  const entries = page.values;
  for (let row = 0; row < rows; row++) {
    const code = codes[row]!;
    if (!(code >= 0 && code < entries)) throw pageDamage(codePage, reading.source.where, `entry ${code} of ${entries}`);
    start[row] = dictionary.start[code]!;
    length[row] = dictionary.length[code]!;
  }
  return { bytes: dictionary.bytes, start, length };
}

/** Byte strings that stand one after another in pages; only pages with rows of the chunks are opened. */
function decodePlain(reading: Reading, lengthColumn: number, bytesColumn: number, name: string): BytesColumn {
  const { rowGroup, source, runs, chunks, arrays, rows } = reading;
  const allRuns = work.words('allRuns', runs.count).subarray(0, runs.count);
  for (let run = 0; run < runs.count; run++) allRuns[run] = run;
  const lengths = work.doubles('lengths', rowGroup.rows);
  const lengthPage = decodeDoubles(reading, lengthColumn, allRuns, lengths);

  const pages = pagesOf(rowGroup, bytesColumn);
  const touched = new Set(touchedPages(pages, chunks));
  let total = 0;
  for (const page of touched) total += page.rawBytes;
  let bytes = touched.size > 1 ? arrays.bytes(`${name}Bytes`, total) : new Uint8Array(0);
  const starts = work.words('starts', rowGroup.rows);
  let rowAt = 0;
  let at = 0;
  for (const page of pages) {
    if (touched.has(page)) {
      const raw = source.open(page);
      if (plainStarts(lengths, rowAt, page.values, at, starts) !== raw.length) throw pageDamage(lengthPage, source.where, 'lengths do not fit their bytes');
      if (touched.size > 1) bytes.set(raw, at);
      else bytes = raw;
      at += raw.length;
    }
    rowAt += page.values;
  }

  const start = arrays.words(`${name}Start`, rows);
  const length = arrays.words(`${name}Length`, rows);
  let out = 0;
  for (const chunk of chunks) {
    const end = chunk.rowStart + chunk.rows;
    for (let row = chunk.rowStart; row < end; row++, out++) {
      start[out] = starts[row]!;
      length[out] = lengths[row]!;
    }
  }
  return { bytes, start, length };
}
