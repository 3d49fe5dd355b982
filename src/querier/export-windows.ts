import type { ReadSnapshot } from '../ingester/mod.ts';
import { dayLengthNs, dayOf, dayStartNs } from '../model/mod.ts';
import { extentRange, type FoundStream } from './pieces.ts';

/** A stretch of time: from ≤ t < to. Nanoseconds since the epoch. */
export interface Stretch {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Cells in which bytes are counted to cut a stretch. */
const cells = 1024;

/**
 * The first part of a stretch, in the direction of reading, that is worth planning at once: what lies in the first UTC day with anything of the tenant in it,
 * since index files are of one day. Null where nothing lies in the stretch.
 */
export function nextPeriod(snapshot: ReadSnapshot, tenant: string, rest: Stretch, backward: boolean): Stretch | null {
  const { fromNs, toNs } = rest;
  const known = [...snapshot.catalogue.indexesFor(tenant, fromNs, toNs)];
  const head = headRange(snapshot, tenant, rest);
  if (known.length === 0 && head === null) return null;
  const first = known.map(({ minNs, maxNs }) => clip({ fromNs: minNs, toNs: maxNs + 1n }, rest));
  if (head !== null) first.push(head);
  if (backward) {
    const lastNs = first.reduce((last, { toNs: end }) => (end > last ? end : last), fromNs);
    const day = dayOf(lastNs - 1n);
    const before = known.filter((index) => index.day < day).reduce<bigint | null>((last, { maxNs }) => (last === null || maxNs > last ? maxNs : last), null);
    const inDay = known.some((index) => index.day === day);
    return clip({ fromNs: inDay ? dayStartNs(day) : before === null ? fromNs : before + 1n, toNs: lastNs }, rest);
  }
  const firstNs = first.reduce((earliest, { fromNs: start }) => (start < earliest ? start : earliest), toNs);
  const day = dayOf(firstNs);
  const after = known.filter((index) => index.day > day).reduce<bigint | null>((next, { minNs }) => (next === null || minNs < next ? minNs : next), null);
  const inDay = known.some((index) => index.day === day);
  return clip({ fromNs: firstNs, toNs: inDay ? dayStartNs(day) + dayLengthNs : (after ?? toNs) }, rest);
}

function clip(stretch: Stretch, within: Stretch): Stretch {
  return {
    fromNs: stretch.fromNs > within.fromNs ? stretch.fromNs : within.fromNs,
    toNs: stretch.toNs < within.toNs ? stretch.toNs : within.toNs,
  };
}

/** From the first to the last time that a tenant has in the heads, inside a stretch; null where there is none. */
function headRange(snapshot: ReadSnapshot, tenant: string, rest: Stretch): Stretch | null {
  let [fromNs, toNs] = [rest.toNs, rest.fromNs];
  for (const { generation, blockRows } of snapshot.heads) {
    const ids = generation.tenants.get(tenant);
    if (ids === undefined) continue;
    for (const block of generation.blocks.slice(0, blockRows.length)) {
      for (const id of ids.values()) {
        const extent = block.extents.get(id);
        if (extent === undefined) continue;
        const { minNs, maxNs } = extentRange(extent);
        if (minNs >= rest.toNs || maxNs < rest.fromNs) continue;
        const own = clip({ fromNs: minNs, toNs: maxNs + 1n }, rest);
        if (own.fromNs < fromNs) fromNs = own.fromNs;
        if (own.toNs > toNs) toNs = own.toNs;
      }
    }
  }
  return fromNs < toNs ? { fromNs, toNs } : null;
}

/**
 * The part of a period, from its beginning in the direction of reading, in which about `bytes` of rows lie by the statistics of the pieces, whose bytes are taken to
 * be spread evenly over their time. All of it where it holds no more than that.
 */
export function firstWindow(period: Stretch, streams: readonly FoundStream[], bytes: number, backward: boolean): Stretch {
  const length = Number(period.toNs - period.fromNs);
  const counts = new Float64Array(cells + 1);
  const cellOf = (timeNs: bigint): number => Math.min(cells - 1, Math.max(0, Math.floor((Number(timeNs - period.fromNs) / length) * cells)));
  let total = 0;
  for (const { pieces } of streams) {
    for (const piece of pieces) {
      if (piece.minNs >= period.toNs || piece.maxNs < period.fromNs) continue;
      const whole = Number(piece.maxNs - piece.minNs) + 1;
      const from = piece.minNs > period.fromNs ? piece.minNs : period.fromNs;
      const to = piece.maxNs < period.toNs ? piece.maxNs : period.toNs - 1n;
      const share = piece.bytes * ((Number(to - from) + 1) / whole);
      total += share;
      const first = cellOf(from);
      const last = cellOf(to);
      // Differences; summed up below.
      counts[first]! += share / (last - first + 1);
      counts[last + 1]! -= share / (last - first + 1);
    }
  }
  if (total <= bytes) return period;
  for (let cell = 1; cell < cells; cell++) counts[cell]! += counts[cell - 1]!;
  const cellEdge = (cell: number): bigint => period.fromNs + BigInt(Math.floor((cell / cells) * length));
  let sum = 0;
  if (backward) {
    for (let cell = cells - 1; cell > 0; cell--) {
      sum += counts[cell]!;
      if (sum >= bytes && cellEdge(cell) < period.toNs) return { fromNs: cellEdge(cell), toNs: period.toNs };
    }
    return period;
  }
  for (let cell = 0; cell < cells - 1; cell++) {
    sum += counts[cell]!;
    if (sum >= bytes && cellEdge(cell + 1) > period.fromNs) return { fromNs: period.fromNs, toNs: cellEdge(cell + 1) };
  }
  return period;
}
