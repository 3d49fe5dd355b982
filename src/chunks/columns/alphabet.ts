/**
 * Sets of bytes, as 8 words of 32 bits: which bytes the values of a column are made of. Common sets have a number, so that a header says them in one byte;
 * a column may also be given a bigger set than it needs.
 */
import { inAlphabet } from '../../model/mod.ts';

/** Words of a set. */
export const alphabetWords = 8;

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');

/** Common sets; the number in the file is the place in this list plus 2. Only ever appended to. */
const classes: readonly Uint32Array[] = [
  '', digits, `${digits}-`, `${digits}.`, `${digits}-.`, `${digits}:`, `${digits}:.,`, `${digits}abcdef`, `${digits}ABCDEF`, `${digits}abcdef-`, `${digits}ABCDEF-`,
  `${digits}-:.,TZ+`, `${digits}-:., +Z/`, lower, upper, `${lower}${digits}`, `${lower}${upper}${digits}`, `${lower}${upper}${digits}-_.`, `${lower}${upper}${digits}-_./:`, printable,
].map((text) => alphabetOf(Buffer.from(text, 'latin1'))).concat(new Uint32Array(alphabetWords).fill(0xffff_ffff));

/** Forms of a set in the file that are no class. */
const formAll = 0;
const formAscii = 1;
const classBase = 2;

/** The bytes that occur in `bytes`. */
export function alphabetOf(bytes: Uint8Array): Uint32Array {
  const set = new Uint32Array(alphabetWords);
  for (const byte of bytes) set[byte >>> 5]! |= 1 << (byte & 31);
  return set;
}

/** The set of the bytes that are not 0 in `seen`, which has 256 places. */
export function alphabetSeen(seen: Uint8Array): Uint32Array {
  const set = new Uint32Array(alphabetWords);
  for (let byte = 0; byte < 256; byte++) if (seen[byte] !== 0) set[byte >>> 5]! |= 1 << (byte & 31);
  return set;
}

/** The bytes of either. */
export function alphabetUnion(a: Uint32Array, b: Uint32Array): Uint32Array {
  return a.map((word, i) => word | b[i]!);
}

/** Whether every byte of `needle` is in the set; with `fold` ASCII letters in either case. */
export function alphabetHolds(set: Uint32Array, needle: Uint8Array, fold = false): boolean {
  for (const byte of needle) if (!inAlphabet(set, byte) && !(fold && isLetter(byte) && inAlphabet(set, byte ^ 0x20))) return false;
  return true;
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

function classThat(test: (candidate: Uint32Array) => boolean): number {
  return classes.findIndex(test);
}

/** The first class that holds the whole set: a superset, shared, not to be changed. */
export function alphabetClass(set: Uint32Array): Uint32Array {
  return classes[classThat((candidate) => candidate.every((word, i) => (set[i]! & ~word) === 0))]!;
}

/** The set as a file holds it: the number of its class, or the form and 16 or 32 bytes. */
export function alphabetBytes(set: Uint32Array): Uint8Array {
  const known = classThat((candidate) => candidate.every((word, i) => word === set[i]));
  if (known >= 0) return Uint8Array.of(known + classBase);
  const words = set.subarray(4).every((word) => word === 0) ? 4 : 8;
  const out = new Uint8Array(1 + 4 * words);
  out[0] = words === 4 ? formAscii : formAll;
  const view = new DataView(out.buffer);
  for (let i = 0; i < words; i++) view.setUint32(1 + 4 * i, set[i]!, true);
  return out;
}

/** How many bytes follow the first; -1 where it means nothing. */
export function alphabetRest(form: number): number {
  if (form === formAll) return 32;
  if (form === formAscii) return 16;
  return form < classBase + classes.length ? 0 : -1;
}

/** Undoes alphabetBytes, after its first byte and as many as alphabetRest says. */
export function alphabetFrom(form: number, rest: Uint8Array): Uint32Array {
  if (form >= classBase) return classes[form - classBase]!;
  const set = new Uint32Array(alphabetWords);
  const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
  for (let i = 0; i < rest.length / 4; i++) set[i] = view.getUint32(4 * i, true);
  return set;
}
