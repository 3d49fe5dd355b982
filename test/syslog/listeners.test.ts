import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { startSyslog, type SyslogListeners, type SyslogSettings } from '../../src/syslog/mod.ts';
import { MemoryStore, partsOf, until } from './harness.ts';

const address = { host: '127.0.0.1', port: 0, tenant: 't' };
const defaults: SyslogSettings = {
  tcp: null, tls: null, udp: null, labels: [['job', 'syslog']], timeZone: 'UTC', frameBytesMax: 1000, connectionsMax: 10, idleMs: 0, batchBytes: 4096, batchDelayMs: 5, udpQueueBytesMax: 100_000,
  udpReceiveBytes: 1_000_000,
};
let listeners: SyslogListeners | null = null;

async function start(own: Partial<SyslogSettings>) {
  const store = new MemoryStore();
  const parts = partsOf(store);
  const running = await startSyslog({ ...defaults, ...own }, parts);
  listeners = running;
  const port = (transport: 'tcp' | 'tls' | 'udp'): number => running.addresses.get(transport)?.port ?? 0;
  return { store, metrics: parts.metrics, log: parts.log, port, stop: async (ms = 60_000) => running.stop(AbortSignal.timeout(ms)) };
}
afterEach(async () => {
  await listeners?.stop(AbortSignal.timeout(1000));
  listeners = null;
});

async function connect(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('TCP', () => {
  it('takes lines and counted frames, each connection in its way, and what one left when it ended', async () => {
    const { store, port, metrics } = await start({ tcp: address });
    const lines = await connect(port('tcp'));
    const counted = await connect(port('tcp'));
    lines.write('<13>1 - h a - - - one\n<13>1 - h a - - - tw');
    counted.write('23 <13>1 - h a - - - three22 <13>1 - h a - - - fo');
    await until(() => store.rows.length === 2);
    lines.end('o');
    counted.end('ur');
    await until(() => store.rows.length === 4, () => store.lines);
    expect(store.lines.toSorted()).toEqual(['four', 'one', 'three', 'two']);
    await until(() => metrics.of('connections tcp') === 0);
    expect(metrics.of('received tcp')).toBeGreaterThan(80);
  });

  it('does not read while the store refuses, loses nothing, and goes on', async () => {
    const { store, port, metrics } = await start({ tcp: address, batchBytes: 64 * 1024 });
    let refuses = true;
    store.decide = () => (refuses ? 'journal_full' : null);
    const socket = await connect(port('tcp'));
    const line = `<13>1 - h a - - - ${'x'.repeat(900)} `;
    const total = 30_000;
    let sent = 0;
    let isBlocked = false;
    const send = (): void => {
      while (sent < total && !isBlocked) isBlocked = !socket.write(`${line}${sent++}\n`);
    };
    socket.on('drain', () => {
      isBlocked = false;
      send();
    });
    send();
    // The sender stands still once the buffers between are full.
    let before = -1;
    await until(() => {
      const now = metrics.of('received tcp');
      const stands = now === before && now > 0 && isBlocked && metrics.of('refused journal_full') > 4;
      before = now;
      return stands;
    });
    expect(metrics.of('received tcp')).toBeLessThan(4 * 2 ** 20);
    refuses = false;
    await until(() => store.rows.length === total);
    expect(new Set(store.lines.map((text) => Number(text.split(' ')[1]))).size).toBe(total);
    socket.destroy();
  }, 120_000);

  it('closes a connection that breaks the rules, and keeps what came before', async () => {
    const { store, port, metrics, log } = await start({ tcp: address });
    const socket = await connect(port('tcp'));
    socket.resume();
    socket.write('21 <13>1 - h a - - - one999999 <13>1');
    await once(socket, 'close');
    await until(() => store.rows.length === 1);
    expect(metrics.of('dropped tcp frame')).toBe(1);
    expect(log.lines.join()).toContain('syslog.frame_bytes_max');
  });

  it('cuts lines that are too long, and counts them', async () => {
    const { store, port, metrics } = await start({ tcp: address, frameBytesMax: 30 });
    const socket = await connect(port('tcp'));
    socket.end(`<13>1 - h a - - - ${'x'.repeat(100)}\n<13>1 - h a - - - y\n`);
    await until(() => store.rows.length === 2);
    expect(store.lines).toEqual(['x'.repeat(12), 'y']);
    expect(metrics.of('cut tcp')).toBe(1);
  });

  it('turns away connections that are too many', async () => {
    const { port, metrics } = await start({ tcp: address, connectionsMax: 2 });
    const held = [await connect(port('tcp')), await connect(port('tcp'))];
    await until(() => metrics.of('connections tcp') === 2);
    const third = connectTcp(port('tcp'), '127.0.0.1');
    third.on('error', () => undefined);
    third.resume();
    await once(third, 'close');
    expect(metrics.of('turned away tcp')).toBe(1);
    for (const socket of held) socket.destroy();
  });

  it('closes connections that say nothing', async () => {
    const { store, port } = await start({ tcp: address, idleMs: 50 });
    const socket = await connect(port('tcp'));
    socket.resume();
    socket.write('<13>1 - h a - - - unfinished');
    await once(socket, 'close');
    await until(() => store.rows.length === 1);
    expect(store.lines).toEqual(['unfinished']);
  });

  it('reads at a stop what senders have sent already', async () => {
    const { store, port, stop } = await start({ tcp: address, batchDelayMs: 1_000_000, batchBytes: 64 * 1024 });
    const socket = await connect(port('tcp'));
    const total = 20_000;
    await new Promise<void>((resolve) => { socket.end(Array.from({ length: total }, (_, i) => `<13>1 - h a - - - ${i}\n`).join(''), resolve); });
    await stop();
    expect(store.rows).toHaveLength(total);
  });

  it('delivers at a stop what has arrived', async () => {
    const { store, port, metrics, stop } = await start({ tcp: address, batchDelayMs: 1_000_000, batchBytes: 1_000_000 });
    store.decide = (_, push) => (push === 0 ? 'ingester_memory_full' : null);
    const socket = await connect(port('tcp'));
    const text = '<13>1 - h a - - - one\n<13>1 - h a - - - two\n<13>1 - h a - - - three';
    socket.write(text);
    await until(() => metrics.of('received tcp') === text.length);
    await stop();
    expect(store.lines).toEqual(['one', 'two', 'three']);
    socket.destroy();
    await expect(connect(port('tcp'))).rejects.toThrow();
  });
});

describe('UDP', () => {
  it('takes a message a datagram, drops what has no room, and counts it', async () => {
    const { store, port, metrics } = await start({ udp: address, udpQueueBytesMax: 500 });
    const socket = createSocket('udp4');
    const send = async (text: string): Promise<void> => new Promise((resolve) => { socket.send(text, port('udp'), '127.0.0.1', () => resolve()); });
    await send('<13>1 - - a - - - one\n');
    await send('');
    await until(() => store.rows.length === 1);
    expect(store.rows[0]).toMatchObject({ labels: { host: '127.0.0.1' }, line: 'one' });
    store.decide = () => 'journal_full';
    for (let i = 0; i < 40; i++) await send(`<13>1 - h a - - - ${i}`);
    await until(() => metrics.of('dropped udp queue_full') > 0);
    store.decide = () => null;
    await until(() => store.rows.length + metrics.of('dropped udp queue_full') === 41);
    socket.close();
  });
});

describe('TLS', () => {
  it('takes messages over TLS, from clients that it knows where it is told to', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'spoor-tls-'));
    const files = { key: path.join(directory, 'key.pem'), cert: path.join(directory, 'cert.pem') };
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', files.key, '-out', files.cert, '-days', '1', '-subj', '/CN=localhost'], { stdio: 'ignore' });
    const [key, cert] = [await readFile(files.key), await readFile(files.cert)];
    const { store, port, log } = await start({ tls: { ...address, options: { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true } } });
    const stranger = connectTls({ port: port('tls'), host: '127.0.0.1', ca: cert, servername: 'localhost' });
    stranger.on('error', () => undefined);
    stranger.resume();
    await new Promise<void>((resolve) => { stranger.once('close', () => resolve()); });
    await until(() => log.lines.some((line) => line.includes('TLS')));
    const socket = connectTls({ port: port('tls'), host: '127.0.0.1', ca: cert, key, cert, servername: 'localhost' });
    await once(socket, 'secureConnect');
    socket.end('21 <13>1 - h a - - - tls');
    await until(() => store.rows.length === 1);
    expect(store.lines).toEqual(['tls']);
    await rm(directory, { recursive: true });
  });
});

it('listens nowhere where one address cannot be had', async () => {
  const { port } = await start({ tcp: address });
  await expect(startSyslog({ ...defaults, udp: address, tls: { host: '127.0.0.1', port: port('tcp'), tenant: 't', options: {} } }, partsOf(new MemoryStore()))).rejects.toThrow('EADDRINUSE');
});
