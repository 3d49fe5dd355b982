import { compileMatcher, compileRegex, RegexSyntaxError } from '../regex/mod.ts';

/** The error of Go's regexp package for `pattern`, or null where it is a good RE2 expression. */
export function regexpError(pattern: string): string | null {
  try {
    compileRegex(pattern);
    return null;
  } catch (error) {
    if (error instanceof RegexSyntaxError) return error.message;
    throw error;
  }
}

/** Whether `pattern`, anchored on both sides, matches the empty text. */
export function matchesEmpty(pattern: string): boolean {
  return compileMatcher({ name: '', op: '=~', value: pattern }).matchesEmpty;
}

/** The names of the pattern's groups, in order; '' for those without a name. */
export function groupNames(pattern: string): readonly string[] {
  return compileRegex(pattern).names;
}
