import { emptyNode, type RegexNode } from './ast.ts';
import { cleanRanges, runeMax, type RuneRanges } from './ranges.ts';
import { foldOrbit } from './unicode.ts';

/** The node for a class: `.`-like sets get their own kind, a single code point or a case pair is a literal, as in Go's parser. */
export function classNode(ranges: RuneRanges): RegexNode {
  if (ranges.length === 0) return { kind: 'no_match' };
  const [lo = 0, hi = 0, lo2 = 0, hi2 = 0] = ranges;
  if (ranges.length === 2) {
    if (lo === 0 && hi === runeMax) return { kind: 'any' };
    if (lo === hi) return { kind: 'literal', runes: [lo], fold: false };
    if (lo + 1 === hi && isPair(lo, hi)) return { kind: 'literal', runes: [lo], fold: true };
  }
  if (ranges.length === 4) {
    if (lo === 0 && hi === 9 && lo2 === 11 && hi2 === runeMax) return { kind: 'any_not_newline' };
    if (lo === hi && lo2 === hi2 && isPair(lo, lo2)) return { kind: 'literal', runes: [lo], fold: true };
  }
  return { kind: 'class', ranges };
}

function isPair(a: number, b: number): boolean {
  const orbit = foldOrbit(a);
  return orbit.length === 2 && orbit.includes(b);
}

/** Whether a node matches exactly one code point. */
export function isOneRune(node: RegexNode): boolean {
  return node.kind === 'class' || node.kind === 'any' || node.kind === 'any_not_newline' || (node.kind === 'literal' && node.runes.length === 1);
}

/** The set of a node for which isOneRune holds. */
export function rangesOf(node: RegexNode): RuneRanges {
  if (node.kind === 'class') return node.ranges;
  if (node.kind === 'any') return [0, runeMax];
  if (node.kind === 'any_not_newline') return [0, 9, 11, runeMax];
  if (node.kind === 'literal') return runeRanges(node.runes[0] ?? 0, node.fold);
  return [];
}

/** One code point, or its orbit under `fold`. */
export function runeRanges(rune: number, fold: boolean): RuneRanges {
  return fold ? cleanRanges(foldOrbit(rune).flatMap((other) => [other, other])) : [rune, rune];
}

/** Joins neighbouring literals of one kind, flattens nested concatenations, and drops the wrapper around a single node. */
export function concatNode(items: readonly RegexNode[]): RegexNode {
  const joined: RegexNode[] = [];
  for (const item of items) {
    const last = joined.at(-1);
    if (item.kind === 'literal' && last?.kind === 'literal' && item.fold === last.fold) {
      joined[joined.length - 1] = { kind: 'literal', runes: [...last.runes, ...item.runes], fold: item.fold };
    } else joined.push(item);
  }
  const subs = joined.flatMap((node) => (node.kind === 'concat' ? node.subs : [node]));
  return subs.length === 0 ? emptyNode : subs.length === 1 ? subs[0]! : { kind: 'concat', subs };
}
