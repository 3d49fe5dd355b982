import { SpoorError } from '../model/mod.ts';
import { columnIds, columnName } from './format.ts';
import { decodeIntegers, type Runs } from './integers.ts';
import type { PageMeta, RowGroupMeta, RowRange } from './meta.ts';
import type { PageSource } from './page-source.ts';
import { pageDamage } from './page.ts';

/** The page of a column that has one page in each row group. */
export function onlyPage(rowGroup: RowGroupMeta, column: number): PageMeta {
  const page = rowGroup.pages.find((page) => page.column === column);
  if (page === undefined) throw new SpoorError('internal', { reason: `a row group has no page of ${columnName(column)}` });
  return page;
}

/** Reads the run directory. */
export function decodeRuns(rowGroup: RowGroupMeta, source: PageSource): Runs {
  const rows = decodePerRun(rowGroup, columnIds.runRows, source);
  const start = new Uint32Array(rowGroup.runs + 1);
  let end = 0;
  for (let run = 0; run < rowGroup.runs; run++) {
    if (!(rows[run]! >= 1)) throw pageDamage(onlyPage(rowGroup, columnIds.runRows), source.where, 'a run has no rows');
    end += rows[run]!;
    start[run + 1] = end;
  }
  if (end !== rowGroup.rows) throw pageDamage(onlyPage(rowGroup, columnIds.runRows), source.where, `runs have ${end} rows instead of ${rowGroup.rows}`);
  return { count: rowGroup.runs, start };
}

/** Reads the stream number of each run; each is below `streams`, and none comes twice. */
export function decodeRunStreams(rowGroup: RowGroupMeta, source: PageSource, streams: number): Float64Array {
  const numbers = decodePerRun(rowGroup, columnIds.runStream, source);
  const seen = new Set<number>();
  for (const number of numbers) {
    if (!(number >= 0 && number < streams)) throw pageDamage(onlyPage(rowGroup, columnIds.runStream), source.where, `stream ${number} of ${streams}`);
    if (seen.has(number)) throw pageDamage(onlyPage(rowGroup, columnIds.runStream), source.where, `stream ${number} has two runs`);
    seen.add(number);
  }
  return numbers;
}

function decodePerRun(rowGroup: RowGroupMeta, column: number, source: PageSource): Float64Array {
  const page = onlyPage(rowGroup, column);
  const values = new Float64Array(rowGroup.runs);
  decodeIntegers(page, source.open(page), { count: 1, start: Uint32Array.of(0, rowGroup.runs) }, Uint32Array.of(0), values, source.where);
  return values;
}

/** Finds the runs that `chunks` name. Throws `corruption` where a chunk is no run: index and segment do not belong together. */
export function selectRuns(rowGroup: RowGroupMeta, runs: Runs, chunks: readonly RowRange[], where: string): Uint32Array {
  const selected = new Uint32Array(chunks.length);
  const seen = new Uint8Array(runs.count);
  for (const [i, chunk] of chunks.entries()) {
    let low = 0;
    let high = runs.count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs.start[middle]! < chunk.rowStart) low = middle + 1;
      else high = middle;
    }
    if (runs.start[low] !== chunk.rowStart || runs.start[low + 1] !== chunk.rowStart + chunk.rows || seen[low] === 1) {
      const reason = `no chunk of ${chunk.rows} rows from row ${chunk.rowStart} on in the row group, or it is asked for twice; index and segment do not belong together`;
      throw new SpoorError('corruption', { where, offset: rowGroup.offset, reason });
    }
    seen[low] = 1;
    selected[i] = low;
  }
  return selected;
}
