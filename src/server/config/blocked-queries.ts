import { compileRegex, RegexSyntaxError } from '../../logql/mod.ts';
import { reasonOf, type BlockedQuery } from '../../model/mod.ts';
import type { Read } from './values.ts';

const keys = new Set(['pattern', 'regex', 'types', 'hash', 'tags']);
const types = new Set(['metric', 'filter', 'limited']);

/** Reads blocked_queries as Loki's configuration has them: a list of `{pattern, regex, types, hash, tags}`; types as a list or with commas between them. */
export function readBlockedQueries(raw: unknown): Read<readonly BlockedQuery[]> {
  if (raw === null) return { value: [] };
  if (!Array.isArray(raw)) return { wrong: 'must be a list of pattern, regex, types, hash and tags' };
  const read: BlockedQuery[] = [];
  for (const [i, entry] of raw.entries()) {
    const one = readOne(entry);
    if ('wrong' in one) return { wrong: `entry ${i + 1}: ${one.wrong}` };
    read.push(one.value);
  }
  return { value: read };
}

function readOne(entry: unknown): Read<BlockedQuery> {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return { wrong: 'must be a mapping' };
  const given = new Map<string, unknown>(Object.entries(entry));
  for (const key of given.keys()) if (!keys.has(key)) return { wrong: `unknown key ${key}` };
  const pattern = given.get('pattern') ?? '';
  const regex = given.get('regex') ?? false;
  const hash = given.get('hash') ?? 0;
  const listed = given.get('types') ?? [];
  const chosen: unknown = typeof listed === 'string' ? listed.split(',').filter((type) => type !== '') : listed;
  const tags: unknown = given.get('tags') ?? {};
  if (typeof pattern !== 'string') return { wrong: 'pattern must be a text' };
  if (typeof regex !== 'boolean') return { wrong: 'regex must be true or false' };
  if (typeof hash !== 'number' || !Number.isInteger(hash) || hash < 0 || hash > 0xffffffff) return { wrong: 'hash must be a whole number of 32 bits' };
  if (!Array.isArray(chosen) || !chosen.every((type): type is string => typeof type === 'string' && types.has(type))) return { wrong: 'types must be of metric, filter and limited' };
  if (typeof tags !== 'object' || tags === null || !Object.values(tags).every((value) => typeof value === 'string')) return { wrong: 'tags must be a mapping of texts' };
  try {
    if (regex) compileRegex(pattern);
  } catch (error) {
    if (error instanceof RegexSyntaxError) return { wrong: `pattern: ${reasonOf(error)}` };
    throw error;
  }
  return { value: { pattern, regex, types: chosen, hash, tags: Object.entries(tags as Record<string, string>) } };
}
