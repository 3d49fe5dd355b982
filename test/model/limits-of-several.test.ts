import { describe, expect, it } from 'vitest';
import { defaultLimits, strictestLimits, type Limits } from '../../src/model/mod.ts';

function of(own: Partial<Limits>): Limits {
  return { ...defaultLimits, ...own };
}

describe('strictestLimits', () => {
  it('takes the smallest, and 0 as none where it means that', () => {
    const joined = strictestLimits(defaultLimits, [of({ max_query_series: 0, max_query_length: 10n, max_entries_limit_per_query: 9 }), of({ max_query_series: 7, max_query_length: 0n, max_entries_limit_per_query: 5 })]);
    expect([joined.max_query_series, joined.max_query_length, joined.max_entries_limit_per_query]).toEqual([7, 10n, 5]);
    expect(strictestLimits(defaultLimits, [of({ max_query_series: 0 }), of({ max_query_series: 0 })]).max_query_series).toBe(0);
  });

  it('takes 0 where that is a limit', () => {
    expect(strictestLimits(defaultLimits, [of({ tsdb_max_query_parallelism: 0 }), of({})]).tsdb_max_query_parallelism).toBe(0);
  });

  it('joins lists in the order of the tenants', () => {
    const blocked = (pattern: string): Limits['blocked_queries'] => [{ pattern, regex: false, types: [], hash: 0, tags: [] }];
    const joined = strictestLimits(defaultLimits, [of({ required_labels: ['b', 'a'], blocked_queries: blocked('x') }), of({ required_labels: ['c', 'a'], blocked_queries: blocked('y') })]);
    expect(joined.required_labels).toEqual(['b', 'a', 'c']);
    expect(joined.blocked_queries.map(({ pattern }) => pattern)).toEqual(['x', 'y']);
  });

  it('splits by the longest interval, or not at all, and leaves switches as they are in general', () => {
    expect(strictestLimits(defaultLimits, [of({ split_queries_by_interval: 5n }), of({ split_queries_by_interval: 9n })]).split_queries_by_interval).toBe(9n);
    expect(strictestLimits(defaultLimits, [of({ split_queries_by_interval: 5n }), of({ split_queries_by_interval: 0n })]).split_queries_by_interval).toBe(0n);
    expect(strictestLimits(defaultLimits, [of({ volume_enabled: false }), of({})]).volume_enabled).toBe(true);
  });
});
