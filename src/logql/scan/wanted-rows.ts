import type { LabelSet, RowBlock } from '../../model/mod.ts';
import type { LogOutput, RowPlace } from '../source.ts';
import { splitTime } from './candidates.ts';
import { streamOrder } from './stream-order.ts';

/** Tells rows apart that come behind a place in the order of a task and up to journal positions: what makes a task one page of a longer answer. */
export class WantedRows {
  readonly #backward: boolean;
  readonly #after: (RowPlace & { readonly day: number; readonly time: number }) | null;
  readonly #upTo: ReadonlyMap<number, number> | null;
  /** streamOrder of the stream being looked at, less that of the place. */
  #byStream = 0;

  constructor({ direction, after, upTo }: LogOutput) {
    this.#backward = direction === 'backward';
    this.#after = after === undefined ? null : { ...after, ...splitTime(after.timeNs) };
    this.#upTo = upTo === undefined ? null : new Map(upTo);
  }

  /** Rows are of this stream from now on. */
  enterStream(labels: LabelSet): void {
    if (this.#after !== null) this.#byStream = streamOrder(labels) - this.#after.stream;
  }

  wants(block: RowBlock, row: number): boolean {
    const order = block.order!;
    if (this.#upTo !== null && order.position[row]! > (this.#upTo.get(order.partition[row]!) ?? -1)) return false;
    const after = this.#after;
    if (after === null) return true;
    const byTime = block.day - after.day || block.time[row]! - after.time;
    if (byTime !== 0) return this.#backward ? byTime < 0 : byTime > 0;
    // Among rows of one time streams stand in the same order both ways.
    if (this.#byStream !== 0) return this.#byStream > 0;
    const inStream = order.position[row]! - after.position || order.index[row]! - after.index || order.partition[row]! - after.partition;
    return this.#backward ? inStream < 0 : inStream > 0;
  }
}
