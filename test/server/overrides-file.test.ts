import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Metrics } from '../../src/http/mod.ts';
import { defaultLimits, systemClock } from '../../src/model/mod.ts';
import { ConfiguredLimits } from '../../src/server/limits-source.ts';
import { OverridesFile } from '../../src/server/overrides-file.ts';

let directory = '';
let open: OverridesFile | undefined;
let metrics: Metrics;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'spoor-overrides-'));
  metrics = new Metrics();
});
afterEach(async () => {
  await open?.close();
  open = undefined;
  metrics.close();
  rmSync(directory, { recursive: true, force: true });
});

const file = (): string => path.join(directory, 'overrides.yaml');

async function start(text: string) {
  writeFileSync(file(), text);
  const lines: string[] = [];
  const limits = new ConfiguredLimits(defaultLimits, new Map([['a', { max_line_size: 5, max_streams_per_user: 9 }]]));
  open = await OverridesFile.open({ path: file(), periodMs: 10, limits, metrics, clock: systemClock, log: pino({ level: 'info' }, { write: (line: string) => lines.push(line) }) });
  return { limits, lines };
}

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

test('limits of the file come before those of the configuration, one by one, and follow the file', async () => {
  const { limits, lines } = await start('overrides: {a: {max_line_size: 1KB}, b: {enforced_labels: [app]}}');
  expect(limits.forTenant('a')).toMatchObject({ max_line_size: 1024, max_streams_per_user: 9 });
  expect(limits.forTenant('b').enforced_labels).toEqual(['app']);
  expect(limits.forTenant('c')).toMatchObject({ max_line_size: defaultLimits.max_line_size });
  writeFileSync(file(), 'overrides: {a: {max_streams_per_user: 3}}');
  await until(() => expect(limits.forTenant('a')).toMatchObject({ max_line_size: 5, max_streams_per_user: 3 }));
  expect(limits.forTenant('b').enforced_labels).toEqual([]);
  await until(() => expect(lines.join('')).toContain('overrides_file was read again'));
});

test('a file that is wrong changes nothing, and log and metrics say why', async () => {
  const { limits, lines } = await start('overrides: {a: {max_line_size: 1KB}}');
  writeFileSync(file(), 'overrides:\n  a: {max_line_size: 2KB}\n  b: {max_line_sise: 3KB}\n');
  await until(() => expect(lines.join('')).toContain(`${file()}:3: overrides.b.max_line_sise: unknown limit max_line_sise`));
  expect(limits.forTenant('a').max_line_size).toBe(1024);
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ level: 50, code: 'bad_config' });
  const text = await metrics.registry.metrics();
  expect(text).toContain('spoor_overrides_last_reload_successful 0');
  expect(text).toContain('spoor_overrides_reloads{result="failure"} 1');
  // Said once, not at each look.
  const said = lines.length;
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  expect(lines.length).toBe(said);
  writeFileSync(file(), 'overrides: {a: {max_line_size: 2KB}}');
  await until(() => expect(limits.forTenant('a').max_line_size).toBe(2048));
  await until(async () => expect(await metrics.registry.metrics()).toContain('spoor_overrides_last_reload_successful 1'));
});

test('a file that is gone keeps the limits, and one that is put in its place by a link is read', async () => {
  const { limits, lines } = await start('overrides: {a: {max_line_size: 1KB}}');
  renameSync(file(), `${file()}.old`);
  await until(() => expect(lines.join('')).toContain('ENOENT'));
  expect(limits.forTenant('a').max_line_size).toBe(1024);
  writeFileSync(`${file()}.new`, 'overrides: {a: {max_line_size: 4KB}}');
  symlinkSync(`${file()}.new`, file());
  await until(() => expect(limits.forTenant('a').max_line_size).toBe(4096));
});

test('nothing starts with a file that is wrong', async () => {
  await expect(start('overrides: {a: 5}')).rejects.toMatchObject({ code: 'bad_config', message: `${file()}:1: overrides.a: must be a mapping` });
  await expect(start('limits: {max_line_size: 1KB}')).rejects.toMatchObject({ code: 'bad_config', message: `${file()}:1: limits: unknown key limits` });
  await expect(start('a: [')).rejects.toMatchObject({ code: 'bad_config' });
});

test("what else a runtime configuration of Loki holds is passed over, and limits of Loki's own work too", async () => {
  const { limits } = await start('multi_kv_config: {}\nconfigs: {a: {log_push_request: true}}\noverrides: {a: {shard_streams: {enabled: true}, max_line_size: 7}}');
  expect(limits.forTenant('a').max_line_size).toBe(7);
});
