import type { GoTime } from './time.ts';

/**
 * Values inside a template, by their Go type: string, int (bigint), float64 (number), bool, time.Time, named integers (Month, Weekday),
 * map[string]any (Map), []any (array), nil (null), "no value" (undefined). The labels are the template's dot.
 */
export type GoValue = string | bigint | number | boolean | GoTime | NamedInteger | LabelsValue | ReadonlyMap<string, GoValue> | readonly GoValue[] | null | undefined;

/** An integer that prints as a name, as time.Month does. */
export class NamedInteger {
  readonly value: bigint;
  readonly name: string;
  readonly type: string;

  constructor(type: string, value: bigint, name: string) {
    this.type = type;
    this.value = value;
    this.name = name;
  }
}

/** Go's int64, which is another type than int: what takes an int refuses it. */
export function int64(value: bigint): NamedInteger {
  return new NamedInteger('int64', value, String(value));
}

/** The labels of a row as a map[string]string: a missing one is "". */
export interface LabelsValue {
  readonly kind: 'labels';
  get(name: string): string | undefined;
  /** All labels, sorted by name. */
  entries(): readonly (readonly [string, string])[];
}

export function isLabels(value: GoValue): value is LabelsValue {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'labels';
}

export function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

export function isMap(value: GoValue): value is ReadonlyMap<string, GoValue> {
  return value instanceof Map;
}

/** Go's name of the value's type. */
export function typeName(value: GoValue): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof NamedInteger) return value.type;
  if (isList(value)) return '[]interface {}';
  if (isMap(value)) return 'map[string]interface {}';
  return isLabels(value) ? 'map[string]string' : 'time.Time';
}

/** Go's template truth: not the zero value, not empty. */
export function isTrue(value: GoValue): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === 0n || value === false) return false;
  if (typeof value === 'number') return value !== 0;
  if (value instanceof NamedInteger) return value.value !== 0n;
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return !isLabels(value) || value.entries().length > 0;
}

/** Keys of a map in the order in which Go prints and ranges over them. */
export function sortedKeys(map: ReadonlyMap<string, GoValue>): string[] {
  return [...map.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** What json.Unmarshal makes of a text into an interface; null where it is no JSON. */
export function fromJson(text: string): GoValue {
  try {
    return fromParsed(JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

function fromParsed(value: unknown): GoValue {
  if (Array.isArray(value)) return value.map(fromParsed);
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([key, member]) => [key, fromParsed(member)]));
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** An error that a function or the template engine gives while it runs. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}
