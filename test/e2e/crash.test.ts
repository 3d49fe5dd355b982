import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeWithMinio, minioEnvironment, startMinio } from '../support/minio.ts';
import { randomNumbers } from '../support/random.ts';
import { runCrashes } from './crash.ts';

/** Each place at least once; the rest at random times. */
const places = ['cut', 'sealed', 'segment_put', 'index_put', 'manifest_put', 'committed', 'trimmed', 'segment_put:2', 'manifest_put:2'];
const randomKills = 13;

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items.map((item) => ({ item, order: random() })).sort((a, b) => a.order - b.order).map(({ item }) => item);
}

const limits = {
  SPOOR_INGESTER_FLUSH_BYTES: '64KB',
  SPOOR_LIMITS_PER_STREAM_RATE_LIMIT: '1GB',
  SPOOR_LIMITS_PER_STREAM_RATE_LIMIT_BURST: '1GB',
  SPOOR_LIMITS_INGESTION_RATE_MB: '1000',
  SPOOR_LIMITS_INGESTION_BURST_SIZE_MB: '1000',
};

const seed = Number(process.env['SPOOR_TEST_SEED'] ?? Date.now() % 1_000_000);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-crash-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a server on a directory that is killed again and again', () => {
  it(`answers every acknowledged line exactly once (seed ${seed})`, { timeout: 300_000 }, async () => {
    const random = randomNumbers(seed);
    const failpoints = shuffled([...places, ...Array.from({ length: randomKills }, () => '')], random);
    const report = await runCrashes({ dataDirectory: directory, environment: limits, failpoints, random });
    expect(report).toMatchObject({ missing: [], doubled: [], unknown: [] });
    expect(report.kills).toBeGreaterThanOrEqual(20);
    expect(report.acknowledged).toBeGreaterThan(1000);
    expect(report.repeated).toBeGreaterThan(0);
  });
});

await describeWithMinio('a server on S3 that is killed again and again', () => {
  it(`answers every acknowledged line exactly once (seed ${seed})`, { timeout: 300_000 }, async () => {
    const random = randomNumbers(seed + 1);
    const minio = await startMinio();
    try {
      const environment = { ...limits, ...minioEnvironment(minio) };
      const failpoints = shuffled(['upload', 'upload:2', ...places, ...Array.from({ length: randomKills }, () => '')], random);
      const report = await runCrashes({ dataDirectory: directory, environment, failpoints, random });
      expect(report).toMatchObject({ missing: [], doubled: [], unknown: [] });
      expect(report.kills).toBeGreaterThanOrEqual(20);
    } finally {
      await minio.close();
    }
  });
});
