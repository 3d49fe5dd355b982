import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, type Api } from '../../support/api.ts';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

interface Answer {
  readonly status: string;
  readonly warnings?: readonly string[];
  readonly data: readonly { readonly pattern: string; readonly level: string; readonly samples: readonly (readonly [number, number])[] }[];
}

const second = 1_000_000_000n;
const startNs = (BigInt(Date.now()) / 60_000n - 30n) * 60n * second;
const range = { start: String(startNs), end: String(startNs + 1800n * second), step: '60' };
const at = (i: number): string => String(startNs + BigInt(i) * second / 2n);

/** Kinds of lines, 240 of each. */
const kinds: Readonly<Record<string, (i: number) => string>> = {
  json: (i) => JSON.stringify({ ts: `2026-11-20T10:00:${10 + (i % 50)}Z`, level: i % 4 === 0 ? 'error' : 'info', msg: i % 4 === 0 ? `order ${i} failed` : 'order accepted', user: `u${i}`, ok: i % 2 === 0 }),
  logfmt: (i) => `ts=${1_700_000_000 + i}.25 level=warn caller=main.go:66 msg="slow query" took=${i}ms path=/api/${['a', 'b', 'c'][i % 3]} id=550e8400-e29b-41d4-a716-4466554${10_000 + i}`,
  nginx: (i) => `10.0.0.${i % 250} - - [20/Nov/2026:10:00:${10 + (i % 50)} +0000] "GET /static/${i}.js HTTP/1.1" ${i % 10 === 0 ? 500 : 200} ${i * 3} "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
  java: (i) => `2026-11-20 10:00:${10 + (i % 50)},123 ERROR [pool-1-thread-${i}] c.a.Foo - load of ${i} failed\njava.lang.IllegalStateException: ${i}\n\tat c.a.Foo.load(Foo.java:${i})`,
  plain: (i) => `connection to db-${i % 7} lost after ${i} ms, retrying`,
  long: (i) => `begin ${i} ${'word '.repeat(3000)}`,
  junk: (i) => `\u0000${String.fromCharCode(i)}\u001b[3${i % 8}m${'\u{1F600}'.repeat(i % 5)}\u007f<_>${i % 3 === 0 ? '\\' : '`'}`,
  blank: (i) => [' ', '\t', '\n'][i % 3]!.repeat(1 + (i % 2)),
};

let server: InProcess;
let api: Api;
beforeAll(async () => {
  server = await startInProcess('auth_enabled: true\nlimits_config: {discover_service_name: []}\noverrides: {sampled: {max_patterns_bytes_scanned: 10KB}}\n');
  api = server.as({ 'x-scope-orgid': 'patterns' });
  const push = async (from: number, to: number): Promise<void> => {
    for (const [app, line] of Object.entries(kinds)) {
      const values = Array.from({ length: to - from }, (_, i) => [at(from + i), line(from + i)] as const);
      await api.push([{ stream: { app }, values }]);
    }
  };
  await push(0, 150);
  await api.flush();
  await push(150, 240);
}, 60_000);
afterAll(() => server.close());

const patterns = (query: string, own: Readonly<Record<string, string>> = {}): Promise<Answer> => api.get<Answer>('/loki/api/v1/patterns', { ...range, query, ...own });
const total = (samples: readonly (readonly [number, number])[]): number => samples.reduce((sum, [, count]) => sum + count, 0);

describe('patterns', () => {
  it.each<[string, readonly (readonly [string, string, number])[]]>([
    ['json', [
      ['{"ts":"<_>","level":"info","msg":"order accepted","user":"<_>","ok":<_>}', 'info', 180],
      ['{"ts":"<_>","level":"error","msg":"order <_> failed","user":"<_>","ok":true}', 'error', 60],
    ]],
    ['logfmt', [['ts=<_> level=warn caller=main.go:66 msg="slow query" took=<_> path=/api/<_> id=<_>', 'warn', 240]]],
    ['nginx', [['<_> - - [<_>/Nov/<_> +0000] "GET /static/<_>.js HTTP/1.1" <_> "-" "Mozilla/5.0 (X11; Linux x86_64)"', 'unknown', 240]]],
    ['java', [['<_>,123 ERROR [pool-<_>-thread-<_>] c.a.Foo - load of <_> failed\n<_>', 'error', 240]]],
    ['plain', [['connection to db-<_> lost after <_> ms, retrying', 'unknown', 240]]],
  ])('finds those of %s lines, in heads and segments', async (app, expected) => {
    const { status, data, warnings } = await patterns(`{app="${app}"}`);
    expect([status, warnings]).toEqual(['success', undefined]);
    expect(data.map(({ pattern, level, samples }) => [pattern, level, total(samples)])).toEqual(expected);
    for (const { samples } of data) for (const [time] of samples) expect(time % 60).toBe(0);
  });

  it.each(Object.keys(kinds))('gives patterns that find their %s lines', async (app) => {
    const { data } = await patterns(`{app="${app}"}`);
    for (const { pattern, level, samples } of data) {
      const query = `{app="${app}"} |> ${JSON.stringify(pattern)} | ${level === 'unknown' ? 'detected_level=~"unknown|"' : `detected_level="${level}"`}`;
      const found = await api.lines(query, { start: range.start, end: range.end, limit: 5000 });
      expect(found.length, pattern).toBeGreaterThanOrEqual(total(samples));
    }
  });

  it('gives the same answer from heads and segments, however it is asked', async () => {
    const before = await patterns('{app=~".+"}');
    expect(before.data.length).toBeGreaterThan(8);
    await api.flush();
    expect(await patterns('{app=~".+"}')).toEqual(before);
    const init = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form({ ...range, query: '{app=~".+"}', unknown: 'x', limit: 'x' }) };
    expect(JSON.parse(await api.text('/loki/api/v1/patterns', init))).toEqual(before);
    expect(await patterns('{app="plain"} |> "connection to <_> lost <_>"')).toMatchObject({ data: [{ samples: (await patterns('{app="plain"}')).data[0]?.samples }] });
  });

  it('answers nothing where there is nothing', async () => {
    const empty = { status: 'success', data: [] };
    expect(await patterns('{app="none"}')).toEqual(empty);
    expect(await patterns('{app="plain"}', { start: range.end, end: range.start })).toEqual(empty);
    expect(await patterns('{app="plain"}', { start: '1', end: '1000' })).toEqual(empty);
  });

  it.each([
    ['{app="plain"} | json', {}, 'only label matchers are supported'],
    ['rate({app="plain"}[1m])', {}, 'only label matchers are supported'],
    ['{}', {}, 'parse error : queries require at least one regexp or equality matcher'],
    ['', {}, 'parse error : syntax error: unexpected $end'],
    ['{app="plain"}', { step: '0' }, 'zero or negative query resolution step widths are not accepted'],
    ['{app="plain"}', { step: 'x' }, 'cannot parse "x" to a valid duration'],
    ['{app="plain"}', { step: '1ms' }, 'exceeded maximum resolution of 11,000 points per time series'],
    ['{app="plain"}', { start: 'x' }, "could not parse 'start' parameter"],
  ])('refuses %s with %j', async (query, own, text) => {
    await expect(patterns(query, own)).rejects.toThrow(`400: ${text}`);
  });

  it('takes the same sample from heads and segments', async () => {
    const values = Array.from({ length: 4000 }, (_, i) => [String(startNs + BigInt(i) * 100_000_000n), `sampled ${i} times`] as const);
    const sampled = server.as({ 'x-scope-orgid': 'sampled' });
    await sampled.push([{ stream: { app: 'much' }, values }]);
    const ask = (): Promise<Answer> => sampled.get<Answer>('/loki/api/v1/patterns', { ...range, query: '{app="much"}' });
    const before = await ask();
    expect(before.warnings).toEqual([expect.stringContaining('max_patterns_bytes_scanned')]);
    expect(total(before.data[0]!.samples)).toBeGreaterThan(3000);
    expect(total(before.data[0]!.samples)).toBeLessThan(5000);
    await sampled.flush();
    expect((await ask()).data).toEqual(before.data);
  });

  it('is told of to Drilldown', async () => {
    expect(await api.get('/loki/api/v1/drilldown-limits')).toMatchObject({ pattern_ingester_enabled: true });
  });
});
