import { parseSelector } from '../../logql/mod.ts';
import { parseRfc3339, reasonOf, type PolicySelector } from '../../model/mod.ts';
import type { Read } from './values.ts';

/** Reads policy_stream_mapping as Loki's configuration has it: lists of selector and priority, by policy. */
export function readPolicyMapping(raw: unknown): Read<ReadonlyMap<string, readonly PolicySelector[]>> {
  return readMapping(raw, (value) => {
    if (!Array.isArray(value)) return { wrong: 'must be a list of selector and priority' };
    const selectors: PolicySelector[] = [];
    for (const [i, entry] of value.entries()) {
      const one = readSelector(entry);
      if ('wrong' in one) return { wrong: `entry ${i + 1}: ${one.wrong}` };
      selectors.push(one.value);
    }
    return { value: selectors };
  });
}

function readSelector(entry: unknown): Read<PolicySelector> {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return { wrong: 'must be a mapping of selector and priority' };
  const given = new Map<string, unknown>(Object.entries(entry));
  for (const key of given.keys()) if (key !== 'selector' && key !== 'priority') return { wrong: `unknown key ${key}` };
  const selector = given.get('selector');
  const priority = given.get('priority') ?? 0;
  if (typeof selector !== 'string') return { wrong: 'selector must be a text such as {namespace="prod"}' };
  if (typeof priority !== 'number' || !Number.isSafeInteger(priority)) return { wrong: 'priority must be a whole number' };
  try {
    return { value: { selector, matchers: parseSelector(selector), priority } };
  } catch (error) {
    return { wrong: `selector: ${reasonOf(error)}` };
  }
}

/** Reads policy_enforced_labels and discover_generic_fields.fields: lists of names, by name. */
export function readNameLists(raw: unknown): Read<ReadonlyMap<string, readonly string[]>> {
  return readMapping(raw, (value) => {
    const list: unknown = typeof value === 'string' ? value.split(',').filter((item) => item !== '') : value;
    return Array.isArray(list) && list.every((item): item is string => typeof item === 'string') ? { value: list } : { wrong: 'must be a list of texts' };
  });
}

/** Reads discover_generic_fields: `{fields: {name: [names and paths]}}`. */
export function readGenericFields(raw: unknown): Read<ReadonlyMap<string, readonly string[]>> {
  if (raw === null || raw === undefined) return { value: new Map() };
  if (typeof raw !== 'object' || Array.isArray(raw)) return { wrong: 'must be a mapping with the key fields' };
  const given = new Map<string, unknown>(Object.entries(raw));
  for (const key of given.keys()) if (key !== 'fields') return { wrong: `unknown key ${key}` };
  const read = readNameLists(given.get('fields') ?? {});
  if ('wrong' in read) return { wrong: `fields: ${read.wrong}` };
  for (const name of read.value.keys()) if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) return { wrong: `fields: ${name} is no name of structured metadata` };
  return read;
}

/** Reads block_ingestion_policy_until: RFC 3339 times, as nanoseconds, by policy. */
export function readPolicyTimes(raw: unknown): Read<ReadonlyMap<string, bigint>> {
  return readMapping(raw, (value) => {
    if (value === 0 || value === '0' || value === '') return { value: 0n };
    const ns = value instanceof Date ? BigInt(value.getTime()) * 1_000_000n : parseRfc3339(String(value));
    return ns === undefined ? { wrong: 'must be an RFC 3339 time such as 2026-01-02T15:04:05Z' } : { value: ns };
  });
}

function readMapping<Value>(raw: unknown, readOne: (value: unknown) => Read<Value>): Read<ReadonlyMap<string, Value>> {
  if (raw === null || raw === undefined) return { value: new Map() };
  if (typeof raw !== 'object' || Array.isArray(raw)) return { wrong: 'must be a mapping' };
  const values = new Map<string, Value>();
  for (const [key, value] of Object.entries(raw)) {
    const one = readOne(value);
    if ('wrong' in one) return { wrong: `${key}: ${one.wrong}` };
    values.set(key, one.value);
  }
  return { value: values };
}
