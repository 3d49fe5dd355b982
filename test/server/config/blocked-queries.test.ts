import { describe, expect, it } from 'vitest';
import { readBlockedQueries } from '../../../src/server/config/blocked-queries.ts';
import { readConfiguration } from '../../../src/server/mod.ts';

describe('blocked_queries', () => {
  it('reads what Loki takes', () => {
    const text = `
limits_config:
  max_query_parallelism: 32
  blocked_queries:
    - pattern: '.*nginx.*'
      regex: true
      types: metric,filter
    - hash: 2943214005
      tags: {Source: grafana}
    - pattern: '{app="x"}'
      types: [limited]
overrides:
  team:
    blocked_queries: []
`;
    const { limits, overrides } = readConfiguration({ file: { name: 'x.yaml', text }, environment: {}, flags: {} });
    expect(limits.blocked_queries).toEqual([
      { pattern: '.*nginx.*', regex: true, types: ['metric', 'filter'], hash: 0, tags: [] },
      { pattern: '', regex: false, types: [], hash: 2943214005, tags: [['Source', 'grafana']] },
      { pattern: '{app="x"}', regex: false, types: ['limited'], hash: 0, tags: [] },
    ]);
    expect(overrides.get('team')?.blocked_queries).toEqual([]);
    expect(readBlockedQueries(null)).toEqual({ value: [] });
  });

  it.each<[unknown, string]>([
    ['x', 'must be a list of pattern, regex, types, hash and tags'],
    [['x'], 'entry 1: must be a mapping'],
    [[{}, { patern: 'x' }], 'entry 2: unknown key patern'],
    [[{ pattern: 1 }], 'entry 1: pattern must be a text'],
    [[{ regex: 'yes' }], 'entry 1: regex must be true or false'],
    [[{ pattern: '(', regex: true }], 'entry 1: pattern: '],
    [[{ types: 'metric,other' }], 'entry 1: types must be of metric, filter and limited'],
    [[{ hash: -1 }], 'entry 1: hash must be a whole number of 32 bits'],
    [[{ tags: { a: 1 } }], 'entry 1: tags must be a mapping of texts'],
  ])('refuses %j', (raw, wrong) => {
    const read = readBlockedQueries(raw);
    expect('wrong' in read && read.wrong).toContain(wrong);
  });
});
