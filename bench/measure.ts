/** Measures one system on one corpus: ingest, first runs after a restart, best of three. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { load, work, type Corpus, type Loaded } from './corpus.ts';
import { dropFileCache, peakMiB, residentMiB, sizeOf, threadCpuSeconds } from './machine.ts';
import { startMinio, type Minio } from './minio.ts';
import { ask, type Answer, type Query } from './queries.ts';
import { start, type Running, type System, type SystemName } from './systems.ts';

/** One query on one system. */
export interface Asked {
  readonly id: string;
  readonly firstMs: number;
  readonly firstCpuSeconds: number;
  readonly bestMs: number;
  readonly bestCpuSeconds: number;
  readonly digest: string;
  readonly amount: number;
  /** Requests to the object store and bytes read from it in the first run; of spoor only. */
  readonly firstRequests: number | null;
  readonly firstReadBytes: number | null;
  /** Requests in the runs after it, the fewest. */
  readonly bestRequests: number | null;
}

/** One system on one corpus. */
export interface Figures {
  readonly name: SystemName;
  readonly load: Loaded;
  readonly peakQueryMiB: number;
  readonly restMiB: number;
  readonly storedMB: number;
  readonly files: number;
  /** With journals and whatever else lies in the data directory. */
  readonly dataMB: number;
  /** Requests to the object store while loading, by operation; of spoor only. */
  readonly requests: Readonly<Record<string, number>> | null;
  readonly writtenMB: number | null;
  /** Requests to the object store of a start; of spoor only. */
  readonly startRequests: number | null;
  readonly eventLoopP99Ms: number | null;
  readonly queries: readonly Asked[];
}

export interface MeasureOptions {
  /** A MinIO binary: objects go there. The system is told by its environment. */
  readonly minio?: { readonly binary: string; system(environment: Readonly<Record<string, string>>): System };
  /** Runs after the first. */
  readonly runs: number;
  readonly log: (text: string) => void;
}

/** Runs of queries that took longer than this are repeated only once. */
const slowMs = 4000;

export async function measure(plain: System, corpus: Corpus, queries: readonly Query[], { minio: s3, runs, log }: MeasureOptions): Promise<Figures> {
  const data = path.join(work, 'data');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const own = path.join(data, 'own');
  mkdirSync(own);
  const minio: Minio | undefined = s3 === undefined ? undefined : await startMinio(s3.binary, path.join(data, 'minio'));
  const system = s3 === undefined || minio === undefined ? plain : s3.system(minio.environment);
  try {
    log(`${system.name}${minio === undefined ? '' : ' on S3'}: loading ${Math.round(corpus.manifest.rawBytes / 1e6)} MB`);
    const loading = await start(system, own);
    let loaded: Omit<Figures, 'name' | 'queries' | 'peakQueryMiB' | 'startRequests' | 'storedMB' | 'files' | 'dataMB'>;
    try {
      const figures = load(corpus, loading.url + system.pushPath, loading.url + system.flushPath, loading.pid);
      const counters = system.name === 'spoor' ? await readCounters(loading.url) : null;
      loaded = { load: figures, restMiB: residentMiB(loading.pid), requests: counters?.requests ?? null, writtenMB: counters === null ? null : counters.writtenBytes / 1e6, eventLoopP99Ms: counters?.eventLoopP99Ms ?? null };
    } finally {
      await loading.stop();
    }
    // Loki's log of what is flushed by now would only be replayed; the others have none left.
    rmSync(path.join(own, 'wal'), { recursive: true, force: true });
    const stored = minio === undefined ? sizeOf(path.join(own, system.storedPath)) : await minio.stored();
    const dataMB = sizeOf(data).bytes / 1e6;
    const asked = await askAll(system, own, data, corpus, queries.filter((query) => system.language === 'LogQL' || query.logsql !== undefined), runs, log);
    return { name: system.name, ...loaded, storedMB: stored.bytes / 1e6, files: stored.files, dataMB, ...asked };
  } finally {
    await minio?.close();
    rmSync(data, { recursive: true, force: true });
  }
}

/** First runs on files that are in no cache: of systems that start fast each in a new process, of others all in one. Then the runs of which the best counts. */
async function askAll(system: System, own: string, data: string, corpus: Corpus, queries: readonly Query[], runs: number, log: (text: string) => void): Promise<Pick<Figures, 'queries' | 'peakQueryMiB' | 'startRequests'>> {
  const firsts = new Map<string, Run>();
  if (system.startsFast) {
    for (const query of queries) {
      emptyCaches(system, own, data);
      const running = await start(system, own);
      try {
        firsts.set(query.id, await timed(running, query, corpus, 0));
      } finally {
        await running.stop();
      }
    }
  }
  emptyCaches(system, own, data);
  const running = await start(system, own);
  try {
    const startRequests = system.name === 'spoor' ? total((await readCounters(running.url)).requests) : null;
    const asked: Asked[] = [];
    for (const query of queries) {
      if (!system.startsFast) dropFileCache(data);
      // After a new process the same query again, so that what lies in memory lies there.
      const warm = await timed(running, query, corpus, system.startsFast ? 1 : 0);
      const first = firsts.get(query.id) ?? warm;
      const times = warm.ms > slowMs ? 1 : runs;
      const others: Run[] = [];
      for (let run = 2; run < 2 + times; run++) others.push(await timed(running, query, corpus, run));
      const best = others.reduce((a, b) => (b.ms < a.ms ? b : a));
      // Entries stay the same where the end moves by a millisecond; samples move with it.
      const odd = query.kind === 'logs' ? [warm, ...others].find(({ digest }) => digest !== first.digest) : undefined;
      if (odd !== undefined) log(`${system.name} ${query.id}: first ${first.digest}, later ${odd.digest}`);
      asked.push({
        id: query.id, firstMs: round(first.ms, 1), firstCpuSeconds: round(first.cpuSeconds, 3), bestMs: round(best.ms, 1), bestCpuSeconds: round(best.cpuSeconds, 3), digest: first.digest, amount: first.amount,
        firstRequests: first.requests, firstReadBytes: first.readBytes, bestRequests: others.every(({ requests }) => requests === null) ? null : Math.min(...others.map(({ requests }) => requests ?? 0)),
      });
      log(`${system.name} ${query.id.padEnd(18)} ${first.ms.toFixed(1).padStart(9)} ${best.ms.toFixed(1).padStart(9)} ms  ${best.cpuSeconds.toFixed(3)} s  ${first.requests ?? ''} ${first.digest}`);
    }
    return { queries: asked, peakQueryMiB: peakMiB(running.pid), startRequests };
  } finally {
    await running.stop();
  }
}

/** Takes away what a system caches on its disk, and the files from the page cache. Only while it does not run. */
function emptyCaches({ cachePath }: System, own: string, data: string): void {
  if (cachePath !== null) rmSync(path.join(own, cachePath), { recursive: true, force: true });
  dropFileCache(data);
}

interface Run extends Answer {
  readonly cpuSeconds: number;
  readonly requests: number | null;
  readonly readBytes: number | null;
}

async function timed({ system, url, pid }: Running, query: Query, corpus: Corpus, run: number): Promise<Run> {
  const before = system.name === 'spoor' ? await readCounters(url) : null;
  const cpu = threadCpuSeconds(pid);
  const answer = await ask(system, url, query, corpus, run);
  const cpuSeconds = threadCpuSeconds(pid) - cpu;
  const after = before === null ? null : await readCounters(url);
  return { ...answer, cpuSeconds, requests: after === null || before === null ? null : total(after.requests) - total(before.requests), readBytes: after === null || before === null ? null : after.readBytes - before.readBytes };
}

interface Counters {
  readonly requests: Readonly<Record<string, number>>;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly eventLoopP99Ms: number | null;
}

/** spoor's own counters. */
export async function readCounters(url: string): Promise<Counters> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number | null => {
    const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text);
    return found === null ? null : Number(found[1]);
  };
  const delay = value('spoor_event_loop_delay_p99_seconds');
  return {
    requests: Object.fromEntries([...text.matchAll(/^spoor_object_store_requests\{operation="(\w+)"\} (\S+)$/gm)].map(([, operation, count]) => [operation ?? '', Number(count)])),
    readBytes: value('spoor_object_store_read_bytes') ?? 0,
    writtenBytes: value('spoor_object_store_written_bytes') ?? 0,
    eventLoopP99Ms: delay === null ? null : Math.round(delay * 1000),
  };
}

/** All requests together. */
export function total(requests: Readonly<Record<string, number>>): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
