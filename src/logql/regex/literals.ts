import type { RegexNode } from './ast.ts';
import { isOneRune, rangesOf } from './nodes.ts';
import { foldOrbit } from './unicode.ts';

/** Texts of which every match holds at least one, as latin-1 strings of their UTF-8 bytes. */
export interface RequiredLiterals {
  readonly texts: readonly string[];
  /** True where the case of ASCII letters does not matter. */
  readonly fold: boolean;
  /**
   * True where under `fold` a text has k or s, which equal U+212A and U+017F without case: the texts are required only of subjects
   * that hold neither of these.
   */
  readonly foldsWide: boolean;
}

/** One text; a longer one never stands for a shorter one. */
interface Text {
  readonly bytes: string;
  readonly fold: boolean;
}

/** What is known of a node: all it can match (if that is little), and the best set of texts that one of must occur. */
interface Knowledge {
  readonly exact: readonly Text[] | null;
  readonly required: readonly Text[] | null;
}

const exactMax = 24;
const lengthMax = 64;

/** The texts that a line must hold for the pattern to have any chance; null where there are none worth searching for. */
export function requiredLiterals(root: RegexNode): RequiredLiterals | null {
  const best = bestOf(know(root, 0));
  if (best === null || best.some((text) => text.bytes.length < 2)) return null;
  const fold = best.some((text) => text.fold);
  const texts = [...new Set(best.map((text) => (fold ? text.bytes.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.bytes)))];
  return { texts, fold, foldsWide: best.some((text) => text.fold && /[ks]/i.test(text.bytes)) };
}

function bestOf(knowledge: Knowledge): readonly Text[] | null {
  return better(knowledge.exact, knowledge.required);
}

/** The set with the longer shortest text; of equals the smaller one. */
function better(a: readonly Text[] | null, b: readonly Text[] | null): readonly Text[] | null {
  if (a === null || b === null) return a ?? b;
  return worth(b) > worth(a) ? b : a;
}

function worth(texts: readonly Text[]): number {
  if (texts.length === 0) return 0;
  return Math.min(12, Math.min(...texts.map((text) => text.bytes.length))) - texts.length / 8;
}

const nothing: Knowledge = { exact: null, required: null };

function know(node: RegexNode, depth: number): Knowledge {
  if (depth > 200) return nothing;
  if (node.kind === 'empty' || node.kind === 'assertion') return { exact: [{ bytes: '', fold: false }], required: null };
  if (node.kind === 'literal') return knowLiteral(node.runes, node.fold);
  if (node.kind === 'class') return knowClass(node);
  if (node.kind === 'capture') return know(node.sub, depth + 1);
  if (node.kind === 'concat') return knowConcat(node.subs.map((sub) => know(sub, depth + 1)));
  if (node.kind === 'alternate') return knowAlternate(node.subs.map((sub) => know(sub, depth + 1)));
  if (node.kind !== 'repeat' || node.min === 0) return nothing;
  const sub = know(node.sub, depth + 1);
  return node.min === 1 && node.max === 1 ? sub : { exact: null, required: bestOf(sub) };
}

function bytesOf(rune: number): string {
  return Buffer.from(String.fromCodePoint(rune), 'utf8').toString('latin1');
}

/** U+FFFD also matches bytes that are no UTF-8, and lone surrogates match nothing: neither makes a text. */
function isPlain(rune: number): boolean {
  return rune !== 0xfffd && (rune < 0xd800 || rune > 0xdfff);
}

function knowLiteral(runes: readonly number[], fold: boolean): Knowledge {
  const pieces: Text[] = [];
  let current = '';
  let whole = true;
  for (const rune of runes) {
    if (isPlain(rune) && (!fold || rune < 0x80 || foldOrbit(rune).length === 1)) current += bytesOf(rune);
    else {
      whole = false;
      pieces.push({ bytes: current, fold });
      current = '';
    }
  }
  const last: Text = { bytes: current.slice(0, lengthMax), fold: fold && /[a-z]/i.test(current) };
  if (whole && current.length <= lengthMax) return { exact: [last], required: null };
  let best: readonly Text[] = [last];
  for (const piece of pieces) best = better(best, [piece]) ?? best;
  return { exact: null, required: best };
}

function knowClass(node: RegexNode): Knowledge {
  if (!isOneRune(node)) return nothing;
  const ranges = rangesOf(node);
  const exact: Text[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    for (let rune = ranges[i]!; rune <= ranges[i + 1]!; rune++) {
      if (exact.length >= 4 || !isPlain(rune)) return nothing;
      exact.push({ bytes: bytesOf(rune), fold: false });
    }
  }
  return { exact, required: null };
}

function knowConcat(parts: readonly Knowledge[]): Knowledge {
  let exact: readonly Text[] | null = [{ bytes: '', fold: false }];
  let run: readonly Text[] | null = exact;
  let best: readonly Text[] | null = null;
  for (const part of parts) {
    const joined: readonly Text[] | null = run === null || part.exact === null ? null : cross(run, part.exact);
    if (joined !== null) {
      run = joined;
      continue;
    }
    exact = null;
    best = better(better(best, run), part.required);
    run = part.exact;
  }
  if (exact !== null) return { exact: run, required: null };
  return { exact: null, required: better(best, run) };
}

function cross(a: readonly Text[], b: readonly Text[]): readonly Text[] | null {
  if (a.length * b.length > exactMax) return null;
  const out: Text[] = [];
  for (const left of a) {
    for (const right of b) {
      if (left.bytes.length + right.bytes.length > lengthMax) return null;
      out.push({ bytes: left.bytes + right.bytes, fold: left.fold || right.fold });
    }
  }
  return out;
}

function knowAlternate(parts: readonly Knowledge[]): Knowledge {
  const exact: Text[] = [];
  const required: Text[] = [];
  let allExact = true;
  for (const part of parts) {
    const best = bestOf(part);
    if (best === null) return nothing;
    required.push(...best);
    if (part.exact === null) allExact = false;
    else exact.push(...part.exact);
  }
  return {
    exact: allExact && exact.length <= exactMax ? exact : null,
    required: required.length <= exactMax ? required : null,
  };
}
