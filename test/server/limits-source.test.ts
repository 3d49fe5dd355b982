import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/model/mod.ts';
import { ConfiguredLimits } from '../../src/server/limits-source.ts';

describe('ConfiguredLimits', () => {
  const limits = new ConfiguredLimits({ ...defaultLimits, max_query_series: 100 }, new Map([['a', { max_query_series: 7 }], ['b', { max_query_series: 0, max_entries_limit_per_query: 3 }]]));

  it('gives a tenant its own, and others the general ones', () => {
    expect(limits.forTenant('a').max_query_series).toBe(7);
    expect(limits.forTenant('x').max_query_series).toBe(100);
  });

  it('gives several tenants the strictest, the same each time', () => {
    expect([limits.forTenant('a|b').max_query_series, limits.forTenant('a|b').max_entries_limit_per_query]).toEqual([7, 3]);
    expect(limits.forTenant('b|x').max_query_series).toBe(100);
    expect(limits.forTenant('a|b')).toBe(limits.forTenant('a|b'));
    // Anybody can make up names: they are not kept for ever.
    for (let i = 0; i < 3000; i++) limits.forTenant(`a|x${i}`);
    expect(limits.forTenant('a|b').max_query_series).toBe(7);
  });
});
