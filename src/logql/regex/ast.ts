import type { RuneRanges } from './ranges.ts';

/**
 * A parsed regular expression, in the shape in which Go's regexp/syntax leaves it after parsing (literals joined, alternatives factored):
 * Loki decides from that shape how a filter is evaluated, so the shape is part of what a query means (see simplify.ts).
 */
export type RegexNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'no_match' }
  | RegexLiteral
  | RegexClass
  | { readonly kind: 'any' }
  | { readonly kind: 'any_not_newline' }
  | RegexAssertion
  | RegexCapture
  | RegexRepeat
  | RegexConcat
  | RegexAlternate;

/** Code points one after another; under `fold` each stands for its whole orbit and is the smallest of it. */
export interface RegexLiteral {
  readonly kind: 'literal';
  readonly runes: readonly number[];
  readonly fold: boolean;
}

export interface RegexClass {
  readonly kind: 'class';
  readonly ranges: RuneRanges;
}

export interface RegexAssertion {
  readonly kind: 'assertion';
  readonly at: 'begin_line' | 'end_line' | 'begin_text' | 'end_text' | 'word_boundary' | 'no_word_boundary';
}

export interface RegexCapture {
  readonly kind: 'capture';
  readonly index: number;
  readonly name: string;
  readonly sub: RegexNode;
}

/** `*` is 0 to -1, `+` 1 to -1, `?` 0 to 1; -1 is no upper bound. `counted` where it was written with braces. */
export interface RegexRepeat {
  readonly kind: 'repeat';
  readonly sub: RegexNode;
  readonly min: number;
  readonly max: number;
  readonly greedy: boolean;
  readonly counted: boolean;
}

export interface RegexConcat {
  readonly kind: 'concat';
  readonly subs: readonly RegexNode[];
}

export interface RegexAlternate {
  readonly kind: 'alternate';
  readonly subs: readonly RegexNode[];
}

export const emptyNode: RegexNode = { kind: 'empty' };

/** What Go's regexp.Compile answers for a bad pattern: `error parsing regexp: missing closing ): ` and the piece in backquotes. */
export class RegexSyntaxError extends Error {
  readonly problem: string;
  readonly piece: string;

  constructor(problem: string, piece: string) {
    super(`error parsing regexp: ${problem}: \`${piece}\``);
    this.name = 'RegexSyntaxError';
    this.problem = problem;
    this.piece = piece;
  }
}
