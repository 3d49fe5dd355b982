import { z } from 'zod';
import { reasonOf } from '../../src/model/mod.ts';
import { compileCapture, groupsMax, patternLengthMax } from '../fields/capture.ts';
import { compileGrok } from '../fields/grok.ts';
import { levelNames } from '../fields/levels.ts';
import { timeFormatFault, zoneOf } from '../fields/time-layouts.ts';

const globs = z.union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).min(1).max(100)]);
const fieldName = z.string().min(1).max(256);
const fieldNames = z.union([fieldName.transform((name) => [name]), z.array(fieldName).min(1).max(50)]);
const labelName = z.string().max(256).regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'label names are letters, digits and underscores, and do not begin with a digit');
/** Labels that come from the path. */
const pathLabels = new Set(['namespace', 'pod', 'container', 'stream', 'filename']);

/** `{label: field}`. */
export const labelsFromFields = z.record(labelName.refine((name) => !pathLabels.has(name), 'namespace, pod, container, stream and filename come from the path and cannot be set'), fieldName);
/** `[field, …]` or `{name: field}`. */
export const metadataFromFields = z.union([
  z.array(fieldName).max(100).transform((names) => Object.fromEntries(names.map((name) => [name.replaceAll(/[^a-zA-Z0-9_]+/g, '_'), name]))),
  z.record(labelName, fieldName),
]);

/** Formats that lines are taken apart by. */
export const parseFormats = ['auto', 'json', 'logfmt', 'regex', 'grok', 'none'] as const;
export type ParseFormat = (typeof parseFormats)[number];

const rows = z.strictObject({
  when: z.record(labelName, globs).default({}),
  format: z.enum(parseFormats).default('auto'),
  pattern: z.string().min(1).max(patternLengthMax).optional(),
  patterns: z.record(z.string().regex(/^[A-Za-z0-9_]{1,100}$/, 'names of patterns are letters, digits and underscores'), z.string().max(patternLengthMax)).default({}),
  types: z.record(fieldName, z.enum(['string', 'int', 'float', 'bool'])).default({}),
  level: z.strictObject({ from: fieldNames.optional(), map: z.record(z.string().max(100), z.enum(levelNames)).default({}) }).prefault({}),
  trace: z.strictObject({ from: fieldNames.optional() }).prefault({}),
  time: z.strictObject({
    from: fieldNames,
    format: z.string().max(100).default('auto'),
    zone: z.string().default('Z'),
  }).optional(),
  labels: labelsFromFields.optional(),
  metadata: metadataFromFields.optional(),
});

/** One rule: which containers it is for, how their lines are read, and what is made of the fields. */
export const parseRuleSchema = rows.superRefine((rule, context) => {
  const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: path.split('.'), message });
  const patterned = rule.format === 'regex' || rule.format === 'grok';
  if (patterned && rule.pattern === undefined) issue('pattern', `is needed with format: ${rule.format}`);
  if (!patterned && rule.pattern !== undefined) issue('pattern', `means nothing with format: ${rule.format}`);
  if (rule.pattern !== undefined && patterned) {
    const fault = patternFault(rule.format, rule.pattern, rule.patterns);
    if (fault !== undefined) issue('pattern', fault);
  }
  if (rule.time !== undefined) {
    const fault = timeFormatFault(rule.time.format);
    if (fault !== undefined) issue('time.format', fault);
    if (zoneOf(rule.time.zone) === undefined) issue('time.zone', `${JSON.stringify(rule.time.zone)} is no zone: Z, +01:00, -0530`);
  }
});

/** Why a pattern cannot be used; undefined where it can. */
export function patternFault(format: ParseFormat, pattern: string, own: Readonly<Record<string, string>>): string | undefined {
  try {
    const named = format === 'grok' ? compileGrok(pattern, new Map(Object.entries(own))).fields.length : compileCapture(pattern).names.filter((name) => name !== '').length;
    return named === 0 ? `names no field: write ${format === 'grok' ? '%{PATTERN:field}' : '(?P<field>…)'}, at most ${groupsMax}` : undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The keys `parse` and `fields` of the configuration. */
export const parseSettings = {
  parse: z.array(parseRuleSchema).max(200).default([]),
  fields: z.strictObject({
    labels: labelsFromFields.default({}),
    metadata: metadataFromFields.default({ trace_id: 'trace_id', level: 'level' }),
    label_values_max: z.number().int().min(1).max(10_000).default(50),
  }).prefault({}),
};

/** A checked rule. */
export type ParseRule = z.output<typeof parseRuleSchema>;
/** What is made of fields where a rule says nothing. */
export type FieldDefaults = z.output<typeof parseSettings.fields>;
