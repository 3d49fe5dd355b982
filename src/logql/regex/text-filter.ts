import { RegexSyntaxError, type RegexNode } from './ast.ts';
import { compileTree, type ByteMatcher } from './matcher.ts';
import { parseRegex } from './syntax.ts';

/**
 * What a line filter or a string label filter asks of a text. Regular expressions are taken apart where Loki takes them apart, because that changes
 * answers: `level=~"err.*"` holds wherever "err" occurs, and `.*` as one of several alternatives is forgotten.
 */
export type TextFilter =
  | { readonly kind: 'true' }
  | { readonly kind: 'not_empty' }
  | { readonly kind: 'contains'; readonly text: string; readonly bytes: Buffer }
  | { readonly kind: 'equal'; readonly text: string; readonly bytes: Buffer }
  | { readonly kind: 'regex'; readonly matcher: ByteMatcher }
  | { readonly kind: 'custom'; readonly test: (bytes: Uint8Array, from: number, to: number) => boolean }
  | { readonly kind: 'or'; readonly left: TextFilter; readonly right: TextFilter }
  | { readonly kind: 'not'; readonly filter: TextFilter };

/** The filter of `|= text`; a text of no length is no filter. */
export function containsFilter(text: string): TextFilter {
  return text === '' ? { kind: 'true' } : { kind: 'contains', text, bytes: Buffer.from(text, 'utf8') };
}

export function equalFilter(text: string): TextFilter {
  return { kind: 'equal', text, bytes: Buffer.from(text, 'utf8') };
}

export function notFilter(filter: TextFilter): TextFilter {
  return { kind: 'not', filter };
}

/** Any of them, of which there is at least one; as in Loki one that always holds gives way to the others. The tree is as flat as can be: there may be thousands. */
export function anyFilter(filters: readonly TextFilter[]): TextFilter {
  const open = filters.filter(({ kind }) => kind !== 'true');
  return open.length === 0 ? { kind: 'true' } : halves(open, 0, open.length);
}

function halves(filters: readonly TextFilter[], from: number, to: number): TextFilter {
  if (to - from === 1) return filters[from]!;
  const middle = (from + to) >> 1;
  return { kind: 'or', left: halves(filters, from, middle), right: halves(filters, middle, to) };
}

/**
 * The filter of `|~ pattern`, or of `label=~pattern` (then anchored, where Loki leaves it so). Throws RegexSyntaxError.
 */
export function regexFilter(pattern: string, isLabel: boolean): TextFilter {
  const parsed = parseRegex(pattern);
  return new Simplifier(isLabel).simplify(parsed.root) ?? { kind: 'regex', matcher: compileTree(pattern, parsed, isLabel) };
}

/** Whether Loki needs a regular expression to decide `label=~pattern`: false where texts to search for do, and for bad patterns. */
export function regexStaysWhole(pattern: string): boolean {
  try {
    return new Simplifier(true).simplify(parseRegex(pattern).root) === null;
  } catch (error) {
    if (error instanceof RegexSyntaxError) return false;
    throw error;
  }
}

/** Whether bytes[from … to) passes. */
export function filterBytes(filter: TextFilter, bytes: Uint8Array, from: number, to: number): boolean {
  if (filter.kind === 'contains') {
    if (to - from < filter.bytes.length) return false;
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).includes(filter.bytes);
  }
  if (filter.kind === 'regex') return filter.matcher.matches(bytes, from, to);
  if (filter.kind === 'custom') return filter.test(bytes, from, to);
  if (filter.kind === 'or') return filterBytes(filter.left, bytes, from, to) || filterBytes(filter.right, bytes, from, to);
  if (filter.kind === 'not') return !filterBytes(filter.filter, bytes, from, to);
  if (filter.kind === 'equal') return sameBytes(filter.bytes, bytes, from, to);
  return filter.kind === 'true' || to > from;
}

function sameBytes(wanted: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[from + i] !== wanted[i]) return false;
  return true;
}

/** Whether the string passes. */
export function filterText(filter: TextFilter, text: string): boolean {
  if (filter.kind === 'equal') return text === filter.text;
  if (filter.kind === 'contains') return text.includes(filter.text);
  if (filter.kind === 'regex') return filter.matcher.matchesText(text);
  if (filter.kind === 'custom') {
    const bytes = Buffer.from(text, 'utf8');
    return filter.test(bytes, 0, bytes.length);
  }
  if (filter.kind === 'or') return filterText(filter.left, text) || filterText(filter.right, text);
  if (filter.kind === 'not') return !filterText(filter.filter, text);
  return filter.kind === 'true' || text !== '';
}

/** A literal with or without case, before it becomes a filter. */
interface Base {
  readonly runes: readonly number[];
  readonly fold: boolean;
}

class Simplifier {
  readonly #isLabel: boolean;

  constructor(isLabel: boolean) {
    this.#isLabel = isLabel;
  }

  simplify(node: RegexNode): TextFilter | null {
    if (node.kind === 'concat') return this.#concat(node.subs, null);
    if (node.kind === 'capture') return this.simplify(node.sub);
    if (node.kind === 'literal') return this.#isLabel ? equalTo(node) : containing(node);
    if (node.kind === 'empty') return { kind: 'true' };
    if (node.kind === 'repeat') {
      if (node.sub.kind !== 'any_not_newline' || node.max >= 0) return null;
      return node.min === 0 ? { kind: 'true' } : node.min === 1 ? { kind: 'not_empty' } : null;
    }
    if (node.kind !== 'alternate') return null;
    const filters: TextFilter[] = [];
    for (const sub of node.subs) {
      const next = this.simplify(uncaptured(sub));
      if (next === null) return null;
      filters.push(next);
    }
    return anyFilter(filters);
  }

  #concat(nodes: readonly RegexNode[], before: Base | null): TextFilter | null {
    const subs = nodes.map(uncaptured).filter((sub) => sub.kind !== 'empty');
    if (subs.length > 3) return null;
    let base = before;
    let fold = false;
    let literals = 0;
    let current: TextFilter | null = null;
    for (const sub of subs) {
      if (sub.kind === 'literal') {
        if (literals > 0) return null;
        literals++;
        fold = sub.fold;
        base = { runes: [...(base?.runes ?? []), ...sub.runes], fold };
      } else if (sub.kind === 'alternate' && base !== null) {
        current = this.#concatAlternate(sub.subs, { runes: base.runes, fold }, current);
        if (current === null) return null;
      } else if (!isDotStar(sub)) return null;
    }
    if (current !== null) return current;
    return base === null ? null : containing({ runes: base.runes, fold });
  }

  #concatAlternate(subs: readonly RegexNode[], base: Base, before: TextFilter | null): TextFilter | null {
    const found = before === null ? [] : [before];
    for (const sub of subs) {
      if (sub.kind === 'literal' && sub.fold && !base.fold) return null;
      if (sub.kind === 'empty' || isDotStar(sub)) found.push(containing(base));
      else if (sub.kind === 'literal') found.push(containing({ runes: [...base.runes, ...sub.runes], fold: base.fold }));
      else if (sub.kind === 'concat') {
        const filter = this.#concat(sub.subs, base);
        if (filter === null) return null;
        found.push(filter);
      } else return null;
    }
    return anyFilter(found);
  }
}

function uncaptured(node: RegexNode): RegexNode {
  return node.kind === 'capture' ? node.sub : node;
}

function isDotStar(node: RegexNode): boolean {
  return node.kind === 'repeat' && node.min === 0 && node.max < 0 && node.sub.kind === 'any_not_newline';
}

function containing(base: Base): TextFilter {
  if (base.runes.length === 0) return { kind: 'true' };
  if (base.fold) return foldedLiteral(base, false);
  return containsFilter(textOf(base));
}

function equalTo(base: Base): TextFilter {
  return base.fold ? foldedLiteral(base, true) : equalFilter(textOf(base));
}

function foldedLiteral(base: Base, anchored: boolean): TextFilter {
  const root: RegexNode = { kind: 'literal', runes: base.runes, fold: true };
  return { kind: 'regex', matcher: compileTree(textOf(base), { root, names: [] }, anchored) };
}

function textOf(base: Base): string {
  return String.fromCodePoint(...base.runes);
}
