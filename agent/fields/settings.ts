import type { FieldDefaults, ParseRule } from '../config/parse.ts';
import { AutoFields } from './auto.ts';
import { compileCapture } from './capture.ts';
import { compileGrok } from './grok.ts';
import { JsonFields } from './json.ts';
import { levelFields, scaleOf, type LevelName, type LevelScale } from './levels.ts';
import { LogfmtFields } from './logfmt.ts';
import { FieldNames } from './names.ts';
import { isHighCardinality } from './names-refused.ts';
import { fieldsOfGroups, RegexFields } from './regex.ts';
import { FieldTable, type FieldParser } from './table.ts';
import { timeReader, zoneOf, type TimeReader } from './time-layouts.ts';
import { traceFields } from './trace-id.ts';

/** Where a label or a pair of metadata comes from: the level or trace ID that were found, or a field. */
export type ValueSource = { readonly kind: 'level' } | { readonly kind: 'trace' } | { readonly kind: 'field'; readonly node: number };

/** What is made of the lines of the containers that one rule is for, ready to use. It holds the table that all of them share: lines are read one at a time. */
export interface FieldSettings {
  readonly format: ParseRule['format'];
  /** Null for `none`. */
  readonly table: FieldTable | null;
  readonly levels: readonly { readonly node: number; readonly scale: LevelScale }[];
  /** Words that the rule gives a level of its own; null where it gives none. */
  readonly levelMap: ReadonlyMap<string, LevelName> | null;
  readonly traces: readonly number[];
  readonly time: { readonly nodes: readonly number[]; readonly read: TimeReader } | null;
  /** Sorted by name. */
  readonly labels: readonly { readonly name: string; readonly source: ValueSource }[];
  /** Sorted by name; those that are labels are left out. */
  readonly metadata: readonly { readonly name: string; readonly source: ValueSource }[];
}

/** Compiles a rule that the schema checked. `warnings` takes what was refused. */
export function compileSettings(rule: ParseRule, defaults: FieldDefaults, warnings: string[]): FieldSettings {
  const names = new FieldNames();
  const nodes = (list: readonly string[]): number[] => list.map((name) => names.add(name)).filter((node) => node >= 0);
  const levels = (rule.level.from ?? levelFields).map((name) => ({ node: names.add(name), scale: scaleOf(name) })).filter(({ node }) => node >= 0);
  const traces = nodes(rule.trace.from ?? traceFields);
  const time = rule.time === undefined ? null : { nodes: nodes(rule.time.from), read: timeReader(rule.time.format, zoneOf(rule.time.zone) ?? 0) };
  const source = (field: string): ValueSource =>
    field === 'level' ? { kind: 'level' } : field === 'trace_id' ? { kind: 'trace' } : { kind: 'field', node: names.add(field) };
  const labels = new Map(Object.entries(rule.labels ?? defaults.labels));
  const metadata = new Map(Object.entries(rule.metadata ?? defaults.metadata));
  for (const [label, field] of labels) {
    if (!isHighCardinality(field) && !isHighCardinality(label)) continue;
    labels.delete(label);
    metadata.set(label, field);
    warnings.push(`${label} (from the field ${field}) is no label: nearly every line would be a stream of its own; it is structured metadata instead`);
  }
  for (const label of labels.keys()) metadata.delete(label);
  const sorted = (map: ReadonlyMap<string, string>): { readonly name: string; readonly source: ValueSource }[] =>
    Array.from(map, ([name, field]) => ({ name, source: source(field) })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const parser = makeParser(rule, names);
  return {
    format: rule.format, table: parser === null ? null : new FieldTable(parser), levels, traces, time,
    levelMap: Object.keys(rule.level.map).length === 0 ? null : new Map(Object.entries(rule.level.map).map(([word, level]) => [word.toLowerCase(), level])),
    labels: sorted(labels), metadata: sorted(metadata),
  };
}

function makeParser(rule: ParseRule, names: FieldNames): FieldParser | null {
  switch (rule.format) {
    case 'auto': return new AutoFields(names);
    case 'json': return new JsonFields(names);
    case 'logfmt': return new LogfmtFields(names);
    case 'none': return null;
    case 'regex': {
      const pattern = compileCapture(rule.pattern ?? '');
      return new RegexFields(names, pattern, fieldsOfGroups(pattern.names, new Map(Object.entries(rule.types))));
    }
    case 'grok': {
      const { pattern, fields } = compileGrok(rule.pattern ?? '', new Map(Object.entries(rule.patterns)));
      return new RegexFields(names, pattern, fields.map((field) => ({ ...field, type: rule.types[field.name] ?? field.type })));
    }
  }
}
