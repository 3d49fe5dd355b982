import { createScanner, noReads, type AggregateScanner, type Partial, type ScanTask } from '../logql/mod.ts';
import { dayOf, dayStartNs, type LabelSet } from '../model/mod.ts';
import { storeReads, type IndexCost } from './read-tally.ts';
import type { Piece } from './units.ts';

/** Counts pieces by what the index says of them, for tasks that ask no more than how many rows there are and when. */
export class CountedPieces {
  readonly #scanner: AggregateScanner | null;
  #any = false;
  /** Pieces that were counted; only those of segments can be. */
  chunks = 0;

  constructor(task: ScanTask) {
    this.#scanner = task.output.kind === 'aggregate' ? (createScanner(task) as AggregateScanner) : null;
  }

  /** Whether the piece was counted, so that it need not be read. */
  readonly count = (labels: LabelSet, piece: Piece): boolean => {
    if (this.#scanner === null) return false;
    const day = dayOf(piece.minNs);
    const start = dayStartNs(day);
    const counted = this.#scanner.addCounted(labels, day, Number(piece.minNs - start), Number(piece.maxNs - start), piece.rows, piece.bytes);
    this.#any ||= counted;
    if (counted) this.chunks += 1;
    return counted;
  };

  /** The result; `index` is what it took to find the pieces, where nobody else tells. */
  *finish(index: IndexCost | null): Generator<Partial> {
    if (this.#scanner === null || !this.#any) return;
    const partial = this.#scanner.finish();
    const read = { ...noReads, chunksFound: this.chunks, chunksCounted: this.chunks, ...(index === null ? {} : { indexMs: index.ms, ...storeReads(index.reads) }) };
    yield { ...partial, stats: { ...partial.stats, read } };
  }
}
