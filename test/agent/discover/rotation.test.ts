import { describe, expect, it } from 'vitest';
import { rotatedNames } from '../../../agent/discover/rotation.ts';
import { compareRotations } from '../../../agent/discover/paths.ts';

describe('names of rotated files', () => {
  it.each([
    ['app.log.1', 'app.log', '1', false], ['app.log.12.gz', 'app.log', '12', true], ['app.log-20260102', 'app.log', '20260102', false], ['app.log-20260102-1700.gz', 'app.log', '20260102-1700', true],
    ['app.log.2026-01-02', 'app.log', '2026-01-02', false], ['app-20260102.log', 'app.log', '20260102', false], ['app.2026-01-02.3.log.gz', 'app.log', '2026-01-02-000003', true],
    ['app.1.log', 'app.log', '1', false], ['messages.1', 'messages', '1', false], ['app.log.gz', 'app.log', '999999', true], ['0.log.20260102-030405.gz', '0.log', '20260102-030405', true],
  ])('%s', (name, base, rotation, gzip) => {
    expect(rotatedNames(name)).toContainEqual({ base, rotation, gzip });
  });

  it.each(['app.log', 'app', '.1', 'x-12345678901234567.log'])('%s says nothing', (name) => {
    expect(rotatedNames(name)).toEqual([]);
  });

  it('are in order', () => {
    const ordered = ['20260101', '20260102', '2026-01-02-000001', '2026-01-02-000002', '2', '1', ''];
    expect(ordered.filter((rotation) => !/^\d{1,6}$/.test(rotation)).toSorted(compareRotations)).toEqual(['2026-01-02-000001', '2026-01-02-000002', '20260101', '20260102', '']);
    expect(['', '2', '999999', '1'].toSorted(compareRotations)).toEqual(['999999', '2', '1', '']);
  });
});
