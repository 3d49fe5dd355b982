import { describe, expect, it } from 'vitest';
import { checkBlocked, checkEnabled, checkEntries, checkMatchers, checkRequiredMatchers } from '../../../src/logql/plan/query-limits.ts';
import { parseQuery } from '../../../src/logql/mod.ts';
import { defaultLimits, isSpoorError, type BlockedQuery, type Limits } from '../../../src/model/mod.ts';

function refusal(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (isSpoorError(error)) return `${error.status} ${error.message}`;
    throw error;
  }
}

function of(own: Partial<Limits>): Limits {
  return { ...defaultLimits, ...own };
}

describe('limits of a query', () => {
  it('counts the rows that a log query asks for', () => {
    const limits = of({ max_entries_limit_per_query: 30 });
    expect(refusal(() => checkEntries(parseQuery('{a="b"}'), 31, limits))).toBe('400 max entries limit per query exceeded, limit > max_entries_limit_per_query (31 > 30)');
    expect(refusal(() => checkEntries(parseQuery('{a="b"}'), 30, limits))).toBeNull();
    expect(refusal(() => checkEntries(parseQuery('count_over_time({a="b"}[1m])'), 31, limits))).toBeNull();
    expect(refusal(() => checkEntries(parseQuery('{a="b"}'), 31, of({ max_entries_limit_per_query: 0 })))).toBeNull();
  });

  it('wants matchers, in every selector', () => {
    const limits = of({ required_labels: ['app', 'env'], minimum_labels_number: 3 });
    expect(refusal(() => checkRequiredMatchers(parseQuery('{env="x", pod="y"}'), limits))).toBe('400 stream selector is missing required matchers [app], labels present in the query were [env, pod]');
    expect(refusal(() => checkRequiredMatchers(parseQuery('{pod="y"}'), limits))).toBe('400 stream selector is missing required matchers [app, env], labels present in the query were [pod]');
    expect(refusal(() => checkRequiredMatchers(parseQuery('{env="x", app!="y"}'), limits))).toBe(
      '400 stream selector has less label matchers than required: (present: [env, app], number_present: 2, required_number_label_matchers: 3)',
    );
    const full = 'sum(rate({app="x", env="y", pod="z"}[1m]))';
    expect(refusal(() => checkRequiredMatchers(parseQuery(`${full} / sum(rate({app="x"}[1m]))`), limits))).toContain('missing required matchers [env]');
    expect(refusal(() => checkRequiredMatchers(parseQuery(full), limits))).toBeNull();
  });

  it('counts matchers', () => {
    expect(refusal(() => checkMatchers(parseQuery('{a="1", b="2"}'), of({ max_streams_matchers_per_query: 1 })))).toBe('400 max streams matchers per query exceeded, matchers-count > limit (2 > 1)');
    expect(refusal(() => checkMatchers(parseQuery('{a="1", b="2"}'), of({ max_streams_matchers_per_query: 0 })))).toBeNull();
  });

  it('switches queries off', () => {
    expect(refusal(() => checkEnabled(of({ tsdb_max_query_parallelism: 0 })))).toBe('429 querying is disabled, please contact your Loki operator');
    expect(refusal(() => checkEnabled(defaultLimits))).toBeNull();
  });
});

describe('checkBlocked', () => {
  const entry: BlockedQuery = { pattern: '', regex: false, types: [], hash: 0, tags: [] };

  it.each<[string, Partial<BlockedQuery>[], string, string, boolean]>([
    ['the same text', [{ pattern: ' {a="b"} ' }], '{a="b"}', '', true],
    ['another text', [{ pattern: '{a="c"}' }], '{a="b"}', '', false],
    ['a part of the text', [{ pattern: 'a' }], '{a="b"}', '', false],
    ['a regular expression finds a part', [{ pattern: 'a.*b', regex: true }], '{a="b"}', '', true],
    ['everything', [{}], '{a="b"}', '', true],
    ['of a kind', [{ types: ['metric'] }], 'rate({a="b"}[1m])', '', true],
    ['of another kind', [{ types: ['metric', 'filter'] }], '{a="b"}', '', false],
    ['a log query with a filter', [{ types: ['filter'] }], '{a="b"} |= "x"', '', true],
    ['a log query with a filter of labels', [{ types: ['filter'] }], '{a="b"} | json | x="y"', '', true],
    ['one without', [{ types: ['limited'] }], '{a="b"} | json', '', true],
    ['the first that fits decides', [{ pattern: '{a="b"}', types: ['metric'] }, {}], '{a="b"}', '', false],
    // FNV-1 of `a`.
    ['a hash', [{ hash: 0x050c5d7e, pattern: 'never' }], 'a', '', true],
    ['another hash', [{ hash: 1 }, {}], 'a', '', true],
    ['tags', [{ tags: [['Source', 'Grafana'], ['user', 'x']] }], '{a="b"}', 'source=grafana,USER=X,n=1', true],
    ['a tag that is missing', [{ tags: [['source', 'grafana'], ['user', 'x']] }], '{a="b"}', 'source=grafana', false],
    ['none', [], '{a="b"}', '', false],
  ])('%s', (_name, entries, text, tags, blocked) => {
    const expr = parseQuery(text === 'a' ? '{a="b"}' : text);
    const found = refusal(() => checkBlocked(expr, text, tags, of({ blocked_queries: entries.map((own) => ({ ...entry, ...own })) })));
    expect(found).toBe(blocked ? '400 query blocked by policy' : null);
  });
});
