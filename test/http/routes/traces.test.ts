import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

interface TraceAnswer {
  readonly status: string;
  readonly data: {
    readonly traceId: string;
    readonly entries: readonly {
      readonly timestamp: string;
      readonly gapNs: string;
      readonly line: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly structuredMetadata: Readonly<Record<string, string>>;
      readonly service: string;
    }[];
    readonly services: readonly string[];
    readonly startNs: string | null;
    readonly endNs: string | null;
    readonly truncated: boolean;
  };
}

let server: InProcess;
const nowNs = BigInt(Date.now()) * 1_000_000n;
const at = (ms: number): string => String(nowNs - 60_000_000_000n + BigInt(ms) * 1_000_000n);
const id = '4bf92f3577b34da6a3ce929d0e0e4736';

beforeAll(async () => {
  server = await startInProcess('auth_enabled: true');
  const api = server.as({ 'x-scope-orgid': 't' });
  await api.push([
    { stream: { app: 'gateway' }, values: [[at(0), 'GET /checkout', { trace_id: id }], [at(90), `answered trace=${id} status=500`], [at(5), 'of another trace', { trace_id: `${id}ff` }]] },
    { stream: { app: 'orders' }, values: [[at(20), `{"msg":"order","traceId":"${id}"}`], [at(21), `level=info traceID=${id} msg="stored"`], [at(22), `no${id}word`]] },
  ]);
  await server.api.flush();
  await api.push([
    { stream: { app: 'payments' }, values: [[at(40), 'charge', { traceparent: `00-${id}-00f067aa0ba902b7-01` }], [at(41), `both ${id}`, { trace_id: id }]] },
    { stream: { app: 'noise' }, values: Array.from({ length: 50 }, (_, i) => [at(i), `request 7${i} and x12x`] as const) },
    { stream: { app: 'short' }, values: [[at(70), 'id 12 here', { request_id: 'r-1.2+(3)' }]] },
  ]);
});
afterAll(() => server.close());

const trace = (of: string, values: Readonly<Record<string, string | number>> = {}): Promise<TraceAnswer> =>
  server.as({ 'x-scope-orgid': 't' }).get<TraceAnswer>(`/spoor/api/v1/traces/${encodeURIComponent(of)}`, values);

describe('GET /spoor/api/v1/traces/{id}', () => {
  it('answers every entry that carries the ID, across streams, in time order, with gaps and services', async () => {
    const { status, data } = await trace(id);
    expect(status).toBe('success');
    expect(data.entries.map(({ line }) => line)).toEqual([
      'GET /checkout', `{"msg":"order","traceId":"${id}"}`, `level=info traceID=${id} msg="stored"`, 'charge', `both ${id}`, `answered trace=${id} status=500`,
    ]);
    expect(data.entries.map(({ gapNs }) => Number(gapNs) / 1e6)).toEqual([0, 20, 1, 19, 1, 49]);
    expect(data.entries.map(({ timestamp }) => timestamp)).toEqual([0, 20, 21, 40, 41, 90].map(at));
    expect(data).toMatchObject({ traceId: id, services: ['gateway', 'orders', 'payments'], startNs: at(0), endNs: at(90), truncated: false });
    expect(data.entries[0]).toMatchObject({ labels: { app: 'gateway', service_name: 'gateway' }, structuredMetadata: { trace_id: id }, service: 'gateway' });
  });

  it('answers the same from segments', async () => {
    const before = await trace(id);
    await server.api.flush();
    expect(await trace(id)).toEqual(before);
  });

  it('counts only entries with the ID as a word, before the limit cuts', async () => {
    // Fifty lines before it hold 12 inside other words.
    const { data } = await trace('12', { limit: 3 });
    expect(data.entries.map(({ line }) => line)).toEqual(['id 12 here']);
    expect(data.truncated).toBe(false);
  });

  it('takes characters of regular expressions as they are', async () => {
    expect((await trace('r-1.2+(3)')).data.entries.map(({ line }) => line)).toEqual(['id 12 here']);
    expect((await trace('.*')).data.entries).toEqual([]);
  });

  it('cuts at the limit and says so', async () => {
    const { data } = await trace(id, { limit: 2 });
    expect(data.entries.map(({ line }) => line)).toEqual(['GET /checkout', `{"msg":"order","traceId":"${id}"}`]);
    expect(data.truncated).toBe(true);
    expect((await trace(id, { limit: 6 })).data.truncated).toBe(false);
  });

  it('takes a range of time', async () => {
    expect((await trace(id, { start: at(21), end: at(41) })).data.entries.map(({ line }) => line)).toEqual([`level=info traceID=${id} msg="stored"`, 'charge']);
  });

  it('answers nothing for what is nowhere, and for another tenant', async () => {
    expect((await trace('nowhere')).data).toEqual({ traceId: 'nowhere', entries: [], services: [], startNs: null, endNs: null, truncated: false });
    const other = await server.as({ 'x-scope-orgid': 'other' }).get<TraceAnswer>(`/spoor/api/v1/traces/${id}`);
    expect(other.data.entries).toEqual([]);
  });

  it.each([
    ['an ID that is too long', 'x'.repeat(257), {}, 'a trace ID has 1 to 256 bytes'],
    ['too high a limit', 'x', { limit: 50_001 }, 'limit is 50001; a trace is answered with at most 50000 entries'],
    ['a bad time', 'x', { start: 'y' }, `could not parse 'start' parameter: strconv.ParseInt: parsing "y": invalid syntax`],
  ])('refuses %s', async (_name, of, values, text) => {
    await expect(trace(of, values)).rejects.toThrow(`400: ${text}`);
  });
});
