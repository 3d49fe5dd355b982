import { limitSpecs, parseConfigSize, parseDuration, parsePrometheusDuration, parseRfc3339, type LimitName, type LimitSpec } from '../../model/mod.ts';
import { readBlockedQueries } from './blocked-queries.ts';
import { readGenericFields, readNameLists, readPolicyMapping, readPolicyTimes } from './ingestion-policies.ts';
import { readOtlpConfig } from './otlp-config.ts';
import type { SettingSpec } from './settings.ts';

/** A value, or what is wrong with it. */
export type Read<Value> = { readonly value: Value } | { readonly wrong: string };

/** Reads a setting as it stands in a file or an environment variable. */
export function readSetting(spec: SettingSpec, raw: unknown): Read<boolean | string | number> {
  switch (spec.kind) {
    case 'flag':
      return readFlag(raw);
    case 'text':
    case 'secret':
      return typeof raw === 'string' || typeof raw === 'number' ? { value: String(raw) } : { wrong: 'must be a text' };
    case 'address':
      if (raw === '' && spec.default === '') return { value: '' };
      return isAddress(raw) ? { value: raw } : { wrong: 'must be an address and a port such as 127.0.0.1:3100, [::1]:3100 or :3100' };
    case 'addresses': {
      const list = raw === null ? [] : typeof raw === 'string' ? raw.split(',').map((one) => one.trim()).filter((one) => one !== '') : raw;
      const wrong = 'must be addresses with ports such as 127.0.0.1:4317, with commas between them';
      return Array.isArray(list) && list.every(isAddress) ? { value: list.join(',') } : { wrong };
    }
    case 'choice':
      return typeof raw === 'string' && spec.choices.includes(raw) ? { value: raw } : { wrong: `must be one of ${spec.choices.join(', ')}` };
    case 'count': {
      const read = readNumber(raw, true);
      return 'wrong' in read || (read.value >= spec.min && read.value <= spec.max) ? read : { wrong: `must be from ${spec.min} to ${spec.max}` };
    }
    case 'size':
      return readSize(raw);
    case 'duration': {
      const ns = readDuration(raw);
      return 'wrong' in ns ? ns : { value: Number(ns.value) / 1e6 };
    }
  }
}

/** Reads one of Loki's limits. */
export function readLimit(name: LimitName, raw: unknown): Read<unknown> {
  const spec: LimitSpec = limitSpecs[name];
  switch (spec.kind) {
    case 'flag':
      return readFlag(raw);
    case 'count':
      return readNumber(raw, true);
    case 'float':
      return readNumber(raw, false);
    case 'size':
      return readSize(raw);
    case 'duration':
      return readDuration(raw);
    case 'time': {
      if (raw === 0 || raw === '0' || raw === '') return { value: 0n };
      const ns = raw instanceof Date ? BigInt(raw.getTime()) * 1_000_000n : parseRfc3339(String(raw));
      return ns === undefined ? { wrong: 'must be an RFC 3339 time such as 2026-01-02T15:04:05Z' } : { value: ns };
    }
    case 'text':
      return typeof raw === 'string' ? { value: raw } : { wrong: 'must be a text' };
    case 'texts': {
      const list = typeof raw === 'string' ? raw.split(',').filter((item) => item !== '') : raw;
      return Array.isArray(list) && list.every((item) => typeof item === 'string') ? { value: list } : { wrong: 'must be a list of texts' };
    }
    case 'otlp':
      return readOtlpConfig(raw);
    case 'lists':
      return name === 'discover_generic_fields' ? readGenericFields(raw) : readNameLists(raw);
    case 'times':
      return readPolicyTimes(raw);
    case 'policies':
      return readPolicyMapping(raw);
    case 'blocked':
      return readBlockedQueries(raw);
  }
}

function isAddress(raw: unknown): raw is string {
  const port = typeof raw === 'string' ? /^(?:[^:\s]*|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(raw)?.[1] : undefined;
  return port !== undefined && Number(port) <= 65_535;
}

function readFlag(raw: unknown): Read<boolean> {
  if (typeof raw === 'boolean') return { value: raw };
  if (raw === 'true' || raw === 'false') return { value: raw === 'true' };
  return { wrong: 'must be true or false' };
}

function readNumber(raw: unknown, whole: boolean): Read<number> {
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || (whole && !Number.isSafeInteger(value))) {
    return { wrong: whole ? 'must be a whole number, 0 or more' : 'must be a number, 0 or more' };
  }
  return { value };
}

function readSize(raw: unknown): Read<number> {
  const value = typeof raw === 'number' ? raw : typeof raw === 'string' ? parseConfigSize(raw) : undefined;
  return value === undefined || !Number.isSafeInteger(value) || value < 0 ? { wrong: 'must be a size such as 256KB or 4MB' } : { value };
}

function readDuration(raw: unknown): Read<bigint> {
  const text = raw === 0 ? '0s' : raw;
  const value = typeof text === 'string' ? (parseDuration(text) ?? parsePrometheusDuration(text)) : undefined;
  return value === undefined || value < 0n ? { wrong: 'must be a duration such as 30s, 1h or 1w' } : { value };
}
