/** The four ways in which a selector compares a label. */
export type MatchOp = '=' | '!=' | '=~' | '!~';

/** One comparison of a selector. An absent label has the value "". Regular expressions are RE2 and anchored on both sides. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}
