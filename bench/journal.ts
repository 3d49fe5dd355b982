import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDiskJournal, recordId } from '../src/journal/mod.ts';
import { systemClock } from '../src/model/mod.ts';

/**
 * Appends, reopens and reads a disk journal: `node bench/journal.ts [--mb 512] [--record-kb 256] [--concurrency 16] [--partitions 2] [--dir DIR]`.
 * Prints one JSON line per phase: megabytes (2^20) per second, and CPU milliseconds (user and system, all threads) per megabyte.
 */
const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '512' },
    'record-kb': { type: 'string', default: '256' },
    concurrency: { type: 'string', default: '16' },
    partitions: { type: 'string', default: '2' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const mb = Number(values.mb);
const recordBytes = Number(values['record-kb']) * 1024;
const concurrency = Number(values.concurrency);
const partitions = Number(values.partitions);
const count = Math.ceil((mb * 2 ** 20) / recordBytes);
const directory = await mkdtemp(join(values.dir, 'spoor-bench-journal-'));
const settings = { directory, partitions, clock: systemClock };
const sample = randomBytes(recordBytes);

try {
  let journal = await openDiskJournal(settings);
  const latencies: number[] = [];
  await phase('append', async () => {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let n = next++; n < count; n = next++) {
        const started = performance.now();
        await journal.append(n % partitions, sample, `record ${n}`);
        latencies.push(performance.now() - started);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  });
  latencies.sort((a, b) => a - b);
  const percentile = (part: number): number => round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0);
  print({ phase: 'append latency', p50Ms: percentile(0.5), p99Ms: percentile(0.99), maxMs: percentile(1) });
  await journal.close();

  await phase('open (check every byte)', async () => {
    journal = await openDiskJournal(settings);
  });
  await phase('read', async () => {
    await Promise.all(Array.from({ length: partitions }, async (_, partition) => {
      const { next } = await journal.bounds(partition);
      for await (const { position } of journal.read(partition, 1n, new AbortController().signal)) if (position === next - 1n) break;
    }));
  });
  await journal.close();
  await phase('record ids (SHA-256)', async () => {
    for (let n = 0; n < count; n++) recordId(sample);
  });
} finally {
  await rm(directory, { recursive: true });
}

async function phase(name: string, run: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await run();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  print({ phase: name, mb, recordKb: recordBytes / 1024, mbPerSecond: round(mb / (ms / 1000)), cpuMsPerMb: round((user + system) / 1000 / mb), userMsPerMb: round(user / 1000 / mb), rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20) });
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function print(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
