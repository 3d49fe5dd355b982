import { alphabetHolds } from './alphabet.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues } from './column.ts';

/** The texts at `places` of texts that are there; they share the bytes. */
export function pickTexts(texts: ColumnTexts, places: Uint32Array): ColumnTexts {
  const start = new Uint32Array(places.length);
  const length = new Uint32Array(places.length);
  for (let i = 0; i < places.length; i++) {
    start[i] = texts.start[places[i]!]!;
    length[i] = texts.length[places[i]!]!;
  }
  return { bytes: texts.bytes, start, length };
}

/** Starts of texts that stand one after another, `bytes` long each. */
export function evenStarts(count: number, bytes: number): Uint32Array {
  const start = new Uint32Array(count);
  for (let i = 0; i < count; i++) start[i] = i * bytes;
  return start;
}

const none = new Uint32Array(0);

/** What the header alone says on where `needle` is: all places or none; undefined where values must be looked at. */
export function placesByHeader(header: ColumnHeader, needle: Uint8Array): Uint32Array | undefined {
  if (needle.length === 0) return allPlaces(header.count);
  return needle.length > header.lengthMax || !alphabetHolds(header.alphabet, needle) ? none : undefined;
}

/** 0 … count - 1. */
export function allPlaces(count: number): Uint32Array {
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) places[i] = i;
  return places;
}

/** Places that are found one after another. */
export class PlaceList {
  #places = none;
  #length = 0;

  add(place: number): void {
    if (this.#length === this.#places.length) {
      const grown = new Uint32Array(Math.max(64, this.#length * 2));
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[this.#length++] = place;
  }

  get length(): number {
    return this.#length;
  }

  done(): Uint32Array {
    return this.#places.slice(0, this.#length);
  }
}

/**
 * The places of the first `count` texts that contain `needle` (not empty), plus `base`. The texts stand one after another without gaps: where needles are rare
 * this is one search over all bytes.
 */
export function searchTexts(texts: ColumnTexts, count: number, needle: Uint8Array, found: PlaceList, base = 0): void {
  const { bytes, start, length } = texts;
  if (count === 0) return;
  const end = start[count - 1]! + length[count - 1]!;
  let place = 0;
  let hits = 0;
  for (let at = bytes.indexOf(needle, start[0]); at >= 0 && at + needle.length <= end; ) {
    while (start[place]! + length[place]! <= at) place++;
    let next = at + 1;
    if (at + needle.length <= start[place]! + length[place]!) {
      found.add(base + place);
      place++;
      if (place === count) return;
      next = start[place]!;
    }
    if (++hits > 64 && hits * 8 > place) return searchEach(texts, place, count, needle, found, base);
    at = bytes.indexOf(needle, next);
  }
}

/** The same, value by value. Values may stand anywhere. */
export function searchEach(texts: ColumnTexts, from: number, count: number, needle: Uint8Array, found: PlaceList, base = 0): void {
  for (let place = from; place < count; place++) if (textContains(texts.bytes, texts.start[place]!, texts.length[place]!, needle)) found.add(base + place);
}

function textContains(bytes: Buffer, start: number, length: number, needle: Uint8Array): boolean {
  const first = needle[0]!;
  const last = start + length - needle.length;
  for (let at = start; at <= last; at++) {
    if (bytes[at] !== first) continue;
    let same = 1;
    while (same < needle.length && bytes[at + same] === needle[same]) same++;
    if (same === needle.length) return true;
  }
  return false;
}

/** Shortest and longest value, and the bytes of all. */
export interface Lengths {
  readonly min: number;
  readonly max: number;
  readonly total: number;
}

/** The lengths of values; at least one. */
export function lengthsOf(values: ColumnValues): Lengths {
  const { length, count } = values;
  let [min, max, total] = [length[0]!, length[0]!, 0];
  for (let i = 0; i < count; i++) {
    const bytes = length[i]!;
    total += bytes;
    if (bytes < min) min = bytes;
    if (bytes > max) max = bytes;
  }
  return { min, max, total };
}

/** The bytes to be read four at a time. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Whether two byte strings of one length are the same. */
export function sameBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false;
    return true;
  }
  // The last four may be read twice.
  const last = length - 4;
  for (let i = 0; i < last; i += 4) if (a.getInt32(aStart + i, true) !== b.getInt32(bStart + i, true)) return false;
  return a.getInt32(aStart + last, true) === b.getInt32(bStart + last, true);
}

/** A buffer of its own for rendered texts. */
export function textBuffer(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes);
}
