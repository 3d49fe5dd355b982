/**
 * Arrays that encoding a column fills and forgets. Encoding is synchronous, so a thread needs one of each; what leaves an encoder is a copy.
 * A slot is used by one kind at a time.
 */
const doubles = [new Float64Array(4096), new Float64Array(4096), new Float64Array(4096)];
const words = [new Uint32Array(4096), new Uint32Array(4096), new Uint32Array(4096), new Uint32Array(4096), new Uint32Array(4096)];

/** Slot 0: numbers of a kind; 1: what they are packed from; 2: times. */
export function scratchDoubles(slot: 0 | 1 | 2, length: number): Float64Array {
  const held = doubles[slot]!;
  return held.length >= length ? held : (doubles[slot] = new Float64Array(sizeFor(length)));
}

/** Slot 0: codes; 1: words that are packed; 2 and 3: starts and lengths inside an affix; 4: entries. */
export function scratchWords(slot: 0 | 1 | 2 | 3 | 4, length: number): Uint32Array {
  const held = words[slot]!;
  return held.length >= length ? held : (words[slot] = new Uint32Array(sizeFor(length)));
}

function sizeFor(length: number): number {
  return 2 ** Math.ceil(Math.log2(length));
}
