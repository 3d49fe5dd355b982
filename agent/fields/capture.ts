import { CaptureFinder, compileProgram, parseRegex } from '../../src/logql/regex/mod.ts';

/** Longest pattern, grok patterns expanded. */
export const patternLengthMax = 32_768;
/** Groups of a pattern. */
export const groupsMax = 200;
/** So much of a line is searched. */
export const searchedBytesMax = 32 * 1024;
/** Marks (4 bytes each) that a search may hold; longer lines go to the way that holds none. */
const visitedMax = 250_000;

/** A regular expression (RE2 syntax) that finds groups in lines, in time linear in the line. */
export interface CapturePattern {
  /** Name of each group, from group 1 on; '' where it has none. */
  readonly names: readonly string[];
  /** Offsets of the last match: group g stands at 2g and 2g + 1, -1 where it took no part. */
  readonly slots: Int32Array;
  /** Searches bytes[start … end); sets slots. */
  find(bytes: Buffer, start: number, end: number): boolean;
}

/** Compiles a pattern. Throws an error that says what is wrong with it. */
export function compileCapture(pattern: string): CapturePattern {
  if (pattern.length > patternLengthMax) throw new Error(`the pattern is longer than ${patternLengthMax} characters`);
  const { root, names } = parseRegex(pattern);
  if (names.length > groupsMax) throw new Error(`the pattern has more than ${groupsMax} groups`);
  const finder = new CaptureFinder(compileProgram(root, names.length, pattern), visitedMax);
  return { names, slots: finder.slots, find: (bytes, start, end) => finder.find(bytes, start, Math.min(end, start + searchedBytesMax)) };
}
