import { afterAll, beforeAll, expect, it } from 'vitest';
import { form } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('limits: {discover_service_name: [], discover_log_levels: false}');
  const now = BigInt(Date.now()) * 1_000_000n;
  const values = Array.from({ length: 10 }, (_, i) => [String(now - 60_000_000_000n + BigInt(i)), 'x'.repeat(100)] as const);
  await server.api.push(Array.from({ length: 8 }, (_, i) => ({ stream: { app: `app-${i}` }, values })));
});
afterAll(() => server.close());

const shards = (values: Readonly<Record<string, string>>): Promise<string> => server.api.text(`/loki/api/v1/index/shards?${form(values)}`);

it('answers ranges of fingerprints that hold about so many bytes', async () => {
  const text = await shards({ query: 'sum(rate({app=~".+"} |= "x" [1m]))', targetBytesPerShard: '3KB' });
  // Numbers of 64 bits.
  expect(text).toMatch(/^\{"shards":\[\{"bounds":\{"min":0,"max":\d{15,20}\},"stats":\{"streams":\d,"chunks":\d,"bytes":\d+,"entries":\d+\}\}/);
  expect(text).toContain('"max":18446744073709551615}');
  const answer = JSON.parse(text) as { shards: { stats: { streams: number; bytes: number; entries: number } }[]; statistics: object; chunkGroups: null };
  expect(Object.keys(answer)).toEqual(['shards', 'statistics', 'chunkGroups']);
  expect(answer.statistics).toEqual({ index: { totalChunks: 8, postFilterChunks: 8, totalStreams: 8 } });
  expect(answer.shards.map(({ stats }) => stats.streams)).toEqual([3, 3, 2]);
  expect(answer.shards.reduce((sum, { stats }) => sum + stats.entries, 0)).toBe(80);
});

it('answers one shard where there is nothing, or no selector', async () => {
  const nothing = '{"shards":[{"bounds":{"min":0,"max":18446744073709551615},"stats":{"streams":0,"chunks":0,"bytes":0,"entries":0}}]';
  expect(await shards({ query: '{app="nope"}', targetBytesPerShard: '1' })).toContain(nothing);
  expect(JSON.parse(await shards({ query: 'vector(1)', targetBytesPerShard: '1GB' }))).toMatchObject({ shards: [{ stats: { streams: 8 } }] });
});

it.each<[string, Readonly<Record<string, string>>, string]>([
  ['no size', { targetBytesPerShard: '' }, 'targetBytesPerShard must be a positive value'],
  ['a size of 0', { targetBytesPerShard: '0MB' }, 'targetBytesPerShard must be a positive value'],
  ['a size that is none', { targetBytesPerShard: 'x' }, 'invalid targetBytesPerShard: x: '],
  ['two selectors', { query: 'rate({app="a"}[1m]) / rate({app="b"}[1m])' }, 'multiple matcher groups are not supported in GetShards'],
  ['a broken query', { query: '{' }, 'parse error at line 1, col 2'],
  ['an end before the start', { start: '20', end: '10' }, 'end timestamp must not be before or equal to start time'],
])('refuses %s', async (_name, values, text) => {
  await expect(shards({ query: '{app=~".+"}', targetBytesPerShard: '1KB', ...values })).rejects.toThrow(`400: ${text}`);
});
