import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/model/mod.ts';
import { readConfiguration } from '../../../src/server/config/read.ts';
import { printConfiguration } from '../../../src/server/print.ts';

const read = (text: string, environment: Readonly<Record<string, string>> = {}) =>
  readConfiguration({ file: { name: 'spoor.yaml', text }, environment, flags: {} });

describe('readConfiguration', () => {
  it('gives the defaults where nothing is set', () => {
    const { settings, limits, overrides } = readConfiguration({ environment: {}, flags: {} });
    expect(settings.listen).toBe('127.0.0.1:3100');
    expect(limits).toEqual(defaultLimits);
    expect(overrides.size).toBe(0);
  });

  it('reads settings, limits and overrides, and lets environment and flags win', () => {
    const text = `
auth_enabled: true
storage: {type: s3, s3: {bucket: logs}}
journal:
  bytes_max: 2GB
limits:
  max_line_size: 4KB
  reject_old_samples_max_age: 2w
  ingestion_rate_mb: 0.5
  discover_service_name: []
overrides:
  one: {max_query_series: 5, discover_service_name: [pod, app]}
`;
    const { settings, limits, overrides } = readConfiguration({
      file: { name: 'spoor.yaml', text },
      environment: { SPOOR_JOURNAL_BYTES_MAX: '1GB', SPOOR_LIMITS_MAX_QUERY_SERIES: '7', SPOOR_UNRELATED: 'x', HOME: '/' },
      flags: { listen: ':1' },
    });
    expect(settings).toMatchObject({ auth_enabled: true, 'storage.type': 's3', 'storage.s3.bucket': 'logs', 'journal.bytes_max': 2 ** 30, listen: ':1' });
    expect(limits).toMatchObject({ max_line_size: 4096, reject_old_samples_max_age: 1_209_600_000_000_000n, ingestion_rate_mb: 0.5, discover_service_name: [], max_query_series: 7 });
    expect(overrides.get('one')).toEqual({ max_query_series: 5, discover_service_name: ['pod', 'app'] });
  });

  it.each([
    ['auth_enabled: maybe', 'spoor.yaml:1: auth_enabled: must be true or false'],
    ['a: 1', 'spoor.yaml:1: a: unknown key a'],
    ['storage:\n  s3:\n    buckets: x', 'spoor.yaml:3: storage.s3.buckets: unknown key buckets'],
    ['limits:\n  max_lines: 3', 'spoor.yaml:2: limits.max_lines: unknown limit max_lines'],
    ['limits:\n  max_line_size: huge', 'spoor.yaml:2: limits.max_line_size: must be a size such as 256KB or 4MB'],
    ['limits:\n  query_timeout: -1s', 'spoor.yaml:2: limits.query_timeout: must be a duration such as 30s, 1h or 1w'],
    ['overrides:\n  t:\n    max_query_series: many', 'spoor.yaml:3: overrides.t.max_query_series: must be a whole number, 0 or more'],
    ['limits: 3', 'spoor.yaml:1: limits: must be a mapping'],
    ['a: [', 'spoor.yaml:1'],
  ])('refuses %j', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('names the variable that is wrong', () => {
    expect(() => read('', { SPOOR_AUTH_ENABLED: 'yes' })).toThrow('environment variable SPOOR_AUTH_ENABLED: must be true or false');
  });

  it('reads back what it prints, and hides secrets', () => {
    const configuration = read('limits: {max_line_size: 5KB, query_timeout: 90s}\noverrides: {t: {block_ingestion_until: "2099-01-01T00:00:00Z"}}\njournal: {fsync_interval: 5ms}');
    expect(read(printConfiguration(configuration))).toEqual(configuration);
    const secret = printConfiguration(read('storage: {s3: {secret_access_key: hidden}}'));
    expect(secret).not.toContain('hidden');
  });

  const shared = path.resolve(import.meta.dirname, '../../../../shared/conformance/spoor.yaml');
  it('reads the configuration of the conformance corpus', () => {
    const { overrides } = read(readFileSync(shared, 'utf8'));
    expect(overrides.get('limited')).toMatchObject({ max_query_series: 5, volume_enabled: false, max_query_range: 1_800_000_000_000n });
  });
});
