import type { RowBlock } from '../../model/mod.ts';
import { addReads } from '../read-stats.ts';
import type { ScanStats } from '../source.ts';

/** Counts what a scan costs. */
export class StatsCounter {
  #rows = 0;
  #bytes = 0;
  #rowsMatched = 0;

  /** Counts a block that is looked at: its rows, and the bytes of the columns that it brought. */
  block(block: RowBlock): void {
    this.#rows += block.rows;
    const lengths = block.lineLength ?? block.lines?.length ?? null;
    if (lengths !== null) this.#bytes += sum(lengths, block.rows);
    if (block.metadata !== null) this.#bytes += sum(block.metadata.length, block.rows);
  }

  /** Counts rows that were looked at without a block. */
  counted(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
  }

  matched(rows: number): void {
    this.#rowsMatched += rows;
  }

  get stats(): ScanStats {
    return { rows: this.#rows, bytes: this.#bytes, rowsMatched: this.#rowsMatched };
  }
}

function sum(lengths: Uint32Array, rows: number): number {
  let total = 0;
  for (let row = 0; row < rows; row++) total += lengths[row]!;
  return total;
}

/** The sum of several scans' costs. */
export function addStats(all: readonly ScanStats[]): ScanStats {
  let [rows, bytes, rowsMatched] = [0, 0, 0];
  let read: ReturnType<typeof addReads> = {};
  for (const stats of all) {
    rows += stats.rows;
    bytes += stats.bytes;
    rowsMatched += stats.rowsMatched;
    read = addReads(read.read, stats.read);
  }
  return { rows, bytes, rowsMatched, ...read };
}
