/** Which places of a template pass: all, none, or those whose byte is 1. */
export type Marks = 'all' | 'none' | Uint8Array;

export function not(marks: Marks): Marks {
  if (marks === 'all') return 'none';
  if (marks === 'none') return 'all';
  return marks.map((mark) => 1 - mark);
}

export function or(a: Marks, b: Marks): Marks {
  if (a === 'all' || b === 'all') return 'all';
  if (a === 'none') return b;
  if (b === 'none') return a;
  const out = new Uint8Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! | b[i]!;
  return out;
}

export function and(a: Marks, b: Marks): Marks {
  if (a === 'none' || b === 'none') return 'none';
  if (a === 'all') return b;
  if (b === 'all') return a;
  const out = new Uint8Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! & b[i]!;
  return out;
}

let numbers = new Uint32Array(0);

/** 0 … count - 1; not to be changed. */
function firstPlaces(count: number): Uint32Array {
  if (numbers.length < count) {
    numbers = new Uint32Array(Math.max(count, 65_536));
    for (let i = 0; i < numbers.length; i++) numbers[i] = i;
  }
  return numbers.subarray(0, count);
}

/** Places that pass, ascending; not to be changed. */
export function placesOf(marks: Marks, count: number): Uint32Array {
  if (marks === 'none') return new Uint32Array(0);
  if (marks === 'all') return firstPlaces(count);
  let size = 0;
  for (let i = 0; i < marks.length; i++) size += marks[i]!;
  const places = new Uint32Array(size);
  for (let i = 0, at = 0; at < size; i++) if (marks[i] === 1) places[at++] = i;
  return places;
}

/** Marks of `count` places of which these pass. */
export function marksOf(places: ArrayLike<number>, count: number): Marks {
  if (places.length === 0) return 'none';
  if (places.length === count) return 'all';
  const marks = new Uint8Array(count);
  for (let i = 0; i < places.length; i++) marks[places[i]!] = 1;
  return marks;
}
