import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The environment of somebody who has never seen this checkout: the Node of the system, nothing of the npm that runs these tests. */
const environment = Object.fromEntries(
  Object.entries({ ...process.env, PATH: (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !/node_modules|node24/.test(folder)).join(delimiter) }).filter(
    ([name]) => !/^(?:npm_|NODE_|VITEST|CI$)/i.test(name),
  ),
);

// Packing and installing take half a minute; CI does it on every run, and SPOOR_TEST_PACKAGE=1 here.
const wanted = process.env['CI'] === 'true' || process.env['SPOOR_TEST_PACKAGE'] === '1';

describe.skipIf(!wanted)('the published package, installed elsewhere', () => {
  let folder: string;
  let app: string;
  let packed: readonly string[];
  let server: ChildProcess | undefined;

  const npx = (...argv: readonly string[]): string => execFileSync('npx', [...argv], { cwd: app, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'spoor-package-'));
    app = join(folder, 'app');
    mkdirSync(app);
    execFileSync(process.execPath, [join(root, 'tools/build.ts')], { cwd: root, stdio: 'inherit' });
    const answer = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    const { filename, files } = packOf(JSON.parse(answer));
    packed = files.map(({ path }) => path);
    writeFileSync(join(app, 'package.json'), '{"name":"elsewhere","version":"1.0.0","private":true}');
    execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, filename)], { cwd: app, env: environment, stdio: 'inherit' });
  }, 600_000);

  afterAll(async () => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      // The command and what it has started.
      process.kill(-(server.pid ?? 0), 'SIGKILL');
      await once(server, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test('holds what runs, and no sources, tests or rubbish', () => {
    for (const path of ['package.json', 'bin/spoor.js', 'dist/cli/main.js', 'dist/src/server/mod.js', 'dist/agent/mod.js', 'dist/ui/index.html', 'LICENSE', 'README.md']) expect(packed).toContain(path);
    expect(packed.filter((path) => path.endsWith('.ts') || !/^(?:bin|dist|deploy)\/|^(?:package\.json|LICENSE|README\.md|CHANGELOG\.md)$/.test(path))).toEqual([]);
    expect(existsSync(join(app, 'node_modules/spoor/src'))).toBe(false);
  });

  test('npx spoor says what it can do', () => {
    expect(npx('spoor', '--help')).toContain('instant-query');
    expect(npx('spoor', '--version').trim()).toMatch(/^\d+\.\d+\.\d+/);
    expect(npx('spoor', 'agent', '--help')).toContain('--pods-dir');
  });

  test('serves, takes a push, answers it before and after a flush, shows the page, and ends cleanly', async () => {
    const port = await freePort();
    const address = `http://127.0.0.1:${port}`;
    server = spawn(join(app, 'node_modules/.bin/spoor'), ['serve', '--data-dir', join(folder, 'data'), '--listen', `127.0.0.1:${port}`], { cwd: app, env: environment, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    const running = server;
    for (let i = 0; i < 300 && (await fetch(`${address}/ready`).catch(() => undefined))?.ok !== true; i++) {
      expect(running.exitCode, 'the server runs').toBeNull();
      await sleep(100);
    }
    const nowNs = `${Date.now()}000000`;
    const body = JSON.stringify({ streams: [{ stream: { app: 'packed' }, values: [[nowNs, 'hello from elsewhere']] }] });
    const pushed = await fetch(`${address}/loki/api/v1/push`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    expect([pushed.status, await pushed.text()]).toEqual([204, '']);
    const query = (): string => npx('spoor', 'query', '-q', '-o', 'raw', '--addr', address, '{app="packed"} |= "hello"');
    expect(query()).toBe('hello from elsewhere\n');
    expect((await fetch(`${address}/flush`, { method: 'POST' })).ok).toBe(true);
    expect(query()).toBe('hello from elsewhere\n');
    const page = await fetch(`${address}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('ui/main.js')]);
    expect((await fetch(`${address}/ui/main.js`)).headers.get('content-type')).toContain('javascript');
    // To the whole process group, as Ctrl-C does: under an old Node two processes run, and the first hands on what the second has had already.
    process.kill(-(running.pid ?? 0), 'SIGINT');
    expect(await once(running, 'exit')).toEqual([0, null]);
  });
});

/** What npm says of a pack: a list in npm 10, an object by name in npm 12. */
function packOf(answer: unknown): { readonly filename: string; readonly files: readonly { readonly path: string }[] } {
  const [first] = Object.values(answer as Readonly<Record<string, { readonly filename: string; readonly files: readonly { readonly path: string }[] }>>);
  if (first === undefined) throw new Error('npm packed nothing');
  return first;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
