import { SpoorError, type BlockedQuery, type Limits } from '../../model/mod.ts';
import { compileRegex } from '../regex/mod.ts';
import { walk, type Expr } from '../syntax/mod.ts';

/** Throws `max_entries_limit` where a log query asks for more rows than it may. */
export function checkEntries(expr: Expr, limit: number, limits: Limits): void {
  const max = limits.max_entries_limit_per_query;
  if (expr.kind === 'log_query' && max > 0 && limit > max) throw new SpoorError('max_entries_limit', { limit, max });
}

/** Throws `required_labels` and `minimum_labels_number` where a selector lacks matchers. */
export function checkRequiredMatchers(expr: Expr, limits: Limits): void {
  walk(expr, (e) => {
    if (e.kind === 'log_query') checkRequiredLabels(e.matchers.map(({ name }) => name), limits);
  });
}

/** The same for the names of one selector's matchers. */
export function checkRequiredLabels(names: readonly string[], limits: Limits): void {
  const present = names.join(', ');
  const missing = limits.required_labels.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new SpoorError('required_labels', { missing: missing.join(', '), present });
  const wanted = limits.minimum_labels_number;
  if (names.length < wanted) throw new SpoorError('minimum_labels_number', { present, count: names.length, limit: wanted });
}

/** Throws `max_streams_matchers` where a selector has more matchers than it may. */
export function checkMatchers(expr: Expr, limits: Limits): void {
  const max = limits.max_streams_matchers_per_query;
  walk(expr, (e) => {
    if (e.kind === 'log_query' && max > 0 && e.matchers.length > max) throw new SpoorError('max_streams_matchers', { count: e.matchers.length, limit: max });
  });
}

/** Throws `querying_disabled` where the tenant may ask nothing. */
export function checkEnabled(limits: Limits): void {
  if (limits.tsdb_max_query_parallelism === 0) throw new SpoorError('querying_disabled');
}

/** Throws `query_blocked` where blocked_queries says so. `tags` is X-Query-Tags: `name=value,…`. */
export function checkBlocked(expr: Expr, text: string, tags: string, limits: Limits): void {
  for (const entry of limits.blocked_queries) {
    if (entry.hash > 0 ? entry.hash !== hashQuery(text) : !fits(entry, text)) continue;
    const type = typeOf(expr);
    if ((entry.types.length === 0 || entry.types.includes(type)) && tagsFit(entry, tags)) throw new SpoorError('query_blocked');
    // The first entry that fits decides. Of several whose hash fits, too.
    return;
  }
}

function fits({ pattern, regex }: BlockedQuery, text: string): boolean {
  if (pattern === '') return true;
  if (!regex) return pattern.trim() === text.trim();
  const bytes = Buffer.from(text);
  return compileRegex(pattern).find(bytes, 0, bytes.length) !== null;
}

/** What Loki's metrics call the kinds of queries. */
function typeOf(expr: Expr): string {
  if (expr.kind !== 'log_query') return 'metric';
  return expr.stages.some((stage) => stage.kind === 'line_filter' || stage.kind === 'label_filter') ? 'filter' : 'limited';
}

function tagsFit({ tags: wanted }: BlockedQuery, tags: string): boolean {
  const given = new Map<string, string[]>();
  for (const tag of tags.split(',')) {
    const [name = '', value = '', more] = tag.split('=').filter((part) => part !== '');
    if (value !== '' && more === undefined) given.set(name.toLowerCase(), [...(given.get(name.toLowerCase()) ?? []), value.toLowerCase()]);
  }
  return wanted.every(([name, value]) => given.get(name.toLowerCase())?.includes(value.toLowerCase()) === true);
}

/** FNV-1, 32 bit. */
function hashQuery(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  return hash;
}
