import { compileRegex } from '../../src/logql/regex/mod.ts';

/** Longest pattern, grok patterns expanded. */
export const patternLengthMax = 32_768;
/** Groups of a pattern. */
export const groupsMax = 200;
/** So much of a line is searched. */
export const searchedBytesMax = 32 * 1024;
/** A regular expression (RE2 syntax) that finds groups in lines, in time linear in the line. */
export interface CapturePattern {
  /** Name of each group, from group 1 on; '' where it has none. */
  readonly names: readonly string[];
  /** Searches bytes[start … end). Where it finds a match: group g stands at 2g and 2g + 1 of the answer, -1 where it took no part; valid until the next call. */
  find(bytes: Buffer, start: number, end: number): Int32Array | null;
}

/** Compiles a pattern. Throws an error that says what is wrong with it. */
export function compileCapture(pattern: string): CapturePattern {
  if (pattern.length > patternLengthMax) throw new Error(`the pattern is longer than ${patternLengthMax} characters`);
  const matcher = compileRegex(pattern);
  if (matcher.names.length > groupsMax) throw new Error(`the pattern has more than ${groupsMax} groups`);
  return {
    names: matcher.names,
    // Whether there is a match at all is told many times faster than where its groups are.
    find: (bytes, start, lineEnd) => {
      const end = Math.min(lineEnd, start + searchedBytesMax);
      return matcher.matches(bytes, start, end) ? matcher.find(bytes, start, end) : null;
    },
  };
}
