/** Sets of code points as sorted, disjoint, non-touching pairs [lo, hi, lo, hi, …], both ends inside. */
export type RuneRanges = readonly number[];

/** Largest code point. */
export const runeMax = 0x10ffff;

/** Sorts and joins pairs that stand in any order and may overlap. */
export function cleanRanges(pairs: readonly number[]): number[] {
  const order: number[] = [];
  for (let i = 0; i < pairs.length; i += 2) order.push(i);
  order.sort((a, b) => pairs[a]! - pairs[b]! || pairs[b + 1]! - pairs[a + 1]!);
  const out: number[] = [];
  for (const i of order) {
    const lo = pairs[i]!;
    const hi = pairs[i + 1]!;
    const last = out.length - 1;
    if (last > 0 && lo <= out[last]! + 1) {
      if (hi > out[last]!) out[last] = hi;
    } else out.push(lo, hi);
  }
  return out;
}

/** All code points that are not in the (clean) set. */
export function negateRanges(ranges: RuneRanges): number[] {
  const out: number[] = [];
  let next = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    if (ranges[i]! > next) out.push(next, ranges[i]! - 1);
    next = ranges[i + 1]! + 1;
  }
  if (next <= runeMax) out.push(next, runeMax);
  return out;
}

/** Whether the (clean) set holds `rune`. */
export function inRanges(ranges: RuneRanges, rune: number): boolean {
  let lo = 0;
  let hi = ranges.length >> 1;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (rune < ranges[2 * mid]!) hi = mid;
    else if (rune > ranges[2 * mid + 1]!) lo = mid + 1;
    else return true;
  }
  return false;
}

/** Whether two clean sets are equal. */
export function sameRanges(a: RuneRanges, b: RuneRanges): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
