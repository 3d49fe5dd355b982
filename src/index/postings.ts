import { damage } from './format.ts';

/** Numbers of streams, rising, none twice. */
export type StreamIds = Uint32Array;

/** Lists longer than this are united over a bitmap instead of by sorting. */
const sortedUnionMax = 8192;

/** All streams of an index. */
export function allIds(streams: number): StreamIds {
  const ids = new Uint32Array(streams);
  for (let i = 0; i < streams; i++) ids[i] = i;
  return ids;
}

/** Stream numbers as LEB128: the first one, then the distance of each from the one before. Returns a view of `scratch`, or of a larger buffer. */
export function encodePostings(ids: StreamIds, scratch: Uint8Array): Uint8Array {
  const out = scratch.length >= ids.length * 5 ? scratch : new Uint8Array(ids.length * 5);
  let at = 0;
  let before = 0;
  for (const id of ids) {
    let rest = id - before;
    before = id;
    while (rest >= 0x80) {
      out[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    out[at++] = rest;
  }
  return out.subarray(0, at);
}

/** Reads `count` stream numbers below `streams` from bytes[start … end), which they must fill. Throws `corruption`. */
export function decodePostings(bytes: Uint8Array, start: number, end: number, count: number, streams: number, where: string): StreamIds {
  if (start > end || end > bytes.length || count > end - start) throw damage(where, start, `a posting list of ${count} streams does not fit into ${end - start} bytes`);
  const ids = new Uint32Array(count);
  let at = start;
  let id = 0;
  for (let i = 0; i < count; i++) {
    let distance = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte >= 0x80) {
      if (at >= end || shift > 28) throw damage(where, at, 'a posting list breaks off');
      byte = bytes[at++] ?? 0;
      distance += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    }
    if (i > 0 && distance === 0) throw damage(where, at, 'a posting list names a stream twice');
    id += distance;
    if (id >= streams) throw damage(where, at, `a posting list names stream ${id} of ${streams}`);
    ids[i] = id;
  }
  if (at !== end) throw damage(where, at, `${end - at} bytes of a posting list are left over`);
  return ids;
}

/** What is in both lists. */
export function intersect(a: StreamIds, b: StreamIds): StreamIds {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const out = new Uint32Array(short.length);
  let length = 0;
  // A short list looks its members up, lists of like length are walked together.
  if (short.length * 16 < long.length) {
    let from = 0;
    for (const id of short) {
      from = lowerBound(long, id, from);
      if (long[from] === id) out[length++] = id;
    }
    return out.subarray(0, length);
  }
  for (let i = 0, j = 0; i < short.length && j < long.length; ) {
    const x = short[i] ?? 0;
    const y = long[j] ?? 0;
    if (x === y) out[length++] = x;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return out.subarray(0, length);
}

/** What is in `a` and not in `b`. */
export function subtract(a: StreamIds, b: StreamIds): StreamIds {
  if (b.length === 0) return a;
  const out = new Uint32Array(a.length);
  let length = 0;
  let j = 0;
  for (const id of a) {
    while (j < b.length && (b[j] ?? 0) < id) j++;
    if (j === b.length || b[j] !== id) out[length++] = id;
  }
  return out.subarray(0, length);
}

/** What is in any of the lists, which may overlap. */
export function unite(lists: readonly StreamIds[], streams: number): StreamIds {
  const first = lists[0];
  if (first === undefined) return new Uint32Array(0);
  if (lists.length === 1) return first;
  let total = 0;
  for (const list of lists) total += list.length;
  return total <= sortedUnionMax ? uniteSorted(lists, total) : uniteByBitmap(lists, streams);
}

function uniteSorted(lists: readonly StreamIds[], total: number): StreamIds {
  const out = new Uint32Array(total);
  let at = 0;
  for (const list of lists) {
    out.set(list, at);
    at += list.length;
  }
  out.sort();
  let length = 0;
  for (const id of out) if (length === 0 || out[length - 1] !== id) out[length++] = id;
  return out.subarray(0, length);
}

function uniteByBitmap(lists: readonly StreamIds[], streams: number): StreamIds {
  const bits = new Uint32Array((streams + 31) >>> 5);
  for (const list of lists) for (const id of list) bits[id >>> 5] = (bits[id >>> 5] ?? 0) | (1 << (id & 31));
  let length = 0;
  const out = new Uint32Array(Math.min(streams, lists.reduce((sum, list) => sum + list.length, 0)));
  for (let word = 0; word < bits.length; word++) {
    for (let rest = bits[word] ?? 0; rest !== 0; rest &= rest - 1) out[length++] = word * 32 + 31 - Math.clz32(rest & -rest);
  }
  return out.subarray(0, length);
}

/** Index of the first element of `ids` from `from` on that is not below `id`. */
function lowerBound(ids: StreamIds, id: number, from: number): number {
  let low = from;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
