import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Random } from '../../demo/random.ts';
import { makeRequest } from '../../demo/requests.ts';
import { formats, services } from '../../demo/services.ts';
import { Workload, type WorkloadOptions } from '../../demo/workload.ts';
import { ManualClock } from '../../src/model/mod.ts';

const startNs = 1_768_816_800_000_000_000n;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spoor-demo-'));
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function options(more: Partial<WorkloadOptions> = {}): WorkloadOptions {
  return { podsDir: folder, clock: new ManualClock(startNs), seed: 1, requestsPerSecond: 3, rotation: { bytesMax: 1e9, filesMax: 4 }, ...more };
}

/** Records of all files, by service. */
function records(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /0\.log/.test(path)).toSorted()) {
    const service = file.split('/')[1] ?? '';
    found.set(service, [...(found.get(service) ?? []), ...readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1)]);
  }
  return found;
}

test('ten minutes of a shop: every service speaks, some requests fail, slow ones and stack traces occur', () => {
  const workload = new Workload(options());
  const requests = workload.writePast(600);
  workload.stop();
  const written = records();
  expect(Array.from(written.keys()).toSorted()).toEqual(services.map(({ name }) => name).toSorted());
  const all = Array.from(written.values()).flat();
  expect(all.length).toBeGreaterThanOrEqual(workload.lines);
  for (const record of all) expect(record).toMatch(/^2026-01-19T(09|10):\d\d:\d\d\.\d{9}Z (stdout|stderr) [FP] /);
  expect(requests.length).toBeGreaterThan(1000);
  expect(requests.some(({ failed }) => failed)).toBe(true);
  const text = all.join('\n');
  for (const needle of ['slow request', '\tat com.example.shop', 'Traceback (most recent call last)', 'charge refused', 'stdout P ']) expect(text, needle).toContain(needle);
});

test('a trace goes through the services, by one ID of 32 hexadecimal digits, in order', () => {
  const workload = new Workload(options());
  const request = workload.writePast(600).find(({ failed, events }) => failed && events.some(({ service }) => service === 'checkout'));
  workload.stop();
  expect(request?.traceId).toMatch(/^[0-9a-f]{32}$/);
  const found = Array.from(records(), ([service, lines]) => ({ service, lines: lines.filter((line) => line.includes(request?.traceId ?? '-')) })).filter(({ lines }) => lines.length > 0);
  expect(found.map(({ service }) => service)).toEqual(expect.arrayContaining(['auth', 'checkout', 'gateway', 'inventory', 'nginx', 'payment']));
  expect(found.reduce((sum, { lines }) => sum + lines.length, 0)).toBe(request?.events.length);
});

test('every request tells a story in the order of time and ends at the edge', () => {
  const random = new Random(3);
  for (let i = 0; i < 2000; i++) {
    const { events } = makeRequest(random);
    for (const [j, event] of events.entries()) expect(event.atMs).toBeGreaterThanOrEqual(events[j - 1]?.atMs ?? 0);
    expect(events.at(-1)?.service).toBe('nginx');
  }
});

test('the lines of a trace have their times in the order of the story, also where it all comes in one millisecond', () => {
  vi.useFakeTimers();
  const workload = new Workload(options());
  workload.start();
  vi.advanceTimersByTime(20_000);
  workload.stop();
  const byTrace = Map.groupBy(Array.from(records().values()).flat().filter((record) => /[0-9a-f]{32}/.test(record)), (record) => /[0-9a-f]{32}/.exec(record)?.[0] ?? '');
  expect(byTrace.size).toBeGreaterThan(20);
  for (const lines of byTrace.values()) {
    const inTime = lines.toSorted();
    expect(inTime[0]).toContain('request received');
    expect(new Set(inTime.map((record) => record.slice(0, 30))).size).toBe(lines.length);
  }
});

test('each service keeps its form', () => {
  const remark = { timeNs: startNs + 12_000_000n, level: 'warn', message: 'a "b"', traceId: 'f'.repeat(32), spanId: '1'.repeat(16), fields: { status: 500, path: '/x y' } } as const;
  expect(JSON.parse(formats.gateway(remark))).toMatchObject({ level: 'warn', msg: 'a "b"', status: 500, traceparent: `00-${remark.traceId}-${remark.spanId}-01` });
  expect(JSON.parse(formats.payment(remark))).toMatchObject({ severity: 'WARN', trace: { id: remark.traceId } });
  expect(formats.auth(remark)).toBe(`level=warn msg="a \\"b\\"" status=500 path="/x y" trace_id=${remark.traceId}`);
  expect(formats.inventory(remark)).toMatch(/^ts=2026-01-19T10:00:00\.012Z level=warn caller=/);
  expect(formats.checkout({ ...remark, trailer: ['\tat x'] })).toMatch(/^2026-01-19 10:00:00\.012 {2}WARN \[checkout,f{32},1{16}\] .*\n\tat x$/);
  expect(formats.shipping(remark)).toMatch(/^2026-01-19 10:00:00,012 WARNING shipping\.labels \[trace_id=f{32}\] a "b"/);
  expect(formats.nginx(remark)).toMatch(/^- - - \[19\/Jan\/2026:10:00:00 \+0000\] "GET \/x y HTTP\/1\.1" 500 /);
});

test('goes on until it is stopped, and the pods are the same after a restart', () => {
  vi.useFakeTimers();
  const clock = new ManualClock(startNs);
  for (const seed of [1, 2]) {
    const workload = new Workload(options({ clock, seed, rotation: { bytesMax: 4000, filesMax: 3 } }));
    workload.start();
    for (let i = 0; i < 600; i++) {
      vi.advanceTimersByTime(100);
      clock.advanceMs(100);
    }
    workload.stop();
    const { lines, requests } = workload;
    expect(requests).toBeGreaterThan(100);
    vi.advanceTimersByTime(10_000);
    expect([workload.lines, workload.requests]).toEqual([lines, requests]);
  }
  expect(readdirSync(folder).length).toBe(services.reduce((sum, { replicas }) => sum + replicas, 0));
  expect(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /0\.log\.\d{8}-\d{6}$/.test(path)).length).toBeGreaterThan(3);
});
