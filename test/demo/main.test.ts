import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let demo: ChildProcess | undefined;
let said = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spoor-demo-'));
});

afterEach(async () => {
  if (demo !== undefined && demo.exitCode === null && demo.signalCode === null) {
    demo.kill('SIGKILL');
    await once(demo, 'exit');
  }
  // The parts of a demo that was killed end by themselves; their folder goes when they have.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

function start(...argv: readonly string[]): ChildProcess {
  said = '';
  const child = spawn(process.execPath, ['demo/main.ts', '--dir', folder, ...argv], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
  demo = child;
  return child;
}

async function untilSaid(pattern: RegExp, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 1200 && !pattern.test(said); i++) {
    if (child.exitCode !== null) throw new Error(`the demo ended with ${child.exitCode}: ${said}`);
    await sleep(100);
  }
  const logs = ['server.log', 'agent.log'].map((name) => join(folder, name)).filter((path) => existsSync(path));
  expect(said, logs.map((path) => readFileSync(path, 'utf8').slice(-3000)).join('\n')).toMatch(pattern);
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

function spoor(address: string, ...argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(root, 'bin/spoor.js'), ...argv], { env: { ...process.env, LOKI_ADDR: address } }, (error, out, err) => (error === null ? resolve(out) : reject(new Error(`${error.message}\n${err}`))));
  });
}

test('starts everything, shows logs that came the real way, ends it all at Ctrl-C, and goes on with the same data', async () => {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  let child = start('--listen', `127.0.0.1:${port}`);
  await untilSaid(/Ctrl-C ends it all/, child);
  expect(said).toContain(`${address}/\n`);
  expect(said).toContain(`LOKI_ADDR=${address} npx spoor tail`);
  expect(said).not.toContain('have not arrived yet');
  const traceId = /npx spoor trace ([0-9a-f]{32})/.exec(said)?.[1] ?? '';
  const trace = await spoor(address, 'trace', traceId, '-q');
  expect(trace).toContain(`trace ${traceId}`);
  expect(trace).toContain('gateway → ');
  const logged = await spoor(address, 'query', '{container="checkout"} |= "ERROR"', '--since', '15m', '-q', '-o', 'raw');
  expect(logged).toContain('[checkout,');
  expect((await spoor(address, 'labels', 'container', '-q')).split('\n')).toEqual(expect.arrayContaining(['auth', 'checkout', 'gateway', 'inventory', 'nginx', 'payment', 'shipping']));

  child.kill('SIGINT');
  // npm hands on what the terminal has sent already.
  await sleep(20);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(said).toContain('stopped; npm start goes on with the same data');

  child = start('--listen', `127.0.0.1:${port}`);
  await untilSaid(/Ctrl-C ends it all/, child);
  expect(await spoor(address, 'trace', traceId, '-q')).toBe(trace);

  const second = start('--listen', `127.0.0.1:${await freePort()}`);
  expect(await once(second, 'exit')).toEqual([1, null]);
  expect(said).toContain('the folder of the demo is in use');
  expect(said).toContain('--dir ');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('when it is killed, its parts end too', async () => {
  const port = await freePort();
  const child = start('--listen', `127.0.0.1:${port}`);
  await untilSaid(/Ctrl-C ends it all/, child);
  child.kill('SIGKILL');
  const answers = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined)) !== undefined;
  for (let i = 0; i < 300 && (await answers()); i++) await sleep(100);
  expect(await answers()).toBe(false);
});

test('a port that is taken is said, with what to do', async () => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const child = start('--listen', listen);
  expect(await once(child, 'exit')).toEqual([1, null]);
  other.close();
  expect(said).toContain(`${listen} is taken`);
  expect(said).toContain('npm start -- --listen 127.0.0.1:3200');
  expect(said).toContain('SPOOR_LISTEN=127.0.0.1:3200 npm start');
});

test('an address that is none', async () => {
  const child = start('--listen', 'nonsense');
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(said).toBe('"nonsense" is no address to listen on; write it like 127.0.0.1:3100\n');
});
