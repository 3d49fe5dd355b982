import { xxhash64 } from '../../bytes/mod.ts';
import type { LabelSet } from '../../model/mod.ts';

const known = new WeakMap<LabelSet, number>();

/**
 * Where the rows of a stream stand among rows of other streams at the same time, forward and backward: Loki orders streams by the 64-bit xxHash of their labels,
 * each name and value followed by a byte 0xff. This gives the upper 53 bits of it.
 */
export function streamOrder(labels: LabelSet): number {
  let order = known.get(labels);
  if (order === undefined) {
    const end = Buffer.from([0xff]);
    order = Number(xxhash64(Buffer.concat(labels.flatMap(({ name, value }) => [Buffer.from(name), end, Buffer.from(value), end]))) >> 11n);
    known.set(labels, order);
  }
  return order;
}
