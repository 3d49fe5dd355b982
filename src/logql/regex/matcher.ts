import type { RegexNode } from './ast.ts';
import { CaptureFinder } from './captures.ts';
import { Dfa } from './dfa.ts';
import { requiredLiterals, type RequiredLiterals } from './literals.ts';
import { compileProgram, type RegexProgram } from './program.ts';
import { parseRegex, type ParsedRegex } from './syntax.ts';

/** How a pattern is to be compiled. */
export interface RegexOptions {
  /** The whole subject must match. */
  readonly anchored?: boolean;
  /** Start with `(?s)`: `.` takes newlines too, as in stream selectors. */
  readonly dotNewline?: boolean;
  /** Start with `(?i)`. */
  readonly caseInsensitive?: boolean;
}

/**
 * A compiled pattern over bytes that are meant to be UTF-8; a byte that is not counts as one U+FFFD, as in Go. Decides in time linear in the
 * subject for every pattern.
 */
export interface ByteMatcher {
  readonly pattern: string;
  /** Names of the groups from 1 on, "" where one has none. */
  readonly names: readonly string[];
  /** Texts that every match holds one of; null where nothing is known. */
  readonly literals: RequiredLiterals | null;
  /** Whether bytes[from … to) matches. */
  matches(bytes: Uint8Array, from: number, to: number): boolean;
  /** Whether the string matches. */
  matchesText(text: string): boolean;
  /**
   * Searches bytes[from … to) from `at` on and tells where groups lie: entry 2g is the start of group g and 2g + 1 its end, -1 where it took
   * no part. The answer is overwritten by the next call. Null where nothing matches.
   */
  find(bytes: Uint8Array, from: number, to: number, at?: number): Int32Array | null;
}

/** Compiles RE2 syntax. Throws RegexSyntaxError with the words of Go's regexp package. */
export function compileRegex(pattern: string, options: RegexOptions = {}): ByteMatcher {
  const source = options.caseInsensitive === true ? `(?i)${pattern}` : pattern;
  return compileTree(pattern, parseRegex(source, options.dotNewline ?? false), options.anchored ?? false);
}

/** Compiles a tree that was parsed before. */
export function compileTree(pattern: string, parsed: ParsedRegex, anchored = false): ByteMatcher {
  const root: RegexNode = anchored
    ? { kind: 'concat', subs: [{ kind: 'assertion', at: 'begin_text' }, parsed.root, { kind: 'assertion', at: 'end_text' }] }
    : parsed.root;
  return new CompiledRegex(pattern, parsed.names, root);
}

class CompiledRegex implements ByteMatcher {
  readonly pattern: string;
  readonly names: readonly string[];
  readonly literals: RequiredLiterals | null;
  readonly #program: RegexProgram;
  readonly #dfa: Dfa;
  #finder: CaptureFinder | undefined;

  constructor(pattern: string, names: readonly string[], root: RegexNode) {
    this.pattern = pattern;
    this.names = names;
    this.literals = requiredLiterals(root);
    this.#program = compileProgram(root, names.length, pattern);
    this.#dfa = new Dfa(this.#program);
  }

  matches(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#dfa.matches(bytes, from, to);
  }

  matchesText(text: string): boolean {
    return this.#dfa.matchesText(text);
  }

  find(bytes: Uint8Array, from: number, to: number, at = from): Int32Array | null {
    this.#finder ??= new CaptureFinder(this.#program);
    return this.#finder.find(bytes, from, to, at) ? this.#finder.slots : null;
  }
}
