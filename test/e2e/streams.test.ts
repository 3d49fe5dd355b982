import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeMetadata } from '../../src/bytes/mod.ts';
import { labelSet } from '../../src/model/mod.ts';
import { PushEncoder } from '../../src/protocols/mod.ts';
import { Api } from '../support/api.ts';
import { freePort, ServerProcess } from '../support/server.ts';

const second = 1_000_000_000n;
const nowNs = (BigInt(Date.now()) / 1000n) * second;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-streams-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const start = async (): Promise<ServerProcess> =>
  ServerProcess.start({
    dataDirectory: directory,
    port: await freePort(),
    environment: {
      SPOOR_LIMITS_MAX_GLOBAL_STREAMS_PER_USER: '0',
      SPOOR_LIMITS_INGESTION_RATE_MB: '10000',
      SPOOR_LIMITS_INGESTION_BURST_SIZE_MB: '10000',
      SPOOR_LIMITS_PER_STREAM_RATE_LIMIT: '10GB',
      SPOOR_LIMITS_PER_STREAM_RATE_LIMIT_BURST: '10GB',
      SPOOR_LIMITS_MAX_QUERY_SERIES: '0',
      SPOOR_LIMITS_DISCOVER_LOG_LEVELS: 'false',
    },
  });

async function send(api: Api, encoder: PushEncoder): Promise<void> {
  const body = new Uint8Array(await encoder.finish());
  // Refusals for want of memory are part of the deal; a repeated push is stored once.
  for (let attempt = 0; ; attempt++) {
    const answer = await api.fetch('/loki/api/v1/push', { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body });
    if (answer.status === 204) return;
    const text = await answer.text();
    if (answer.status !== 429 || attempt === 100) throw new Error(`${answer.status}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Number and size of the objects by kind, and the memory of the process. */
async function footprint(api: Api): Promise<string> {
  const kinds: Record<string, { objects: number; bytes: number }> = {};
  for (const entry of await readdir(path.join(directory, 'objects'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const kind = path.relative(path.join(directory, 'objects'), file).split(path.sep)[0] ?? '';
    const sum = (kinds[kind] ??= { objects: 0, bytes: 0 });
    sum.objects += 1;
    sum.bytes += (await stat(file)).size;
  }
  const samples = await api.metrics();
  const megabytes = Math.round((samples.get('spoor_process_resident_memory_bytes') ?? 0) / 2 ** 20);
  return `${Object.entries(kinds).map(([kind, { objects, bytes }]) => `${kind}: ${objects} objects, ${bytes} bytes`).join('; ')}; RSS ${megabytes} MiB, heads ${Math.round((samples.get('spoor_ingester_head_memory_bytes') ?? 0) / 2 ** 20)} MiB`;
}

const note = (text: string): void => {
  process.stdout.write(`  ${text}\n`);
};

describe('many streams and long ones', () => {
  it('takes 10,000 streams of 100 lines', async () => {
    const streams = 10_000;
    const each = 100;
    let server = await start();
    let api = new Api(server.url);
    note(`10,000 streams: before: RSS ${Math.round(((await api.metrics()).get('spoor_process_resident_memory_bytes') ?? 0) / 2 ** 20)} MiB`);
    const line = (stream: number, n: number): string => `level=info stream=${stream} n=${n} msg="a line of some length" took=${(stream * 7 + n) % 1000}ms`;
    const started = performance.now();
    const encoder = new PushEncoder();
    // Streams are pushed side by side, as by many agents: ten lines of each at a time.
    for (let from = 0; from < each; from += 10) {
      for (let stream = 0; stream < streams; stream++) {
        encoder.stream(labelSet([['app', 'many'], ['pod', `pod-${stream}`], ['node', `node-${stream % 50}`]]));
        for (let n = from; n < from + 10; n++) {
          const bytes = Buffer.from(line(stream, n));
          encoder.entry(nowNs - 600n * second + BigInt(n) * second + BigInt(stream), bytes, 0, bytes.length, encodeMetadata([{ name: 'n', value: String(n % 10) }]));
        }
        if (stream % 1000 === 999) await send(api, encoder);
      }
    }
    note(`10,000 streams: pushed in ${Math.round(performance.now() - started)} ms; ${await footprint(api)}`);
    const flushed = performance.now();
    await api.flush();
    note(`10,000 streams: flushed in ${Math.round(performance.now() - flushed)} ms; ${await footprint(api)}`);
    const objects = await readdir(path.join(directory, 'objects'), { recursive: true, withFileTypes: true });
    // Small streams share segments and row groups.
    expect(objects.filter((entry) => entry.isFile()).length).toBeLessThan(60);

    const check = async (): Promise<void> => {
      const time = String(nowNs);
      expect(await api.number('sum(count_over_time({app="many"}[1h]))', { time })).toBe(streams * each);
      const perNode = await api.vector('sum by (node) (count_over_time({app="many"}[1h]))', { time });
      expect(perNode).toHaveLength(50);
      expect(perNode.every(({ value }) => value?.[1] === String((streams / 50) * each))).toBe(true);
      const perPod = await api.vector('sum by (pod) (count_over_time({app="many"}[1h]))', { time });
      expect(perPod).toHaveLength(streams);
      expect(perPod.every(({ value }) => value?.[1] === String(each))).toBe(true);
      for (const stream of [0, 4711, 9999]) {
        const found = await api.lines(`{pod="pod-${stream}"}`, { start: String(nowNs - 3600n * second), end: String(nowNs), direction: 'forward' });
        expect(found.toSorted()).toEqual(Array.from({ length: each }, (_, n) => line(stream, n)).toSorted());
      }
      const values = await api.get<{ data: string[] }>('/loki/api/v1/label/pod/values', { start: String(nowNs - 3600n * second), end: time });
      expect(new Set(values.data).size).toBe(streams);
      const series = await api.get<{ data: Record<string, string>[] }>('/loki/api/v1/series', { match: '{node="node-7"}', start: String(nowNs - 3600n * second), end: time });
      expect(series.data).toHaveLength(streams / 50);
      expect(series.data.every(({ app, node, pod }) => app === 'many' && node === 'node-7' && Number(pod?.slice(4)) % 50 === 7)).toBe(true);
    };
    await check();
    note(`10,000 streams: queried; ${await footprint(api)}`);
    expect(await server.stop()).toBe(0);
    server = await start();
    api = new Api(server.url);
    const before = (await api.metrics()).get('spoor_object_store_read_bytes') ?? 0;
    expect(await api.lines('{pod="pod-4711"}', { start: String(nowNs - 3600n * second), end: String(nowNs) })).toHaveLength(each);
    note(`10,000 streams: one stream from cold: ${((await api.metrics()).get('spoor_object_store_read_bytes') ?? 0) - before} bytes read`);
    await check();
    note(`10,000 streams: restarted and queried; ${await footprint(api)}`);
    expect(await server.stop()).toBe(0);
  }, 120_000);

  it('takes a stream of a million lines, and reads little of it for the newest', async () => {
    const rows = 1_000_000;
    let server = await start();
    let api = new Api(server.url);
    const line = (n: number): string => `GET /api/v1/items/${n} status=${n % 7 === 0 ? 500 : 200} bytes=${(n * 7919) % 100_000} id=${((n * 2_654_435_761) % 4_294_967_296).toString(16)}`;
    const startNs = nowNs - 3000n * second;
    const started = performance.now();
    const encoder = new PushEncoder();
    for (let from = 0; from < rows; from += 20_000) {
      encoder.stream(labelSet([['app', 'long']]));
      for (let n = from; n < from + 20_000; n++) {
        const bytes = Buffer.from(line(n));
        encoder.entry(startNs + BigInt(n) * 1_000_000n, bytes);
      }
      await send(api, encoder);
    }
    note(`a million lines: pushed in ${Math.round(performance.now() - started)} ms; ${await footprint(api)}`);
    const flushed = performance.now();
    await api.flush();
    note(`a million lines: flushed in ${Math.round(performance.now() - flushed)} ms; ${await footprint(api)}`);
    expect(await server.stop()).toBe(0);
    server = await start();
    api = new Api(server.url);
    const read = async (): Promise<number> => (await api.metrics()).get('spoor_object_store_read_bytes') ?? 0;
    const range = { start: String(startNs), end: String(nowNs) };
    const written = (await Promise.all((await readdir(path.join(directory, 'objects/segments'), { recursive: true, withFileTypes: true })).map(async (entry) => (entry.isFile() ? (await stat(path.join(entry.parentPath, entry.name))).size : 0)))).reduce((a, b) => a + b, 0);
    for (const [name, direction, first] of [['newest', 'backward', rows - 1000], ['oldest', 'forward', 0]] as const) {
      const before = await read();
      const found = await api.lines('{app="long"}', { ...range, limit: 1000, direction });
      const bytes = (await read()) - before;
      note(`a million lines: ${name} 1000: ${bytes} of ${written} bytes read`);
      const expected = Array.from({ length: 1000 }, (_, i) => line(first + i));
      expect(found).toEqual(direction === 'backward' ? expected.toReversed() : expected);
      // There are sixteen row groups and more.
      expect(bytes).toBeLessThan(written / 6);
    }
    expect(await api.number('sum(count_over_time({app="long"}[1h]))', { time: String(nowNs) })).toBe(rows);
    expect(await api.number('sum(count_over_time({app="long"} |= "status=500" [1h]))', { time: String(nowNs) })).toBe(Math.ceil(rows / 7));
    expect(await api.lines('{app="long"} |= "items/123456 "', range)).toEqual([line(123_456)]);
    note(`a million lines: queried; ${await footprint(api)}`);
    expect(await server.stop()).toBe(0);
  }, 120_000);
});
