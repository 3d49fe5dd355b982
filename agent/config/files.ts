import { z } from 'zod';
import { reasonOf } from '../../src/model/mod.ts';
import { globLengthMax, parseGlob } from '../discover/glob.ts';
import { multilineSchema } from './multiline.ts';

/** Sources and patterns of one. */
const sourcesMax = 100;
const patternsMax = 100;

const glob = z.string().max(globLengthMax).transform((pattern, context) => {
  try {
    return parseGlob(pattern);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `${JSON.stringify(pattern)}: ${reasonOf(error)}` });
    return z.NEVER;
  }
});
const labels = z.record(
  z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'label names are letters, digits and underscores, and do not begin with a digit')
    .refine((name) => name !== 'filename' && name !== 'stream', 'filename and stream come from the file and cannot be set'),
  z.string(),
).default({});
const format = z.enum(['auto', 'cri', 'docker', 'raw']);

/** `files`: logs that are read by their paths. */
export const filesSchema = z.array(z.strictObject({
  paths: z.array(glob).min(1).max(patternsMax),
  exclude: z.array(glob).max(patternsMax).default([]),
  labels,
  format: format.default('auto'),
  multiline: multilineSchema.optional(),
  start_at: z.enum(['beginning', 'end']).optional(),
})).max(sourcesMax).default([]);

/** `stdin`: standard input as a log; `true` for one with nothing set. */
export const stdinSchema = z.union([z.literal(true).transform(() => ({})), z.looseObject({})]).pipe(z.strictObject({
  labels,
  format: format.default('raw'),
  multiline: multilineSchema.optional(),
}));
