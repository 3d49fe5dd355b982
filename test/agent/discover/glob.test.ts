import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob, parseGlob } from '../../../agent/discover/glob.ts';

describe('path patterns', () => {
  it.each([
    ['/var/log/*.log', ['/var/log/a.log', '/var/log/.log'.replace('/.', '/b.')], ['/var/log/a/b.log', '/var/log/a.log.1', '/var/log/.a.log', '/var/log/a.txt', '/other/a.log']],
    ['/var/log/**/*.log', ['/var/log/a.log', '/var/log/a/b/c.log'], ['/var/log/.git/c.log', '/var/logs/a.log']],
    ['/srv/*/logs/app-?.log', ['/srv/x/logs/app-1.log'], ['/srv/x/y/logs/app-1.log', '/srv/x/logs/app-12.log']],
    ['/a/{x,y*}.log', ['/a/x.log', '/a/yes.log'], ['/a/z.log', '/a/{x,y}.log']],
    ['/a/[a-c]1[!0-9]', ['/a/b1x'], ['/a/d1x', '/a/b12']],
    ['/a/\\*.log', ['/a/*.log'], ['/a/b.log']],
    ['/a/.hidden*', ['/a/.hidden1'], ['/a/hidden1']],
    ['/a/b+c(d).log', ['/a/b+c(d).log'], ['/a/bbcd.log']],
    ['/**/app.log', ['/app.log', '/a/app.log', '/a/b/app.log'], ['/a/app.log.1']],
    ['/a/**/b/**/c', ['/a/b/c', '/a/x/b/y/z/c'], ['/a/c', '/a/x/c']],
  ])('%s', (pattern, matching, others) => {
    const glob = parseGlob(pattern);
    for (const path of matching) expect(matchesGlob(glob, path), path).toBe(true);
    for (const path of others) expect(matchesGlob(glob, path), path).toBe(false);
  });

  it.each([['relative/*.log', 'begin with /'], ['/a/', 'end in the name'], ['/a/**', 'end in the name'], ['/a/{b', 'no }'], ['/a/[b', 'no ]'], [`/${'a'.repeat(1001)}`, 'at most'], [`/${'*a'.repeat(9)}`, 'at most']])('refuses %s', (pattern, reason) => {
    expect(() => parseGlob(pattern)).toThrow(reason);
  });

  it('walks from the last directory without a wildcard', () => {
    expect(parseGlob('/var/log/app/*.log').root).toBe('/var/log/app');
    expect(parseGlob('/var/log/app.log').root).toBe('/var/log');
    expect(parseGlob('/app.log').root).toBe('/');
  });

  it('never fails otherwise than by an Error with words, and soon', () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), (pattern, path) => {
      try {
        matchesGlob(parseGlob(`/${pattern}`), `/${path}`);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(TypeError);
      }
    }), { numRuns: 2000 });
  });
});
