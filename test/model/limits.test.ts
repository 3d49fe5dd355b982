import { expect, test } from 'vitest';
import { defaultLimits, limitSpecs } from '../../src/model/mod.ts';

test('every limit has a default of its kind and says what it is', () => {
  const kinds = { count: 'number', float: 'number', size: 'number', duration: 'bigint', time: 'bigint', flag: 'boolean', text: 'string', texts: 'object', blocked: 'object', lists: 'object', times: 'object', policies: 'object', otlp: 'object' };
  for (const [name, spec] of Object.entries(limitSpecs)) {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(typeof spec.default, name).toBe(kinds[spec.kind]);
    expect(spec.about, name).toMatch(/\w{3}/);
    expect(defaultLimits[name as keyof typeof limitSpecs], name).toBe(spec.default);
  }
});

// From Loki 3.x, pkg/validation/limits.go.
test("the defaults that people know are Loki's", () => {
  expect(defaultLimits).toMatchObject({
    ingestion_rate_mb: 4, ingestion_burst_size_mb: 6, max_line_size: 262_144, max_label_names_per_series: 15, max_label_name_length: 1024, max_label_value_length: 2048,
    max_global_streams_per_user: 5000, max_entries_limit_per_query: 5000, max_query_series: 500, creation_grace_period: 600_000_000_000n, reject_old_samples_max_age: 604_800_000_000_000n,
    max_query_length: 2_595_600_000_000_000n, query_timeout: 60_000_000_000n,
  });
});
