import { describe, expect, test } from 'vitest';
import { compare, comparisonText, noiseMs, tolerances } from '../../bench/check.ts';
import type { Figures } from '../../bench/measure.ts';
import type { SizeResult } from '../../bench/results.ts';
import type { SystemName } from '../../bench/systems.ts';

const digest = '1 series, 1 samples, sum 5 #0123456789';

function figures(name: SystemName, rate: number, times: Readonly<Record<string, number>>, more: Partial<Figures> = {}): Figures {
  const load = { seconds: 1, rawMBps: 1, serverCpuSeconds: 1, rawMBperCpuSecond: rate, allCpuSeconds: 1, allRawMBperCpuSecond: rate / 2, p50ms: 1, p99ms: 1, peakMiB: 500, retries: 0 };
  const queries = Object.entries(times).map(([id, bestMs]) => ({ id, firstMs: bestMs * 2, firstCpuSeconds: 0, bestMs, bestCpuSeconds: 0, digest, amount: 5, firstRequests: null, firstReadBytes: null, bestRequests: null }));
  return { name, load, peakQueryMiB: 300, restMiB: 200, storedMB: 40, files: 3, dataMB: 50, requests: null, writtenMB: null, startRequests: null, eventLoopP99Ms: null, queries, ...more };
}

function size(systems: readonly Figures[], calibrationMs = 50): SizeResult {
  return { mb: 256, streams: 120, rawBytes: 222e6, lines: 777_000, calibrationMs, loadAverages: [], systems, s3: null, discovery: [] };
}

const regressions = (last: SizeResult, now: SizeResult): readonly string[] => compare(last, now).compared.filter(({ regressed }) => regressed).map(({ what }) => what);

describe('the regression check', () => {
  const last = size([figures('spoor', 100, { needle: 20, count_all: 1 })]);

  test('finds nothing where nothing changed', () => {
    expect(regressions(last, last)).toEqual([]);
    expect(compare(last, last)).toMatchObject({ reference: 'calibration', otherAnswers: [] });
  });

  test('finds a slower query, a slower ingest, more bytes and more memory', () => {
    expect(regressions(last, size([figures('spoor', 100, { needle: 20 * tolerances.query + 1, count_all: 1 })]))).toEqual(['needle']);
    expect(regressions(last, size([figures('spoor', 100 / (tolerances.ingest + 0.1), { needle: 20 })]))).toEqual(['ingestAcknowledged', 'ingestStored']);
    expect(regressions(last, size([figures('spoor', 100, { needle: 20 }, { storedMB: 40 * tolerances.stored + 1 })]))).toEqual(['stored']);
    expect(regressions(last, size([figures('spoor', 100, { needle: 20 }, { peakQueryMiB: 300 * tolerances.memory + 1 })]))).toEqual(['peakQuery']);
  });

  test('does not mind a slower machine', () => {
    expect(regressions(last, size([figures('spoor', 50, { needle: 40, count_all: 2 })], 100))).toEqual([]);
    // But a faster machine hides nothing.
    expect(regressions(last, size([figures('spoor', 100, { needle: 20 })], 25))).toEqual(['ingestAcknowledged', 'ingestStored', 'needle']);
  });

  test('measures against Loki where both runs have it', () => {
    const withLoki = (rate: number, needle: number, own: number, calibrationMs: number): SizeResult => size([figures('spoor', own, { needle: 20 }), figures('Loki', rate, { needle })], calibrationMs);
    expect(compare(withLoki(50, 1000, 100, 50), withLoki(50, 1000, 100, 500))).toMatchObject({ reference: 'Loki' });
    expect(regressions(withLoki(50, 1000, 100, 50), withLoki(50, 1000, 100, 500))).toEqual([]);
    expect(regressions(withLoki(50, 1000, 100, 50), withLoki(50, 400, 100, 50))).toEqual(['needle']);
    expect(compare(withLoki(50, 1000, 100, 50), last).reference).toBe('calibration');
  });

  test('takes short times as noise', () => {
    expect(regressions(last, size([figures('spoor', 100, { needle: 20, count_all: noiseMs })]))).toEqual([]);
    expect(regressions(last, size([figures('spoor', 100, { needle: 20, count_all: noiseMs * (tolerances.query + 0.1) })]))).toEqual(['count_all']);
  });

  test('names answers that changed, and says so', () => {
    const [now] = [figures('spoor', 100, { needle: 20, count_all: 1 })];
    const changed = size([{ ...now, queries: now.queries.map((query) => (query.id === 'needle' ? { ...query, digest: '7 entries #abc' } : query)) }]);
    const comparison = compare(last, changed);
    expect(comparison.otherAnswers).toEqual(['needle']);
    expect(comparisonText(comparison, '2026-11-22')).toContain('OTHER ANSWERS: needle');
    expect(comparisonText(compare(last, last), '2026-11-22')).toContain('all answers are the same');
  });

  test('refuses a run without spoor', () => {
    expect(() => compare(last, size([]))).toThrow('no figures of spoor');
  });
});
