import { holeMayHold, inAlphabet, type ColumnHead, type LineTemplate } from '../../../model/mod.ts';

/** What a needle asks of the value in a hole so that the line holds it. */
export type Ask =
  | { readonly kind: 'contains'; readonly bytes: Buffer }
  | { readonly kind: 'starts'; readonly bytes: Buffer }
  | { readonly kind: 'ends'; readonly bytes: Buffer }
  | { readonly kind: 'equals'; readonly bytes: Buffer };

/** Where in the lines of a template a needle can lie. */
export interface Alignments {
  /** The text between the holes holds it: every line does. */
  readonly always: boolean;
  /** By hole of the line. */
  readonly asks: readonly (readonly Ask[])[];
  /** It may reach over more than one hole: lines must be looked at. */
  readonly spills: boolean;
}

/** Compares bytes; with `fold` ASCII letters without case, `needle` in lower case. */
type Same = (text: Buffer, at: number, needle: Buffer, from: number, length: number) => boolean;

/**
 * Finds out where a needle (of at least one byte; in lower case with `fold`) can lie: in the text, in a hole, or over both ends of one hole. What cannot stand in a hole
 * because of its bytes or lengths is left out.
 */
export function alignNeedle(template: LineTemplate, heads: readonly ColumnHead[], needle: Buffer, fold: boolean): Alignments {
  const { text, holes } = template;
  const same = fold ? sameFolded : sameExactly;
  if (text.some((piece) => holds(piece, needle, same))) return { always: true, asks: [], spills: false };
  let spills = false;
  const asks = holes.map((_, hole): Ask[] => {
    const before = text[hole]!;
    const after = text[hole + 1]!;
    const { header } = heads[hole]!;
    const can = new Fits(template.holes[hole]!, header, fold);
    found.length = 0;
    if (can.fits(needle, 0, needle.length, header.lengthMax)) found.push({ kind: 'contains', bytes: needle });
    for (let inside = 0; inside < needle.length; inside++) {
      // So many bytes of the needle stand in the text before the hole.
      if (inside > before.length || (inside > 0 && !same(before, before.length - inside, needle, 0, inside))) continue;
      const rest = needle.length - inside;
      if (inside > 0 && can.fits(needle, inside, needle.length, header.lengthMax)) found.push({ kind: 'starts', bytes: needle.subarray(inside) });
      for (let length = inside > 0 ? 0 : 1; length < rest; length++) {
        // So many in the hole, the others behind it.
        if (!can.fits(needle, inside, inside + length, inside > 0 ? Infinity : header.lengthMax)) break;
        if (inside > 0 && (length < header.lengthMin || length > header.lengthMax)) continue;
        const behind = rest - length;
        const there = Math.min(behind, after.length);
        if (!same(after, 0, needle, inside + length, there)) continue;
        if (there < behind) {
          // The text ends before the needle; at the end of the line it cannot go on.
          if (hole + 1 < holes.length) spills = true;
        } else found.push({ kind: inside > 0 ? 'equals' : 'ends', bytes: needle.subarray(inside, inside + length) });
      }
    }
    return found.length === 0 ? noAsks : found.slice();
  });
  return { always: false, asks, spills };
}

/** Nearly always there are none. */
const noAsks: Ask[] = [];
/** Those of the hole at hand. */
const found: Ask[] = [];

/** What bytes a hole may have. */
export class Fits {
  readonly #hole: LineTemplate['holes'][number];
  readonly #alphabet: Uint32Array;
  readonly #fold: boolean;

  constructor(hole: LineTemplate['holes'][number], header: ColumnHead['header'], fold: boolean) {
    this.#hole = hole;
    this.#alphabet = header.alphabet;
    this.#fold = fold;
  }

  /** Whether the column's values can have all these bytes. */
  fits(needle: Buffer, from: number, to: number, lengthMax: number): boolean {
    if (to - from > lengthMax) return false;
    for (let i = from; i < to; i++) if (!this.#has(needle[i]!)) return false;
    return true;
  }

  #has(byte: number): boolean {
    if (!holeMayHold(this.#hole, byte)) return false;
    if (inAlphabet(this.#alphabet, byte)) return true;
    return this.#fold && byte >= 0x61 && byte <= 0x7a && inAlphabet(this.#alphabet, byte - 0x20);
  }
}

function holds(text: Buffer, needle: Buffer, same: Same): boolean {
  for (let at = 0; at + needle.length <= text.length; at++) if (same(text, at, needle, 0, needle.length)) return true;
  return false;
}

export const sameExactly: Same = (text, at, needle, from, length) => {
  for (let i = 0; i < length; i++) if (text[at + i] !== needle[from + i]) return false;
  return true;
};

export const sameFolded: Same = (text, at, needle, from, length) => {
  for (let i = 0; i < length; i++) if (lower(text[at + i]!) !== needle[from + i]) return false;
  return true;
};

/** An ASCII letter in lower case. */
export function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** Whether the value bytes[start … end) is as asked. */
export function answers(ask: Ask, fold: boolean, bytes: Buffer, start: number, end: number): boolean {
  const same = fold ? sameFolded : sameExactly;
  const { kind, bytes: wanted } = ask;
  const { length } = wanted;
  if (end - start < length) return false;
  if (kind === 'starts') return same(bytes, start, wanted, 0, length);
  if (kind === 'ends') return same(bytes, end - length, wanted, 0, length);
  if (kind === 'equals') return end - start === length && same(bytes, start, wanted, 0, length);
  for (let at = start; at + length <= end; at++) if (same(bytes, at, wanted, 0, length)) return true;
  return false;
}
