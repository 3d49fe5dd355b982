import { RE2JS } from 're2js';
import { z } from 'zod';
import { parseConfigSize, parseDuration, reasonOf } from '../../src/model/mod.ts';

/** How lines of a container or a file become one entry. */
export interface MultilineOptions {
  /** `auto`: stack traces of the usual languages; `pattern`: each line that matches `start` begins an entry; `off`: lines stay lines. */
  readonly mode: 'auto' | 'off' | 'pattern';
  /** RE2 syntax, searched for in the line's first 4 KiB. */
  readonly start?: string | undefined;
  /** Lines of one entry; what comes beyond is another entry, and both are marked. */
  readonly maxLines: number;
  /** Bytes of one entry, newlines included. */
  readonly maxBytes: number;
  /** An entry ends where the next line is later by more than this, and when nothing came for so long. */
  readonly waitMs: number;
}

/** What holds where nothing is set. */
export const multilineDefaults: MultilineOptions = { mode: 'auto', maxLines: 1000, maxBytes: 256 * 1024, waitMs: 1000 };

/** Longest pattern. */
export const startPatternLengthMax = 1000;

const rows = z.strictObject({
  mode: z.enum(['auto', 'off', 'pattern']).optional(),
  start: z.string().min(1).max(startPatternLengthMax).optional(),
  max_lines: z.number().int().min(2).max(10_000).default(multilineDefaults.maxLines),
  max_bytes: z.union([z.string(), z.number()]).default(multilineDefaults.maxBytes),
  wait: z.union([z.string(), z.number()]).default('1s'),
});

/** `multiline: {mode, start, max_lines, max_bytes, wait}`, or the mode alone. `start` without a mode is `pattern`. */
export const multilineSchema = z.union([z.enum(['auto', 'off']).transform((mode) => ({ mode })), z.looseObject({})]).pipe(rows).transform((value, context): MultilineOptions => {
  const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  const { start, max_lines: maxLines } = value;
  const mode = value.mode ?? (start === undefined ? 'auto' : 'pattern');
  if (mode === 'pattern' && start === undefined) issue('start', 'is needed with mode: pattern');
  if (mode !== 'pattern' && start !== undefined) issue('start', `means nothing with mode: ${mode}`);
  if (start !== undefined) {
    try {
      RE2JS.compile(start);
    } catch (error) {
      issue('start', `${JSON.stringify(start)} is no regular expression: ${reasonOf(error)}`);
    }
  }
  const maxBytes = parseConfigSize(String(value.max_bytes)) ?? Number.NaN;
  if (!(maxBytes >= 1024 && maxBytes <= 16 * 2 ** 20)) issue('max_bytes', `${JSON.stringify(value.max_bytes)} is no size from 1KB to 16MB`);
  const waitNs = parseDuration(String(value.wait));
  const waitMs = waitNs === undefined ? Number.NaN : Number(waitNs) / 1e6;
  if (!(waitMs >= 10 && waitMs <= 60_000)) issue('wait', `${JSON.stringify(value.wait)} is no duration from 10ms to 1m`);
  return { mode, start, maxLines, maxBytes, waitMs };
});
