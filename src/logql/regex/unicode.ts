import { cleanRanges, negateRanges, runeMax, type RuneRanges } from './ranges.ts';

/**
 * Simple case folding (Unicode CaseFolding.txt, C and S), as Go's unicode.SimpleFold walks it: the orbit of a letter is every letter that equals
 * it without case, itself included. Derived from the engine's own tables at first use.
 */
let orbits: Map<number, readonly number[]> | undefined;

/** Folds that single-character upper and lower casing does not show, or shows wrongly. */
const notFolding = new Set([0x130, 0x131]);

function foldKey(rune: number): number {
  if (notFolding.has(rune)) return rune;
  if (rune === 0x1e9e) return 0xdf;
  const text = String.fromCodePoint(rune);
  const upper = text.toUpperCase();
  const lower = (isOne(upper) ? upper : text).toLowerCase();
  return isOne(lower) ? (lower.codePointAt(0) ?? rune) : rune;
}

function isOne(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
}

function loadOrbits(): Map<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  const foldable = /[\p{CWCF}\p{CWU}\p{CWL}\p{CWT}]/u;
  for (let rune = 0x41; rune <= 0x1ffff; rune++) {
    if (rune >= 0xd800 && rune <= 0xdfff) continue;
    if (rune >= 0x80 && !foldable.test(String.fromCodePoint(rune))) continue;
    const key = foldKey(rune);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [rune]);
    else group.push(rune);
  }
  const result = new Map<number, readonly number[]>();
  for (const group of groups.values()) if (group.length > 1) for (const rune of group) result.set(rune, group);
  return result;
}

/** All code points equal to `rune` without case, ascending; only itself where it has no case. */
export function foldOrbit(rune: number): readonly number[] {
  if (rune < 0x80) {
    if (rune === 0x4b || rune === 0x6b) return [0x4b, 0x6b, 0x212a];
    if (rune === 0x53 || rune === 0x73) return [0x53, 0x73, 0x17f];
    if (rune >= 0x41 && rune <= 0x5a) return [rune, rune + 32];
    if (rune >= 0x61 && rune <= 0x7a) return [rune - 32, rune];
    return [rune];
  }
  orbits ??= loadOrbits();
  return orbits.get(rune) ?? [rune];
}

/** The set closed under case folding. */
export function foldRanges(ranges: RuneRanges): number[] {
  orbits ??= loadOrbits();
  const out = [...ranges];
  for (const [rune, orbit] of orbits) {
    for (let i = 0; i < ranges.length; i += 2) {
      if (rune < ranges[i]! || rune > ranges[i + 1]!) continue;
      for (const other of orbit) out.push(other, other);
      break;
    }
  }
  return cleanRanges(out);
}

const classes = new Map<string, RuneRanges | null>();
const categories = new Set(
  'C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs'.split(' '),
);

/** The code points of `\p{name}`: a general category, a script, or Any; null where there is no such class. */
export function unicodeClass(name: string): RuneRanges | null {
  const known = classes.get(name);
  if (known !== undefined) return known;
  const found = loadClass(name);
  classes.set(name, found);
  return found;
}

function loadClass(name: string): RuneRanges | null {
  if (name === 'Any') return [0, runeMax];
  if (name === 'ASCII') return [0, 0x7f];
  if (!/^[A-Za-z_]+$/.test(name)) return null;
  // Go's Cs and Cn do not exist as strings here: surrogates never occur in UTF-8, unassigned code points do.
  const property = categories.has(name) ? `\\p{gc=${name}}` : `\\p{sc=${name}}`;
  let pattern: RegExp;
  try {
    pattern = new RegExp(`${property}+`, 'gu');
  } catch {
    return null;
  }
  const ranges: number[] = [];
  const pieceLength = 0x4000;
  for (let from = 0; from <= runeMax; from += pieceLength) {
    if (from >= 0xd800 && from < 0xe000) continue;
    const units: number[] = [];
    for (let rune = from; rune < from + pieceLength && rune <= runeMax; rune++) if (rune < 0xd800 || rune > 0xdfff) units.push(rune);
    const text = units.map((unit) => String.fromCodePoint(unit)).join('');
    for (const match of text.matchAll(pattern)) for (const character of match[0]) addRune(ranges, character.codePointAt(0) ?? 0);
  }
  if (name === 'C' || name === 'Cs') ranges.push(0xd800, 0xdfff);
  return cleanRanges(ranges);
}

function addRune(ranges: number[], rune: number): void {
  if (ranges.length > 0 && ranges[ranges.length - 1] === rune - 1) ranges[ranges.length - 1] = rune;
  else ranges.push(rune, rune);
}

/** Perl's classes under RE2: ASCII only. */
export const perlClasses: ReadonlyMap<string, RuneRanges> = new Map([
  ['d', [0x30, 0x39]],
  ['s', [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20]],
  ['w', [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]],
  ['D', negateRanges([0x30, 0x39])],
  ['S', negateRanges([0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20])],
  ['W', negateRanges([0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a])],
]);

/** POSIX classes by name, without brackets: `alnum`. */
export const posixClasses: ReadonlyMap<string, RuneRanges> = new Map([
  ['alnum', [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a]],
  ['alpha', [0x41, 0x5a, 0x61, 0x7a]],
  ['ascii', [0, 0x7f]],
  ['blank', [0x09, 0x09, 0x20, 0x20]],
  ['cntrl', [0, 0x1f, 0x7f, 0x7f]],
  ['digit', [0x30, 0x39]],
  ['graph', [0x21, 0x7e]],
  ['lower', [0x61, 0x7a]],
  ['print', [0x20, 0x7e]],
  ['punct', [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ['space', [0x09, 0x0d, 0x20, 0x20]],
  ['upper', [0x41, 0x5a]],
  ['word', [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]],
  ['xdigit', [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
]);
