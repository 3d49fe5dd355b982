import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PushStream } from '../support/api.ts';
import { startInProcess, type InProcess } from '../support/in-process.ts';
import { leverTo, type Lever } from '../support/lever.ts';
import { describeWithMinio, minioEnvironment, startMinio, type Minio } from '../support/minio.ts';

const second = 1_000_000_000n;
const nowNs = (BigInt(Date.now()) / 1000n) * 1_000_000n;
const startNs = nowNs - 3600n * second;
const flushes = 8;
const linesEach = 4000;
const wholeRange = { start: String(startNs), end: String(nowNs) };

/** Lines of one flush; every eighth is an error, and no two are alike. */
function streamsOf(flush: number): PushStream[] {
  return ['a', 'b'].map((app) => ({
    stream: { app },
    values: Array.from({ length: linesEach / 2 }, (_, i) => {
      const n = flush * linesEach + i * 2 + (app === 'a' ? 0 : 1);
      const id = ((n * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0');
      return [String(startNs + BigInt(n) * 50_000_000n), JSON.stringify({ level: n % 8 === 0 ? 'error' : 'info', id: `${id}${id}`, path: `/items/${(n * 7919) % 100_003}`, ms: (n * 31) % 977, note: 'x'.repeat(n % 5) })] as const;
    }),
  }));
}

interface Answer {
  readonly data: { readonly result: unknown; readonly stats: { readonly spoor: Readonly<Record<'storeRequests' | 'storeBytes' | 'storedBytes' | 'cacheHits' | 'cacheBytes' | 'units', number>> } };
}

await describeWithMinio('objects on S3', () => {
  let minio: Minio;
  let lever: Lever;
  let server: InProcess | undefined;
  const query = { query: 'sum by (level) (count_over_time({app=~".+"} | json [2h]))', time: String(nowNs) };
  const api = (): InProcess['api'] => server!.api;
  const levels = async (): Promise<Answer> => api().get<Answer>('/loki/api/v1/query', query);
  const spoorOf = ({ data }: Answer): Answer['data']['stats']['spoor'] => data.stats.spoor;
  /** What the server starts with. */
  const variables: Record<string, string> = {};
  /** Starts it again, with these settings and nothing in memory. */
  const restart = async (settings: Readonly<Record<string, string>> = {}): Promise<void> => {
    for (const name of Object.keys(variables)) delete variables[name];
    Object.assign(variables, minioEnvironment({ ...minio, endpoint: lever.endpoint }), {
      SPOOR_STORAGE_S3_MAX_ATTEMPTS: '2', SPOOR_INGESTER_FLUSH_BYTES: '100MB', SPOOR_CACHE_FREE_BYTES_MIN: '0', SPOOR_SERVER_SHUTDOWN_DEADLINE: '1s', ...settings,
    });
    if (server === undefined) server = await startInProcess(limits, variables);
    else await server.restart();
  };
  const limits = 'limits:\n  reject_old_samples: false\n  max_query_series: 10000\n';
  const cacheFiles = async (): Promise<string[]> =>
    (await readdir(path.join(server!.directory, 'cache'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  /** Nothing is read or written any more. */
  const settled = async (): Promise<void> => {
    for (let before = -1, same = 0; same < 3;) {
      await sleep(50);
      const now = (await cacheFiles()).length;
      same = now === before ? same + 1 : 0;
      before = now;
    }
  };

  beforeAll(async () => {
    minio = await startMinio();
    lever = await leverTo(minio.endpoint);
    await restart();
    for (let flush = 0; flush < flushes; flush++) {
      await api().push(streamsOf(flush));
      await api().flush();
    }
  });
  afterAll(async () => {
    lever.mode('pass');
    await server?.close();
    await lever?.close();
    await minio?.close();
  });

  const expected = [
    { metric: { level: 'error' }, value: [Number(nowNs / 1_000_000n) / 1000, String((flushes * linesEach) / 8)] },
    { metric: { level: 'info' }, value: [Number(nowNs / 1_000_000n) / 1000, String((flushes * linesEach * 7) / 8)] },
  ];
  const sorted = ({ data }: Answer): unknown => (data.result as { metric: { level: string } }[]).toSorted((a, b) => (a.metric.level < b.metric.level ? -1 : 1));

  describe('the cache on disk', () => {
    it('takes what a query reads, so that neither the same one nor one after a restart asks the store again', async () => {
      const cold = await levels();
      expect(sorted(cold)).toEqual(expected);
      expect(spoorOf(cold).storeRequests).toBeGreaterThan(flushes);
      expect(spoorOf(cold).storeBytes).toBeGreaterThan(spoorOf(cold).storedBytes / 2);
      await settled();
      const metrics = await api().metrics();
      expect(metrics.get('spoor_object_store_requests{operation="get"}')).toBeGreaterThanOrEqual(spoorOf(cold).storeRequests);
      expect(metrics.get('spoor_object_store_read_bytes')).toBeGreaterThanOrEqual(spoorOf(cold).storeBytes);
      expect(metrics.get('spoor_object_cache_misses')).toBeGreaterThanOrEqual(flushes);
      expect(metrics.get('spoor_object_cache_bytes')).toBeGreaterThan(spoorOf(cold).storedBytes);
      expect(spoorOf(await levels())).toMatchObject({ storeRequests: 0, storeBytes: 0 });

      await restart();
      const restarted = await levels();
      expect(sorted(restarted)).toEqual(expected);
      expect(spoorOf(restarted)).toMatchObject({ storeRequests: 0, storeBytes: 0 });
      expect(spoorOf(restarted).cacheHits).toBeGreaterThanOrEqual(flushes);
      expect(spoorOf(restarted).cacheBytes).toBeGreaterThan(0);
      expect((await api().metrics()).get('spoor_object_cache_hits')).toBeGreaterThanOrEqual(spoorOf(restarted).cacheHits);
    });

    it('answers without a store, as long as nothing else is asked for', async () => {
      await levels();
      lever.mode('break');
      expect(sorted(await levels())).toEqual(expected);
      lever.mode('pass');
    });

    it('heals where its files are damaged, cut or gone', async () => {
      await settled();
      for (const [i, file] of (await cacheFiles()).entries()) {
        const bytes = await readFile(file);
        if (i % 3 === 0) await writeFile(file, bytes.subarray(0, bytes.length - 20));
        else if (i % 3 === 1) await writeFile(file, bytes.map((byte, at) => (at === (i * 977) % bytes.length ? byte ^ 16 : byte)));
        else await rm(file);
      }
      await restart();
      const healed = await levels();
      expect(sorted(healed)).toEqual(expected);
      expect(spoorOf(healed).storeRequests).toBeGreaterThan(0);
      expect((await api().metrics()).get('spoor_object_cache_damaged')).toBeGreaterThan(0);
      await settled();
      await restart();
      expect(spoorOf(await levels())).toMatchObject({ storeRequests: 0 });
    });

    it('can be left out, or small, with the same answers', async () => {
      for (const settings of [{ SPOOR_CACHE_BYTES_MAX: '0' }, { SPOOR_CACHE_BYTES_MAX: '256KB' }, { SPOOR_QUERIER_READ_AHEAD: '0' }] as Record<string, string>[]) {
        await restart({ ...settings, SPOOR_STORAGE_S3_READS_MAX: '3' });
        for (let i = 0; i < 2; i++) expect(sorted(await levels()), JSON.stringify(settings)).toEqual(expected);
      }
    });
  });

  describe('a store that is slow or fails', () => {
    /** A query that reads the index, and no segment. */
    const readIndex = async (): Promise<unknown> => api().get('/loki/api/v1/series', { match: '{app="a"}', ...wholeRange });
    const untilHeld = async (): Promise<void> => {
      for (const before = lever.held; lever.held === before;) await sleep(5);
    };

    it('fails a query with its coded error, and no other', async () => {
      await restart({ SPOOR_CACHE_BYTES_MAX: '0' });
      await readIndex();
      lever.mode('break');
      await expect(levels()).rejects.toMatchObject({ status: 503, message: expect.stringContaining('object store: get of segments/') });
      lever.mode('pass');
      expect(sorted(await levels())).toEqual(expected);
      expect((await api().metrics()).get('spoor_object_store_failures{operation="get"}')).toBeGreaterThan(0);
    });

    it('does not hold a thread whose client went away, nor the end of the process', async () => {
      const settings = { SPOOR_CACHE_BYTES_MAX: '0', SPOOR_STORAGE_S3_REQUEST_TIMEOUT: '10m', SPOOR_QUERIER_THREADS: '1' };
      await restart(settings);
      await readIndex();
      lever.mode('stall');
      const left = new AbortController();
      const held = untilHeld();
      const leaving = expect(api().fetch(`/loki/api/v1/query?${new URLSearchParams(query).toString()}`, { signal: left.signal })).rejects.toThrow();
      await held;
      left.abort();
      await leaving;
      while ((await api().metrics()).get('spoor_querier_scans') !== 0) await sleep(5);
      lever.mode('pass');
      // Its only thread is free again.
      expect(sorted(await levels())).toEqual(expected);

      await restart(settings);
      await readIndex();
      lever.mode('stall');
      const waits = untilHeld();
      const waiting = expect(levels()).rejects.toThrow();
      await waits;
      const restarting = restart(settings);
      await waiting;
      // It has ended when it begins anew.
      await untilHeld();
      lever.mode('pass');
      await restarting;
      expect(sorted(await levels())).toEqual(expected);
    });
  });
});
