import { RE2JS } from 're2js';

/** So much of a line is searched. */
const searchedBytes = 4096;

/**
 * A test for lines that match an RE2 pattern. V8's engine decides where the pattern means the same in both and cannot backtrack far; else re2js does, in linear time.
 * Throws re2js's syntax error for what is no pattern.
 */
export function startPattern(pattern: string): (bytes: Buffer, start: number, end: number) => boolean {
  const exact = RE2JS.compile(pattern);
  const quick = isPlain(pattern) ? new RegExp(pattern, 'u') : null;
  const text = (bytes: Buffer, start: number, end: number): string => bytes.toString('utf8', start, Math.min(end, start + searchedBytes));
  if (quick !== null) return (bytes, start, end) => quick.test(text(bytes, start, end));
  return (bytes, start, end) => exact.matcher(text(bytes, start, end)).find();
}

/**
 * Patterns of ASCII that begin with `^` and are literals, simple classes, `\d` and `\w`, each at most repeated a fixed number of times: both engines read them the same way, and there is
 * one way to match.
 */
function isPlain(pattern: string): boolean {
  return /^\^(?:(?:[A-Za-z0-9 _:,;<>=!@#%&"'~`/]|-|\\[dw.()[\]{}+*?|^$\\]|\[\^?(?:[A-Za-z0-9 _:,;.<>=!@#%/]|\\[dw]|[A-Za-z0-9]-[A-Za-z0-9])+\])(?:\{\d{1,2}\})?)+$/.test(pattern)
    && !/\[\^?[^\]]*[\\]/.test(pattern);
}
