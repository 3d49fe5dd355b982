import { RE2JS, RE2JSSyntaxException } from 're2js';

/** The error of Go's regexp package for `pattern`, or null where it is a good RE2 expression. */
export function regexpError(pattern: string): string | null {
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error.message;
    throw error;
  }
}

/** Whether `pattern`, anchored on both sides, matches the empty text. */
export function matchesEmpty(pattern: string): boolean {
  return RE2JS.compile(`^(?:${pattern})$`, RE2JS.DOTALL).matches('');
}

/** The names of the pattern's groups, in order; '' for those without a name. */
export function groupNames(pattern: string): string[] {
  const compiled = RE2JS.compile(pattern);
  const names: string[] = Array.from({ length: compiled.groupCount() }, () => '');
  for (const [name, group] of Object.entries(compiled.namedGroups())) names[group - 1] = name;
  return names;
}
