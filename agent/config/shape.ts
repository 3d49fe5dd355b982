import { z } from 'zod';
import { compileRegex } from '../../src/logql/regex/mod.ts';
import { parseDuration, reasonOf } from '../../src/model/mod.ts';
import { levelNames } from '../fields/levels.ts';
import { durationUnits } from '../shape/duration.ts';
import { builtinRedactions, defaultRedactions, type BuiltinRedaction } from '../shape/redact/redactor.ts';
import { relabelActions } from '../shape/relabel.ts';
import { durationMs, fraction, size } from './quantities.ts';

const patternMax = 4096;

/** A regular expression in RE2 syntax. */
export const regexpText = z.string().min(1).max(patternMax).superRefine((value, context) => {
  try {
    compileRegex(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: reasonOf(error) });
  }
});
const level = z.enum(levelNames);
const listOf = <T extends z.ZodType>(item: T, max = 100) => z.union([item, z.array(item).min(1).max(max)]).transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]) as z.output<T>[]);
const text = z.string().max(4096);
const textCondition = z.union([
  text, z.array(text).min(1).max(1000), z.strictObject({ regexp: regexpText }), z.strictObject({ not: z.union([text, z.array(text).min(1).max(1000)]) }), z.strictObject({ present: z.boolean() }),
]);
const conditions = z.record(z.string().min(1).max(512), textCondition);

const matchKeys = {
  labels: conditions.optional(),
  fields: conditions.optional(),
  level: listOf(level).optional(),
  min_level: level.optional(),
  max_level: level.optional(),
  contains: listOf(text.min(1)).optional(),
  regexp: regexpText.optional(),
};

interface MatchRow {
  readonly labels?: z.output<typeof conditions> | undefined;
  readonly fields?: z.output<typeof conditions> | undefined;
  readonly level?: z.output<typeof level>[] | undefined;
  readonly min_level?: z.output<typeof level> | undefined;
  readonly max_level?: z.output<typeof level> | undefined;
  readonly contains?: string[] | undefined;
  readonly regexp?: string | undefined;
}

function matchOptions({ labels, fields, level: levels, min_level: minLevel, max_level: maxLevel, contains, regexp }: MatchRow) {
  return { labels, fields, level: levels, minLevel, maxLevel, contains, regexp };
}

/** Conditions on a line, as rules and tail-based sampling know them. */
export const matchSchema = z.strictObject(matchKeys).transform(matchOptions);

const name = z.string().regex(/^[a-zA-Z0-9_. -]{1,64}$/, 'a name of letters, digits, spaces, dots, dashes and underscores is needed');

/** `rules`: a list; the first that fits a line drops or keeps it. */
export const rulesSchema = z.array(z.strictObject({ name, action: z.enum(['drop', 'keep']), ...matchKeys }).transform((rule) => ({ name: rule.name, action: rule.action, ...matchOptions(rule) })))
  .max(1000)
  .superRefine((rules, context) => {
    const seen = new Set<string>();
    for (const [i, rule] of rules.entries()) {
      if (seen.has(rule.name)) context.addIssue({ code: 'custom', path: [i, 'name'], message: `there are two rules named ${JSON.stringify(rule.name)}` });
      seen.add(rule.name);
    }
  });

/** `relabel`: steps as in Prometheus' relabel_configs. */
export const relabelSchema = z.array(z.strictObject({
  action: z.enum(relabelActions).default('replace'),
  source_labels: z.array(z.string().min(1).max(512)).max(100).default([]),
  separator: z.string().max(64).default(';'),
  regex: regexpText.default('(.*)'),
  target_label: z.string().max(512).default(''),
  replacement: z.string().max(4096).default('$1'),
  modulus: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
}).superRefine((step, context) => {
  const needsTarget = ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'].includes(step.action);
  if (needsTarget && step.target_label === '') context.addIssue({ code: 'custom', path: ['target_label'], message: `is needed with action: ${step.action}` });
  if (step.action === 'hashmod' && step.modulus === 0) context.addIssue({ code: 'custom', path: ['modulus'], message: 'is needed with action: hashmod' });
}).transform((step) => ({
  action: step.action, sourceLabels: step.source_labels, separator: step.separator, regex: step.regex, targetLabel: step.target_label, replacement: step.replacement, modulus: step.modulus,
}))).max(1000);

const builtin = z.enum(builtinRedactions as [BuiltinRedaction, ...BuiltinRedaction[]]);

/** `redact`: what is built in, and patterns of one's own. `default`, `all`, `none`, or a list of names; `default` in a list stands for those that are on without being asked for. */
export const redactSchema = z.strictObject({
  builtin: z.union([z.enum(['default', 'all', 'none']), z.array(z.union([z.literal('default'), builtin]))]).default('default').transform((value): readonly BuiltinRedaction[] => {
    if (value === 'none') return [];
    if (value === 'all') return builtinRedactions;
    const list = value === 'default' ? [value] : value;
    const wanted = new Set(list.flatMap((entry): readonly BuiltinRedaction[] => (entry === 'default' ? defaultRedactions : [entry])));
    return builtinRedactions.filter((entry) => wanted.has(entry));
  }),
  patterns: z.array(z.strictObject({ name, pattern: regexpText, replacement: z.string().max(1000).optional() })).max(100).default([]),
});

const perSecond = z.number().positive().max(1e9);

/** `rate_limit`: what a pod may write. */
export const rateLimitSchema = z.strictObject({
  lines_per_second: perSecond.optional(),
  bytes_per_second: size(1, 2 ** 40, '0').optional(),
  burst_seconds: z.number().min(1).max(3600).default(10),
  marker_interval: durationMs(1000, '10s'),
}).transform((value) => ({
  linesPerSecond: value.lines_per_second, bytesPerSecond: value.bytes_per_second, burstSeconds: value.burst_seconds, markerIntervalMs: value.marker_interval,
}));

/** Fields that hold how long something took, as frameworks, proxies and loggers name them, with the unit of a bare number where the name does not say it. */
const usualDurationFields: Readonly<Record<string, string>> = {
  duration: 'ms', duration_ms: '', durationMs: '', duration_s: '', duration_seconds: '', duration_ns: '', latency: 'ms', latency_ms: '', latencyMs: '', elapsed: 'ms', elapsed_ms: '', elapsedMs: '',
  took: 'ms', took_ms: '', response_time: 'ms', response_time_ms: '', responseTime: 'ms', request_time: 's', upstream_response_time: 's', rt: 's', 'event.duration': 'ns', 'http.duration_ms': '',
};

const unit = z.enum(['auto', 'ns', 'us', 'ms', 's']);
const unitMs = (value: string): number => durationUnits[value] ?? 0;

const thresholdMs = z.union([z.literal('never'), z.string(), z.number()]).default('never').transform((value, context) => {
  if (value === 'never') return Number.POSITIVE_INFINITY;
  const ns = parseDuration(String(value));
  if (ns !== undefined && ns > 0n) return Number(ns) / 1e6;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is no duration (write 500ms, 2s, or never)` });
  return z.NEVER;
});

/** `sampling.tail`. */
const tailSchema = z.strictObject({
  window: durationMs(100, '30s'),
  fraction: fraction.default(0.1),
  errors: listOf(level).default(['error', 'critical', 'fatal']),
  slow: thresholdMs,
  duration_fields: z.record(z.string().min(1).max(512), unit).optional(),
  keep: z.array(matchSchema).max(100).default([]),
  memory_max: size(2 ** 20, 2 ** 34, '32MB'),
  traces_max: z.number().int().min(100).max(10_000_000).default(100_000),
  decisions_max: z.number().int().min(100).max(10_000_000).default(100_000),
}).transform((value) => ({
  windowMs: value.window, fraction: value.fraction, errorLevels: value.errors, slowMs: value.slow, keep: value.keep, bytesMax: value.memory_max, tracesMax: value.traces_max, decisionsMax: value.decisions_max,
  durationFields: Object.fromEntries(Object.entries(value.duration_fields ?? usualDurationFields).map(([field, fieldUnit]) => [field, unitMs(fieldUnit)])),
}));

/** `sampling`: fractions of lines that are kept. */
export const samplingSchema = z.strictObject({
  fraction: fraction.default(1),
  levels: z.partialRecord(level, fraction).default({}),
  traces: fraction.optional(),
  by: z.enum(['trace', 'line']).default('trace'),
  tail: tailSchema.optional(),
});

export type RulesConfig = z.output<typeof rulesSchema>;
export type RelabelConfig = z.output<typeof relabelSchema>;
export type RedactConfig = z.output<typeof redactSchema>;
export type RateLimitConfig = z.output<typeof rateLimitSchema>;
export type SamplingConfig = z.output<typeof samplingSchema>;
