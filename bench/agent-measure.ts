/** Measures one reader of log files: from an empty state until the sink has had all for a while. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { work } from './corpus.ts';
import { cpuSeconds, freePort, loadAverage, peakMiB, residentMiB } from './machine.ts';
import type { Reader } from './agent-systems.ts';

/** A corpus of container log files. */
export interface CriCorpus {
  readonly pods: number;
  readonly bytes: number;
  readonly lines: number;
  readonly podsDir: string;
}

export interface ReaderFigures {
  readonly id: string;
  readonly name: string;
  readonly what: string;
  readonly pods: number;
  readonly bytes: number;
  readonly lines: number;
  /** Lines that were delivered; null where it does not say. */
  readonly delivered: number | null;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly sentBytes: number;
  readonly requests: number;
  readonly peakMiB: number;
  readonly restMiB: number;
  readonly loadAverage: number;
}

const quietMs = 3000;

export async function measureReader(reader: Reader, corpus: CriCorpus, shared: string): Promise<ReaderFigures> {
  const folder = path.join(work, `agent-${reader.id}-${corpus.pods}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const load = loadAverage();
  const sinkPort = await freePort();
  const sink = spawn(process.execPath, [path.join(shared, 'sink.mjs'), String(sinkPort), '200'], { stdio: 'ignore' });
  const count = async (): Promise<{ bytes: number; requests: number }> => (await (await fetch(`http://127.0.0.1:${sinkPort}/count`)).json()) as { bytes: number; requests: number };
  await until(async () => (await count()).requests === 0, 10_000);
  const place = { podsDir: corpus.podsDir, folder, sinkPort, statusPort: await freePort() };
  const start = performance.now();
  const child = reader.spawn(place);
  const pid = child.pid ?? -1;
  try {
    let last = { bytes: 0, requests: 0 };
    let changed = start;
    let cpu = 0;
    for (;;) {
      await sleep(100);
      if (child.exitCode !== null) throw new Error(`${reader.name} ended with ${child.exitCode}: ${readFileSync(path.join(folder, 'log'), 'utf8').slice(-2000)}`);
      const now = await count();
      if (now.requests !== last.requests) {
        last = now;
        changed = performance.now();
        cpu = cpuSeconds(pid);
      } else if (last.requests > 0 && performance.now() - changed > quietMs) break;
      if (performance.now() - start > 900_000) throw new Error(`${reader.name} took more than 15 minutes`);
    }
    const delivered = await reader.delivered(place);
    return {
      id: reader.id, name: reader.name, what: reader.what, pods: corpus.pods, bytes: corpus.bytes, lines: corpus.lines, delivered, seconds: (changed - start) / 1000, cpuSeconds: cpu,
      sentBytes: last.bytes, requests: last.requests, peakMiB: peakMiB(pid), restMiB: residentMiB(pid), loadAverage: load,
    };
  } finally {
    child.kill('SIGTERM');
    sink.kill('SIGTERM');
    await Promise.race([new Promise((resolve) => child.once('exit', resolve)), sleep(15_000)]);
    if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(path.join(folder, 'state'), { recursive: true, force: true });
  }
}

async function until(condition: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  for (const start = performance.now(); ; await sleep(50)) {
    if (await condition().catch(() => false)) return;
    if (performance.now() - start > timeoutMs) throw new Error('the sink did not start');
  }
}
