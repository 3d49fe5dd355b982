import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/spoor.js', import.meta.url));
let folder: string;
let address: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spoor-tail-'));
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  address = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
  probe.close();
  await once(probe, 'close');
});

afterEach(async () => {
  for (const child of children.splice(0)) await end(child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

function start(argv: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [bin, ...argv], { env: { ...process.env, LOKI_ADDR: `http://${address}` }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

async function startServer(): Promise<ChildProcess> {
  const server = start(['serve', '--data-dir', join(folder, 'data'), '--listen', address]);
  let log = '';
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (piece: Buffer) => (log += piece.toString('utf8')));
  for (let i = 0; i < 300; i++) {
    if (server.exitCode !== null) throw new Error(`the server ended: ${log}`);
    if ((await fetch(`http://${address}/ready`).catch(() => undefined))?.ok === true) return server;
    await sleep(100);
  }
  throw new Error(`the server was never ready: ${log}`);
}

/** Pushes a line until it is acknowledged. */
async function push(i: number): Promise<void> {
  const body = JSON.stringify({ streams: [{ stream: { app: `app${i % 3}` }, values: [[`${Date.now()}000000`, `line ${i}`]] }] });
  for (let attempt = 0; attempt < 300; attempt++) {
    const answer = await fetch(`http://${address}/loki/api/v1/push`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => undefined);
    if (answer?.status === 204) return;
    await sleep(100);
  }
  throw new Error(`line ${i} was never acknowledged`);
}

test('a tail shows every acknowledged line once while the server is killed and started again', async () => {
  let server = await startServer();
  const tail = start(['tail', '-o', 'raw', '--limit', '1000', '{app=~"app.*"}']);
  let out = '';
  let notes = '';
  tail.stdout?.on('data', (piece: Buffer) => (out += piece.toString('utf8')));
  tail.stderr?.on('data', (piece: Buffer) => (notes += piece.toString('utf8')));
  let next = 0;
  await push(next++);
  await once(tail.stdout ?? tail, 'data');
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 40; i++) await push(next++);
    if (round === 1) await fetch(`http://${address}/flush`, { method: 'POST' });
    await end(server, round === 2 ? 'SIGTERM' : 'SIGKILL');
    server = await startServer();
    // These are there before the tail is again.
    for (let i = 0; i < 10; i++) await push(next++);
  }
  const wanted = Array.from({ length: next }, (_, i) => `line ${i}`);
  for (let i = 0; i < 300 && out.split('\n').length <= next; i++) await sleep(100);
  // Whatever came twice would come now.
  await sleep(1500);
  expect(out.split('\n').slice(0, -1).toSorted((a, b) => Number(a.slice(5)) - Number(b.slice(5))), notes).toEqual(wanted);
  expect(notes).toContain('connecting again');
  tail.kill('SIGINT');
  expect(await once(tail, 'exit')).toEqual([0, null]);
});
