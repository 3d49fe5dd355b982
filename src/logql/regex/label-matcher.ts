import type { CompiledMatcher, Matcher } from '../../model/mod.ts';
import type { RegexNode } from './ast.ts';
import { compileTree } from './matcher.ts';
import { rangesOf } from './nodes.ts';
import type { RuneRanges } from './ranges.ts';
import { parseRegex } from './syntax.ts';

/** Values of `a|b|c` that are worth listing. */
const setMax = 512;

/**
 * Makes a selector's matcher ready. Regular expressions are anchored on both sides and `.` takes newlines, as in Prometheus.
 * Throws RegexSyntaxError with Go's words.
 */
export function compileMatcher(matcher: Matcher): CompiledMatcher {
  const { name, op, value } = matcher;
  if (op === '=') return { name, matchesEmpty: value === '', exact: value, matches: (text) => text === value };
  if (op === '!=') return { name, matchesEmpty: value !== '', exact: value, matches: (text) => text !== value };
  const wanted = op === '=~';
  const parsed = parseRegex(value, true);
  const texts = allTexts(parsed.root);
  if (texts?.length === 1) {
    const [exact = ''] = texts;
    return { name, matchesEmpty: (exact === '') === wanted, exact, matches: (text) => (text === exact) === wanted };
  }
  if (texts !== null) {
    const set = new Set(texts);
    return { name, matchesEmpty: set.has('') === wanted, set: [...set], matches: (text) => set.has(text) === wanted };
  }
  const regex = compileTree(value, parsed, true);
  return { name, matchesEmpty: regex.matchesText('') === wanted, matches: (text) => regex.matchesText(text) === wanted };
}

/** All texts that the node matches; null where they are too many or not a list. */
function allTexts(node: RegexNode): readonly string[] | null {
  if (node.kind === 'empty') return [''];
  if (node.kind === 'literal') return node.fold || node.runes.includes(0xfffd) ? null : [String.fromCodePoint(...node.runes)];
  if (node.kind === 'class') return allRunes(rangesOf(node));
  if (node.kind === 'capture') return allTexts(node.sub);
  if (node.kind === 'repeat') {
    const texts = node.max === 1 ? allTexts(node.sub) : null;
    return texts === null || node.min === 1 ? texts : [...texts, ''];
  }
  if (node.kind === 'alternate') {
    const texts = node.subs.map(allTexts);
    return texts.includes(null) ? null : limited(texts.flatMap((some) => some ?? []));
  }
  if (node.kind !== 'concat') return null;
  let texts: readonly string[] = [''];
  for (const sub of node.subs) {
    const next = allTexts(sub);
    if (next === null || next.length * texts.length > setMax) return null;
    texts = texts.flatMap((before) => next.map((after) => before + after));
  }
  return texts;
}

function allRunes(ranges: RuneRanges): readonly string[] | null {
  const texts: string[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    for (let rune = ranges[i]!; rune <= ranges[i + 1]!; rune++) {
      if (texts.length >= 16 || rune === 0xfffd) return null;
      texts.push(String.fromCodePoint(rune));
    }
  }
  return texts;
}

function limited(texts: readonly string[]): readonly string[] | null {
  const distinct = [...new Set(texts)];
  return distinct.length > setMax ? null : distinct;
}
