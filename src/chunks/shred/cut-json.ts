import type { Cuts } from './cuts.ts';

const depthMax = 32;

/** 1: stands in numbers and words; 2: ends them; 0: neither. */
export const tokenBytes = new Uint8Array(256);
for (const character of '0123456789+-.eEtrufalsn') tokenBytes[character.charCodeAt(0)] = 1;
for (const character of ' \n\r\t,}]') tokenBytes[character.charCodeAt(0)] = 2;

/**
 * Cuts a line that is one JSON object with nothing but white space around it. False where it is none, or is one that `| json` would find a fault with;
 * then `cuts` is of no use.
 */
export function cutJson(bytes: Buffer, start: number, end: number, cuts: Cuts): boolean {
  cuts.begin('json');
  let at = skipSpace(bytes, start, end);
  if (at >= end || bytes[at] !== 0x7b) return false;
  at = cutObject(bytes, at + 1, end, cuts, 0);
  return at >= 0 && skipSpace(bytes, at, end) === end;
}

/** The index behind the object whose inside begins at `at`; -1 where it is faulty. */
function cutObject(bytes: Buffer, at: number, end: number, cuts: Cuts, depth: number): number {
  let i = skipSpace(bytes, at, end);
  if (i < end && bytes[i] === 0x7d) return i + 1;
  for (;;) {
    if (i >= end || bytes[i] !== 0x22) return -1;
    i = stringEnd(bytes, i + 1, end);
    if (i < 0) return -1;
    i = skipSpace(bytes, i + 1, end);
    if (i >= end || bytes[i] !== 0x3a) return -1;
    i = skipSpace(bytes, i + 1, end);
    if (i >= end) return -1;
    const first = bytes[i]!;
    if (first === 0x22) {
      const close = stringEnd(bytes, i + 1, end);
      if (close < 0 || !cuts.add('string', i + 1, close)) return -1;
      i = close + 1;
    } else if (first === 0x7b) {
      if (depth >= depthMax) return -1;
      i = cutObject(bytes, i + 1, end, cuts, depth + 1);
      if (i < 0) return -1;
    } else if (first === 0x5b) {
      const close = arrayEnd(bytes, i, end);
      if (close < 0 || !cuts.add('array', i + 1, close)) return -1;
      i = close + 1;
    } else {
      const close = tokenEnd(bytes, i, end);
      if (close < 0 || !cuts.add('token', i, close)) return -1;
      i = close;
    }
    i = skipSpace(bytes, i, end);
    if (i >= end) return -1;
    const after = bytes[i]!;
    if (after === 0x7d) return i + 1;
    if (after !== 0x2c) return -1;
    i = skipSpace(bytes, i + 1, end);
  }
}

function skipSpace(bytes: Buffer, at: number, end: number): number {
  let i = at;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    i++;
  }
  return i;
}

/** The index of the quote that ends a string; -1 where there is none. */
export function stringEnd(bytes: Buffer, at: number, end: number): number {
  let i = at;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte === 0x22) return i;
    i += byte === 0x5c ? 2 : 1;
  }
  return -1;
}

/** The index behind a number, true, false or null; -1 where there is none of these. */
export function tokenEnd(bytes: Buffer, at: number, end: number): number {
  let i = at;
  while (i < end && tokenBytes[bytes[i]!] === 1) i++;
  if (i === at || i >= end || tokenBytes[bytes[i]!] !== 2) return -1;
  const first = bytes[at]!;
  return first === 0x2d || (first >= 0x30 && first <= 0x39) || isWord(bytes, at, i) ? i : -1;
}

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

function isWord(bytes: Buffer, start: number, end: number): boolean {
  for (const word of words) {
    if (word.length !== end - start || word[0] !== bytes[start]) continue;
    let i = 1;
    while (i < word.length && word[i] === bytes[start + i]) i++;
    return i === word.length;
  }
  return false;
}

/** The index of the bracket that ends the array at `at`; -1 where brackets or braces in it do not match. */
export function arrayEnd(bytes: Buffer, at: number, end: number): number {
  let level = 0;
  let braces = 0;
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x22) {
      i = stringEnd(bytes, i + 1, end);
      if (i < 0) return -1;
    } else if (byte === 0x5b) level++;
    else if (byte === 0x7b) braces++;
    else if (byte === 0x7d) {
      if (--braces < 0) return -1;
    } else if (byte === 0x5d && --level === 0) return braces === 0 ? i : -1;
  }
  return -1;
}
