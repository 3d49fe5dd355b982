import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, ServerProcess } from '../support/server.ts';
import { retryStorm, stormConfig } from './retry-storm.ts';

let directory = '';
let server: ServerProcess | undefined;
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'spoor-storm-'));
  writeFileSync(path.join(directory, 'spoor.yaml'), stormConfig);
  server = await ServerProcess.start({ dataDirectory: path.join(directory, 'data'), port: await freePort(), config: path.join(directory, 'spoor.yaml') });
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('while fifty clients repeat refused pushes, the others lose nothing and are never refused', async () => {
  const report = await retryStorm({ url: server!.url, stormers: 50, others: 4, quietMs: 1000, stormMs: 6000 });
  process.stdout.write(`retry storm: ${JSON.stringify(report)}\n`);
  expect(server!.running).toBe(true);
  expect(report.repeated).toBe(0);
  expect(report.storm.pushes).toBeGreaterThan(0);
  expect(report.linesStored).toBe(report.linesPushed);
  // Every reason was met, and no push of the storm was taken as a whole, or failed for the server's own reasons.
  expect(Object.keys(report.refused).toSorted()).toEqual(['blocked 260', 'few 429', 'no tenant 401', 'shared 400', 'shared 413', 'short 400', 'slow 429']);
}, 120_000);
