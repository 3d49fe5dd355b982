import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
const startNs = (BigInt(Date.now()) / 60_000n - 30n) * 60_000_000_000n;
const at = (n: number): string => String(startNs + BigInt(n) * 1_000_000_000n);

interface Entry {
  readonly ts: string;
  readonly id: string;
  readonly stream: Readonly<Record<string, string>>;
  readonly line: string;
}
interface Answer {
  readonly status: string;
  readonly data: { readonly entry: Entry; readonly before: readonly Entry[]; readonly after: readonly Entry[] };
}

beforeAll(async () => {
  server = await startInProcess();
  const values = (pod: string, from: number): [string, string][] => Array.from({ length: 20 }, (_, n) => [at(Math.floor((from + n) / 4)), `${pod}${from + n}`]);
  await server.api.push([{ stream: { app: 'shop', pod: 'a' }, values: values('a', 0) }, { stream: { app: 'shop', pod: 'b' }, values: values('b', 0) }]);
  await server.api.flush();
  await server.api.push([{ stream: { app: 'shop', pod: 'a' }, values: values('a', 20) }]);
});
afterAll(() => server.close());

const ask = (values: Readonly<Record<string, string | number>>): Promise<Answer> => server.api.get('/spoor/api/v1/context', values);
const lines = (entries: readonly Entry[]): string[] => entries.map(({ line }) => line);

describe('context', () => {
  it('answers the entries around one, across flushes and equal times', async () => {
    const { status, data } = await ask({ query: '{app="shop"} |= "filters do not count"', ts: at(4), line: 'a18', before: 3, after: 4 });
    expect(status).toBe('success');
    expect(data.entry).toMatchObject({ ts: at(4), line: 'a18', stream: { app: 'shop', pod: 'a' } });
    expect(lines(data.before)).toEqual(['a15', 'a16', 'a17']);
    expect(lines(data.after)).toEqual(['a19', 'a20', 'a21', 'a22']);
    const { data: moved } = await ask({ query: '{pod="a"}', ts: data.after[3]!.ts, id: data.after[3]!.id, before: 1, after: 0 });
    expect([lines(moved.before), moved.entry.line, moved.after]).toEqual([['a21'], 'a22', []]);
  });

  it('answers fewer at the ends of the stream, ten each without being told', async () => {
    const { data } = await ask({ query: '{pod="b"}', ts: at(4), line: 'b18' });
    expect(lines(data.before)).toEqual(Array.from({ length: 10 }, (_, n) => `b${8 + n}`));
    expect(lines(data.after)).toEqual(['b19']);
  });

  it.each([
    [{ query: '{app="shop"}', ts: at(4) }, 400, '8 entries of this time match'],
    [{ query: '{app="shop"}', ts: at(100) }, 404, 'nothing that the selector matches has the time'],
    [{ query: '{app="shop"}', ts: at(4), id: '0-1' }, 400, 'partition-position-index'],
    [{ query: '{app="shop"}' }, 400, "'ts'"],
    [{ query: '{app="shop"}', ts: at(4), line: 'a18', before: 'x' }, 400, "'before'"],
    [{ query: '{app="shop"}', ts: at(4), line: 'a18', after: 6000 }, 400, 'max entries limit'],
    [{ query: 'rate({app="shop"}[1m])', ts: at(4) }, 400, 'log query'],
  ])('refuses %j', async (values, status, text) => {
    await expect(ask(values as Record<string, string>)).rejects.toMatchObject({ status, message: expect.stringContaining(text) });
  });
});
