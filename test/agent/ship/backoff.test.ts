import { describe, expect, it } from 'vitest';
import { backoffMs, parseRetryAfter } from '../../../agent/ship/backoff.ts';
import { withPath } from '../../../agent/ship/http-target.ts';

describe('waiting', () => {
  it('doubles up to the longest, takes a random half away, and honours Retry-After', () => {
    const options = { minMs: 100, maxMs: 1000 };
    expect([1, 2, 3, 4, 5, 1000].map((attempt) => backoffMs(options, attempt, 0, 0))).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoffMs(options, 3, 0, 0.999999)).toBeCloseTo(200, 1);
    expect(backoffMs(options, 1, 7000, 0)).toBe(7000);
    expect(backoffMs(options, 1, 1e9, 0)).toBe(300_000);
  });

  it.each([
    [undefined, 0], ['0', 0], ['12', 12_000], ['Thu, 01 Jan 1970 00:01:00 GMT', 59_000], ['Thu, 01 Jan 1970 00:00:00 GMT', 0], ['soon', 0],
  ])('reads Retry-After %j', (header, ms) => {
    expect(parseRetryAfter(header, 1000)).toBe(ms);
  });

  it.each([
    ['http://h:3100', 'http://h:3100/loki/api/v1/push'],
    ['http://h:3100/', 'http://h:3100/loki/api/v1/push'],
    ['https://h/prefix/', 'https://h/prefix/loki/api/v1/push'],
    ['https://h/loki/api/v1/push', 'https://h/loki/api/v1/push'],
  ])('pushes for %s to %s', (base, url) => {
    expect(withPath(base, '/loki/api/v1/push').href).toBe(url);
  });
});
