import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Api, ApiError, type PushStream } from '../support/api.ts';
import { describeWithMinio, minioEnvironment, startMinio, type Minio } from '../support/minio.ts';
import { freePort, ServerProcess } from '../support/server.ts';

const second = 1_000_000_000n;
const startNs = (BigInt(Date.now()) / 1000n - 600n) * second;
const writers = 4;
const perPush = 250;
/** Rows of the outage lie behind this time, all others before it. */
const outageNs = startNs + 300n * second;

await describeWithMinio('outage of the object store', () => {
  describe('outage of the object store', () => {
    let minio: Minio;
    let directory: string;
    beforeAll(async () => {
      minio = await startMinio();
    });
    afterAll(() => minio.close());
    beforeEach(async () => {
      await minio.restart();
      directory = await mkdtemp(path.join(tmpdir(), 'spoor-outage-'));
    });
    afterEach(() => rm(directory, { recursive: true, force: true }));

    /** Flushes every second or quarter of a megabyte; no limits of rate. */
    const start = async (prefix: string, more: Readonly<Record<string, string>>): Promise<ServerProcess> =>
      ServerProcess.start({
        dataDirectory: directory,
        port: await freePort(),
        environment: {
          ...minioEnvironment(minio),
          // What was read before would still be answered.
          SPOOR_CACHE_BYTES_MAX: '0',
          SPOOR_STORAGE_S3_PREFIX: prefix,
          SPOOR_STORAGE_S3_MAX_ATTEMPTS: '2',
          SPOOR_STORAGE_S3_REQUEST_TIMEOUT: '2s',
          SPOOR_INGESTER_FLUSH_BYTES: '256KB',
          SPOOR_INGESTER_FLUSH_AGE: '1s',
          SPOOR_LIMITS_INGESTION_RATE_MB: '1000',
          SPOOR_LIMITS_INGESTION_BURST_SIZE_MB: '1000',
          SPOOR_LIMITS_PER_STREAM_RATE_LIMIT: '1GB',
          SPOOR_LIMITS_PER_STREAM_RATE_LIMIT_BURST: '1GB',
          ...more,
        },
      });

    let next = 0;
    const batch = (app: string, fromNs: bigint, rows: number, filler = ''): PushStream[] => {
      const first = next;
      next += rows;
      return [{ stream: { app }, values: Array.from({ length: rows }, (_, i) => [String(fromNs + BigInt(first + i) * 1000n), `${first + i}${filler}`] as const) }];
    };
    const push = async (api: Api, app: string, fromNs: bigint, rows: number, filler = ''): Promise<void> => api.push(batch(app, fromNs, rows, filler));
    const count = (api: Api, app: string): Promise<number> => api.number(`sum(count_over_time({app="${app}"}[1h]))`, { time: String(startNs + 3000n * second) });

    /** Pushes from several sides until each was refused once; gives how many rows were acknowledged, and the refusals. */
    async function fill(api: Api, app: string): Promise<{ rows: number; refusals: readonly ApiError[] }> {
      let rows = 0;
      const writer = async (): Promise<ApiError> => {
        for (;;) {
          if (rows > 200_000) throw new Error('nothing was ever refused');
          try {
            await push(api, app, outageNs, perPush, 'x'.repeat(1000));
            rows += perPush;
          } catch (error) {
            if (error instanceof ApiError) return error;
            throw error;
          }
        }
      };
      const refusals = await Promise.all(Array.from({ length: writers }, writer));
      return { rows, refusals };
    }

    /** Pushes that were refused for want of memory may be stored all the same, each entry once. */
    const between = (stored: number, rows: number): void => {
      expect(stored).toBeGreaterThanOrEqual(rows);
      expect(stored).toBeLessThanOrEqual(rows + writers * perPush);
    };

    /** Tries again until it is done; a push goes again unchanged. */
    async function persist(action: () => Promise<void>): Promise<void> {
      for (let attempt = 0; ; attempt++) {
        try {
          return await action();
        } catch (error) {
          if (!(error instanceof ApiError) || attempt === 100) throw error;
          expect([429, 503]).toContain(error.status);
          await sleep(200);
        }
      }
    }

    it('is ridden out: pushes are answered, heads are queried, nothing is lost, nothing is silently left out', async () => {
      const server = await start('memory', { SPOOR_INGESTER_HEAD_BYTES_MAX: '24MB' });
      const api = new Api(server.url);
      for (let i = 0; i < 5; i++) await push(api, 'a', startNs, 200);
      await api.flush();
      expect(await count(api, 'a')).toBe(1000);

      await minio.stop();
      // Several flushes become due by size and by age.
      for (let i = 0; i < 20; i++) {
        await push(api, 'b', outageNs, 200, 'x'.repeat(100));
        await sleep(150);
      }
      expect(server.running).toBe(true);
      // What lies in the heads is there.
      const heads = await api.lines('{app="b"}', { start: String(outageNs), end: String(outageNs + 60n * second), limit: 5000 });
      expect(new Set(heads).size).toBe(4000);
      expect(await api.number('sum(count_over_time({app=~"a|b"}[60s]))', { time: String(outageNs + 59n * second) })).toBe(4000);
      // What the index, which was read before, tells by itself.
      expect(await count(api, 'a')).toBe(1000);
      // What lies in segments cannot be had, and no answer pretends otherwise.
      const matching = (): Promise<number> => api.number('sum(count_over_time({app="a"} |= "1" [1h]))', { time: String(startNs + 3000n * second) });
      for (const asked of [matching, () => api.lines('{app="a"} |= "1"'), () => api.lines('{app=~"a|b"}', { limit: 5000 }), () => api.get('/spoor/api/v1/traces/77')]) {
        const error = await asked().then(
          () => new Error('it was answered'),
          (caught: unknown) => caught,
        );
        expect(error).toBeInstanceOf(ApiError);
        expect(error).toMatchObject({ status: 503, message: expect.stringMatching(/^503: object store: get of (?:segments|index)\/\S+ failed: /) as string });
      }
      expect((await api.fetch('/ready')).status).toBe(200);

      // Up to the ceiling of memory, then a refusal that says so and when to come again.
      const { rows, refusals } = await fill(api, 'c');
      expect(rows).toBeGreaterThan(5000);
      for (const refusal of refusals) expect(refusal).toMatchObject({ status: 429, retryAfter: '1', message: expect.stringContaining('ingester.head_bytes_max') as string });
      // The index of what is stored was read before and tells that no segment has any of these.
      between(await count(api, 'c'), rows);
      const samples = await api.metrics();
      expect(samples.get('spoor_object_store_failures{operation="put"}')).toBeGreaterThan(0);

      await minio.restart();
      const late = batch('d', outageNs, 10);
      await persist(() => api.push(late));
      await persist(() => api.flush());
      expect(await count(api, 'a')).toBe(1000);
      expect(await count(api, 'b')).toBe(4000);
      expect(await count(api, 'd')).toBe(10);
      const stored = await count(api, 'c');
      between(stored, rows);
      expect((await api.metrics()).get('spoor_ingester_head_rows')).toBe(0);
      expect(await server.stop()).toBe(0);
      const again = await start('memory', {});
      const after = new Api(again.url);
      expect([await count(after, 'a'), await count(after, 'b'), await count(after, 'c'), await count(after, 'd')]).toEqual([1000, 4000, stored, 10]);
      await again.kill();
    });

    it('fills the journal up to its ceiling, not further', async () => {
      const server = await start('journal', { SPOOR_JOURNAL_BYTES_MAX: '4MB', SPOOR_JOURNAL_FILE_BYTES: '1MB' });
      const api = new Api(server.url);
      await push(api, 'a', startNs, 100);
      await api.flush();
      await minio.stop();
      const { rows, refusals } = await fill(api, 'c');
      for (const refusal of refusals) expect(refusal).toMatchObject({ status: 503, retryAfter: '1', message: expect.stringContaining('journal.bytes_max') as string });
      // A crash now costs nothing either.
      await server.kill();
      await minio.restart();
      const again = await start('journal', { SPOOR_JOURNAL_BYTES_MAX: '4MB', SPOOR_JOURNAL_FILE_BYTES: '1MB' });
      const after = new Api(again.url);
      const late = batch('d', outageNs, 10);
      await persist(() => after.push(late));
      await after.flush();
      expect([await count(after, 'a'), await count(after, 'c'), await count(after, 'd')]).toEqual([100, rows, 10]);
      // There is room again.
      expect((await after.metrics()).get('spoor_journal_bytes{partition="0"}') ?? 0).toBeLessThan(2 ** 20);
      await again.kill();
    });

    it('keeps a server from starting, which says why', async () => {
      await minio.stop();
      const server = await start('none', {}).catch((error: unknown) => String(error));
      await minio.restart();
      expect(server).toMatch(/the server ended before it was ready:[^]*object store: list of manifests\/ failed/);
    });
  });
});
