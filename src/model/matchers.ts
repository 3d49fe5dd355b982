/** The four ways in which a selector compares a label. */
export type MatchOp = '=' | '!=' | '=~' | '!~';

/** One comparison of a selector. An absent label has the value "". Regular expressions are RE2 and anchored on both sides. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

/**
 * A matcher made ready, so that those who look for labels need no regular expression engine. Made by logql from a {@link Matcher}.
 * Where all values that decide are known, `exact` or `set` lists them: the matcher accepts exactly these (`=`, and `=~` with plain alternatives),
 * or exactly all others (`!=`, `!~`); which of the two, `matches` says of any of them.
 */
export interface CompiledMatcher {
  readonly name: string;
  /** Whether streams without the label are accepted: `matches('')`. */
  readonly matchesEmpty: boolean;
  /** The one value that decides. */
  readonly exact?: string;
  /** The values that decide, for `a|b|c`. */
  readonly set?: readonly string[];
  matches(value: string): boolean;
}
