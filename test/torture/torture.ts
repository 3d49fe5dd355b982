import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberOf, type Figures, type StatusReport } from '../../agent/status/report.ts';
import { freePort, ServerProcess } from '../support/server.ts';
import { randomNumbers } from '../support/random.ts';
import { TroubleProxy, type Fate } from './proxy.ts';
import { verify, type Stored } from './verify.ts';
import type { WriterOptions, Written } from './writer.ts';

/** One run of the torture test. */
export interface TortureOptions {
  /** A directory of its own. */
  readonly root: string;
  readonly containers: number;
  /** Bytes of log files a second, all containers together. */
  readonly bytesPerSecond: number;
  readonly rotateBytes: number;
  readonly files: number;
  readonly recordBytes: number;
  /** For how long it is written. */
  readonly seconds: number;
  /** How often the agent is killed with -9. */
  readonly kills: number;
  /** How often the server is killed with -9, and for how long it is away then. */
  readonly outages: number;
  readonly outageSeconds: number;
  /** Settings of the agent beyond those that every run has. */
  readonly settings: string;
  /** How long after the last line everything has to be there. */
  readonly drainSeconds: number;
  /**
   * Writing rests while more than so many bytes are unread, and while the agent has not answered for some seconds: where a machine has no time for the agent, what rotation deletes says nothing of
   * the agent. Infinity: only while it does not answer.
   */
  readonly unreadBytesMax: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

export interface TortureReport extends Stored {
  readonly rotations: number;
  readonly compressed: number;
  readonly deletedMembers: number;
  readonly kills: number;
  readonly outages: number;
  readonly fates: TroubleProxy['counts'];
  /** Bytes by pod that the agent says it lost. */
  readonly gapBytes: Readonly<Record<string, number>>;
  readonly status: StatusReport;
  /** Most bytes that the disk buffer had, at the looks that were made. */
  readonly bufferBytesMax: number;
  readonly rssBytesMax: number;
  readonly drainedAfterSeconds: number;
  /** For how long writing rested. */
  readonly pausedSeconds: number;
}

const writerPath = new URL('./writer.ts', import.meta.url).pathname;
const agentPath = new URL('../agent/agent-process.ts', import.meta.url).pathname;

/** Limits that a load of its own would meet. */
const serverEnvironment = {
  SPOOR_LIMITS_INGESTION_RATE_MB: '1000', SPOOR_LIMITS_INGESTION_BURST_SIZE_MB: '1000', SPOOR_LIMITS_PER_STREAM_RATE_LIMIT: '1GB', SPOOR_LIMITS_PER_STREAM_RATE_LIMIT_BURST: '1GB',
};

/** Runs it: writes, rotates, kills, cuts, waits until everything that can arrive has arrived, and counts at the server. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { root, say } = options;
  const random = randomNumbers(options.seed);
  mkdirSync(join(root, 'pods'), { recursive: true });
  const startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
  const port = await freePort();
  const startServer = (): Promise<ServerProcess> => ServerProcess.start({ dataDirectory: join(root, 'server'), port, environment: serverEnvironment });
  let server = await startServer();
  const proxy = new TroubleProxy(server.url);
  const agent = new AgentHandle(root, await proxy.listen(), await freePort(), options.settings);
  const writer = startWriter({ ...options, podsDir: join(root, 'pods') });
  const spell = new Spells(random);
  proxy.fate = () => spell.next();
  let outages = 0;
  let kills = 0;
  try {
    agent.start();
    const started = performance.now();
    let pausedMs = 0;
    const elapsed = (): number => (performance.now() - started - pausedMs) / 1000;
    const pace = new Pace(writer, options.unreadBytesMax);
    // Evenly over the time, so that they also meet outages.
    const killAt = Array.from({ length: options.kills }, (_, i) => ((i + 0.3 + random() * 0.4) / options.kills) * options.seconds);
    const outageAt = Array.from({ length: options.outages }, (_, i) => ((i + 0.35) / options.outages) * options.seconds);
    let serverBackAt = -1;
    let saidAt = 0;
    while (elapsed() < options.seconds) {
      await sleep(100);
      if (kills < killAt.length && elapsed() >= (killAt[kills] ?? 0)) {
        kills++;
        await agent.kill();
        await sleep(random() * 700);
        agent.start();
        say(`${elapsed().toFixed(0)} s: agent killed (${kills})`);
      }
      if (outages < outageAt.length && elapsed() >= (outageAt[outages] ?? 0) && serverBackAt < 0) {
        outages++;
        await server.kill();
        serverBackAt = elapsed() + options.outageSeconds;
        say(`${elapsed().toFixed(0)} s: server killed, back after ${options.outageSeconds} s`);
      }
      if (serverBackAt >= 0 && elapsed() >= serverBackAt) {
        serverBackAt = -1;
        server = await startServer();
        say(`${elapsed().toFixed(0)} s: server is back`);
      }
      const status = await agent.look();
      pausedMs += pace.look(status);
      if (status !== null && elapsed() - saidAt >= 5) {
        saidAt = elapsed();
        say(`${saidAt.toFixed(0)} s: ${progressOf(status)}`);
      }
    }
    if (serverBackAt >= 0) server = await startServer();
    const written = await writer.stop();
    say(`${elapsed().toFixed(0)} s: ${written.lines.reduce((sum, lines) => sum + lines, 0)} lines written, ${written.rotations} rotations, ${written.deleted.length} files deleted`);
    proxy.fate = () => 'pass';
    const drainFrom = performance.now();
    const status = await agent.drained(options.drainSeconds * 1000, say);
    const drainedAfterSeconds = (performance.now() - drainFrom) / 1000;
    await agent.stop();
    say(`${elapsed().toFixed(0)} s: drained after ${drainedAfterSeconds.toFixed(0)} s; counting`);
    const stored = await verify(server.url, written, startNs, BigInt(Date.now() + 60_000) * 1_000_000n);
    return {
      ...stored, rotations: written.rotations, compressed: written.compressed, deletedMembers: written.deleted.length, kills, outages, fates: proxy.counts, gapBytes: gapsOf(status), status,
      bufferBytesMax: agent.bufferBytesMax, rssBytesMax: agent.rssBytesMax, drainedAfterSeconds, pausedSeconds: pausedMs / 1000,
    };
  } finally {
    await agent.kill();
    writer.kill();
    await server.kill();
    await proxy.close();
  }
}

/** Lets the writer rest while the agent has no time: see TortureOptions.unreadBytesMax. */
class Pace {
  readonly #writer: Writer;
  readonly #unreadBytesMax: number;
  #answeredMs = performance.now();
  #lookedMs = performance.now();
  #paused = false;

  constructor(writer: Writer, unreadBytesMax: number) {
    this.#writer = writer;
    this.#unreadBytesMax = unreadBytesMax;
  }

  /** Takes a look at the agent; milliseconds of rest since the one before. */
  look(status: StatusReport | null): number {
    const nowMs = performance.now();
    const rested = this.#paused ? nowMs - this.#lookedMs : 0;
    this.#lookedMs = nowMs;
    if (status?.ready === true) this.#answeredMs = nowMs;
    const unread = status === null ? 0 : status.containers.reduce((sum, { figures }) => sum + numberOf(figures['unread_bytes']), 0);
    const pause = nowMs - this.#answeredMs > silenceMs || unread > this.#unreadBytesMax;
    if (pause !== this.#paused) this.#writer.send(pause ? 'pause' : 'resume');
    this.#paused = pause;
    return rested;
  }
}

/** A killed agent is back after less than a second, and needs a little to start. */
const silenceMs = 2500;

/** How far the agent is, in one line. */
function progressOf({ containers, destinations, totals }: StatusReport): string {
  const sum = (rows: readonly { readonly figures: Figures }[], name: string): number => rows.reduce((total, { figures }) => total + numberOf(figures[name]), 0);
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    `unread ${mb(sum(containers, 'unread_bytes'))}`, `behind ${mb(sum(containers, 'behind_bytes'))}`, `queue ${mb(sum(destinations, 'queue_bytes'))}`, `buffer ${mb(sum(destinations, 'buffer_bytes'))}`,
    `lost ${mb(numberOf(totals['lost_bytes']))}`, `read ${mb(numberOf(totals['read_bytes']))}`, `cpu ${numberOf(totals['process_cpu_seconds']).toFixed(1)} s`, `memory ${mb(numberOf(totals['process_resident_memory_bytes']))}`,
  ].join(', ');
}

/** Bytes that were lost, by pod. */
function gapsOf(status: StatusReport): Record<string, number> {
  const gaps: Record<string, number> = {};
  for (const { pod, figures } of status.containers) {
    const bytes = figures['gap_bytes'];
    if (typeof bytes === 'number' && bytes > 0) gaps[pod] = (gaps[pod] ?? 0) + bytes;
  }
  return gaps;
}

/** Troubles come in spells: single pushes fail at any time, and now and then all of them for some seconds. */
class Spells {
  readonly #random: () => number;
  #fate: Fate = 'pass';
  #untilMs = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): Fate {
    if (performance.now() >= this.#untilMs) {
      const kinds: readonly Fate[] = ['busy', 'error', 'cut'];
      this.#fate = this.#random() < 0.3 ? (kinds[Math.floor(this.#random() * kinds.length)] ?? 'busy') : 'pass';
      this.#untilMs = performance.now() + (this.#fate === 'pass' ? 5000 : 2000) * (0.5 + this.#random());
    }
    if (this.#fate !== 'pass') return this.#fate;
    const x = this.#random();
    return x < 0.02 ? 'busy' : x < 0.04 ? 'error' : x < 0.06 ? 'error-after-store' : x < 0.08 ? 'cut' : x < 0.1 ? 'cut-after-store' : 'pass';
  }
}

/** The agent as a process, to be killed and started again. */
class AgentHandle {
  bufferBytesMax = 0;
  rssBytesMax = 0;
  readonly #config: string;
  readonly #port: number;
  #child: ChildProcess | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);

  constructor(root: string, to: string, port: number, settings: string) {
    this.#port = port;
    this.#config = join(root, 'agent.yaml');
    writeFileSync(this.#config, [
      `pods_dir: ${join(root, 'pods')}`, `state_dir: ${join(root, 'state')}`, `to: ${to}`, `listen: 127.0.0.1:${port}`, 'log_level: error', 'kubernetes: {enabled: false}', settings, '',
    ].join('\n'));
  }

  start(): void {
    const child = spawn(process.execPath, [agentPath, '--config', this.#config], { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', resolve));
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM');
    const code = await this.#ended;
    if (code !== 0) throw new Error(`the agent ended with ${code}`);
  }

  /** What it says of itself; null while it does not answer. */
  async status(): Promise<StatusReport | null> {
    try {
      return (await (await fetch(`http://127.0.0.1:${this.#port}/status?format=json`, { signal: AbortSignal.timeout(5000) })).json()) as StatusReport;
    } catch {
      return null;
    }
  }

  /** Notes how large it is. */
  async look(): Promise<StatusReport | null> {
    const status = await this.status();
    if (status === null) return null;
    for (const { figures } of status.destinations) this.bufferBytesMax = Math.max(this.bufferBytesMax, Number(figures['buffer_bytes'] ?? 0));
    this.rssBytesMax = Math.max(this.rssBytesMax, Number(status.totals['process_resident_memory_bytes'] ?? 0));
    return status;
  }

  /** Waits until nothing is left to read or to deliver. */
  async drained(timeoutMs: number, say: (text: string) => void): Promise<StatusReport> {
    const deadline = performance.now() + timeoutMs;
    let quiet = 0;
    for (let round = 0; ; round++) {
      const status = await this.look();
      if (status !== null) {
        const behind = status.containers.reduce((sum, { figures }) => sum + Number(figures['behind_bytes'] ?? 0), 0);
        const waiting = status.destinations.reduce((sum, { figures }) => sum + Number(figures['queue_batches'] ?? 0), 0);
        // Twice in a row, a second apart: a look at the directory may still find something.
        quiet = status.ready && behind === 0 && waiting === 0 ? quiet + 1 : 0;
        if (quiet >= 3) return status;
        if (round % 20 === 19) say(`draining: ${behind} bytes behind, ${waiting} batches wait`);
        if (performance.now() > deadline) throw new Error(`not drained: ${behind} bytes behind, ${waiting} batches wait\n${JSON.stringify(status.destinations)}`);
      } else if (performance.now() > deadline) throw new Error('not drained: the agent does not answer');
      await sleep(500);
    }
  }
}

interface Writer {
  send(message: 'pause' | 'resume'): void;
  stop(): Promise<Written>;
  kill(): void;
}

function startWriter(options: WriterOptions): Writer {
  const { podsDir, containers, bytesPerSecond, rotateBytes, files, recordBytes } = options;
  const child = fork(writerPath, ['write', JSON.stringify({ podsDir, containers, bytesPerSecond, rotateBytes, files, recordBytes })], { execArgv: [], stdio: 'inherit' });
  const ended = new Promise<Written>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Written));
    child.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)));
  });
  ended.catch(() => undefined);
  return {
    send: (message) => {
      child.send(message);
    },
    stop: () => {
      child.send('stop');
      return ended;
    },
    kill: () => child.kill('SIGKILL'),
  };
}
