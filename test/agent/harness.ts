import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { parseAgentConfig } from '../../agent/config/load.ts';
import { runAgent, type AgentSurroundings } from '../../agent/mod.ts';

/** A directory that goes away with the test. */
export function temporaryDir(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'spoor-agent-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Settings that make an agent quick. */
export const quickSettings = {
  read: { interval: '5ms', poll_interval: '20ms', scan_interval: '50ms', rotate_wait: '50ms' },
  batch: { wait_max: '20ms' },
  retry: { wait_min: '5ms', wait_max: '50ms' },
  checkpoint_interval: '20ms',
  shutdown_timeout: '5s',
  kubernetes: { enabled: false },
} as const;

/** An agent in this process. */
export interface RunningAgent {
  /** Stops it as SIGTERM does. */
  stop(): Promise<void>;
}

/** Starts an agent on `root`/pods with its state in `root`/state. */
export function startAgent(root: string, to: string | undefined, settings: Readonly<Record<string, unknown>> = {}, surroundings: AgentSurroundings = {}): RunningAgent {
  const stop = new AbortController();
  const options = parseAgentConfig('', 'test', { pods_dir: join(root, 'pods'), state_dir: join(root, 'state'), ...(to === undefined ? {} : { to }), ...quickSettings, ...settings }, {});
  const running = runAgent(options, stop.signal, { log: pino({ level: 'silent' }), environment: {}, ...surroundings });
  running.catch(() => undefined);
  return {
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Starts an agent in a process of its own, to be killed. */
export function spawnAgent(root: string, to: string, extra = ''): ChildProcess {
  const config = join(root, 'agent.yaml');
  mkdirSync(root, { recursive: true });
  rmSync(config, { force: true });
  appendFileSync(config, [
    `pods_dir: ${join(root, 'pods')}`, `state_dir: ${join(root, 'state')}`, `to: ${to}`,
    'read: {interval: 5ms, poll_interval: 20ms, scan_interval: 100ms, rotate_wait: 50ms}', 'batch: {size_max: 64KB, wait_max: 20ms, queue_size_max: 256KB}',
    'retry: {wait_min: 5ms, wait_max: 50ms}', 'checkpoint_interval: 30ms', 'kubernetes: {enabled: false}', extra, '',
  ].join('\n'));
  const entry = new URL('./agent-process.ts', import.meta.url).pathname;
  return spawn(process.execPath, [entry, '--config', config, '--log-level', 'error'], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
  for (const start = performance.now(); !condition(); await sleep(10)) {
    if (performance.now() - start > timeoutMs) throw new Error(`waited in vain: ${what}`);
  }
}

/** `<root>/pods/<ns>_<pod>_<uid>/<container>/0.log`, with its directory made. */
export function logPath(root: string, pod = 'web-6d5f8c7b9-x2x4z', container = 'main', namespace = 'shop', uid = 'u-1', restart = 0): string {
  const path = join(root, 'pods', `${namespace}_${pod}_${uid}`, container, `${restart}.log`);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** A CRI record. `n` makes its time: one microsecond after the record n − 1. */
export function cri(n: number, message: string, stream = 'stdout', tag = 'F'): string {
  const micros = String(n % 1_000_000).padStart(6, '0');
  const seconds = new Date(Date.UTC(2026, 10, 20) + Math.floor(n / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${micros}000Z ${stream} ${tag} ${message}\n`;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
