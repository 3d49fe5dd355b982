import { emptyNode, type RegexNode } from './ast.ts';
import { classNode, isOneRune, rangesOf } from './nodes.ts';
import { cleanRanges, sameRanges } from './ranges.ts';

/**
 * Joins alternatives as Go's parser does: common literal prefixes, then common leading classes, are taken out in front; neighbouring single
 * characters become a class; neighbouring empty alternatives become one.
 */
export function alternateNode(alternatives: readonly RegexNode[]): RegexNode {
  const flat = alternatives.flatMap((node) => (node.kind === 'alternate' ? node.subs : [node]));
  const subs = flat.length < 2 ? flat : factor(flat);
  return subs.length === 0 ? { kind: 'no_match' } : subs.length === 1 ? subs[0]! : { kind: 'alternate', subs };
}

function factor(subs: readonly RegexNode[]): readonly RegexNode[] {
  return joinEmpty(joinClasses(factorClasses(factorLiterals(subs))));
}

function factorLiterals(subs: readonly RegexNode[]): RegexNode[] {
  const out: RegexNode[] = [];
  let start = 0;
  let prefix: readonly number[] = [];
  let fold = false;
  for (let i = 0; i <= subs.length; i++) {
    const leading = i < subs.length ? leadingLiteral(subs[i]!) : undefined;
    const runes = leading?.runes ?? [];
    if (leading !== undefined && leading.fold === fold) {
      let same = 0;
      while (same < prefix.length && same < runes.length && prefix[same] === runes[same]) same++;
      if (same > 0) {
        prefix = prefix.slice(0, same);
        continue;
      }
    }
    if (i === start + 1) out.push(subs[start]!);
    else if (i > start) {
      const length = prefix.length;
      const suffix = alternateNode(subs.slice(start, i).map((node) => withoutLeadingLiteral(node, length)));
      out.push({ kind: 'concat', subs: [{ kind: 'literal', runes: prefix, fold }, suffix] });
    }
    start = i;
    prefix = runes;
    fold = leading?.fold ?? false;
  }
  return out;
}

function leadingLiteral(node: RegexNode): { readonly runes: readonly number[]; readonly fold: boolean } | undefined {
  const first = node.kind === 'concat' ? node.subs[0] : node;
  return first?.kind === 'literal' ? first : { runes: [], fold: false };
}

function withoutLeadingLiteral(node: RegexNode, length: number): RegexNode {
  if (node.kind === 'concat') {
    const first = withoutLeadingLiteral(node.subs[0] ?? emptyNode, length);
    const rest = node.subs.slice(1);
    if (first.kind !== 'empty') return { kind: 'concat', subs: [first, ...rest] };
    return rest.length === 0 ? emptyNode : rest.length === 1 ? rest[0]! : { kind: 'concat', subs: rest };
  }
  if (node.kind !== 'literal') return node;
  return node.runes.length <= length ? emptyNode : { kind: 'literal', runes: node.runes.slice(length), fold: node.fold };
}

function factorClasses(subs: readonly RegexNode[]): RegexNode[] {
  const out: RegexNode[] = [];
  let start = 0;
  let first: RegexNode | undefined;
  for (let i = 0; i <= subs.length; i++) {
    const leading = i < subs.length ? leadingNode(subs[i]!) : undefined;
    if (first !== undefined && leading !== undefined && sameNode(first, leading) && isFixedClass(first)) continue;
    if (i === start + 1) out.push(subs[start]!);
    else if (i > start && first !== undefined) {
      const suffix = alternateNode(subs.slice(start, i).map(withoutLeadingNode));
      out.push({ kind: 'concat', subs: [first, suffix] });
    }
    start = i;
    first = leading;
  }
  return out;
}

function leadingNode(node: RegexNode): RegexNode | undefined {
  if (node.kind === 'empty') return undefined;
  if (node.kind !== 'concat') return node;
  const first = node.subs[0];
  return first === undefined || first.kind === 'empty' ? undefined : first;
}

function withoutLeadingNode(node: RegexNode): RegexNode {
  if (node.kind !== 'concat') return emptyNode;
  const rest = node.subs.slice(1);
  return rest.length === 0 ? emptyNode : rest.length === 1 ? rest[0]! : { kind: 'concat', subs: rest };
}

function isFixedClass(node: RegexNode): boolean {
  return isOneRune(node) || (node.kind === 'repeat' && node.counted && node.min === node.max && isOneRune(node.sub));
}

function sameNode(a: RegexNode, b: RegexNode): boolean {
  if (a.kind === 'repeat' && b.kind === 'repeat') {
    return a.min === b.min && a.max === b.max && a.greedy === b.greedy && a.counted === b.counted && sameNode(a.sub, b.sub);
  }
  return a.kind === b.kind && isOneRune(a) && isOneRune(b) && sameRanges(rangesOf(a), rangesOf(b));
}

function joinClasses(subs: readonly RegexNode[]): RegexNode[] {
  const out: RegexNode[] = [];
  for (let i = 0; i < subs.length; i++) {
    let end = i;
    while (end < subs.length && isOneRune(subs[end]!)) end++;
    if (end > i + 1) {
      out.push(joinRunes(subs.slice(i, end)));
      i = end - 1;
    } else out.push(subs[i]!);
  }
  return out;
}

/** One class for several nodes of one code point each. Equal literals stay a literal. */
export function joinRunes(nodes: readonly RegexNode[]): RegexNode {
  const [first] = nodes;
  if (first?.kind === 'literal' && nodes.every((node) => node.kind === 'literal' && node.fold === first.fold && node.runes[0] === first.runes[0])) return first;
  const joined = classNode(cleanRanges(nodes.flatMap((node) => [...rangesOf(node)])));
  // Go leaves a joined set a class even where it is a case pair: only what is pushed as a class becomes a literal.
  return joined.kind === 'literal' ? { kind: 'class', ranges: rangesOf(joined) } : joined;
}

function joinEmpty(subs: readonly RegexNode[]): RegexNode[] {
  return subs.filter((node, i) => !(node.kind === 'empty' && subs[i + 1]?.kind === 'empty'));
}
