/** What Linux says of a process and of files: CPU time, memory, sizes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';

/** CPU seconds of the threads that a process has now, to the microsecond; a thread that ended in between is missed. */
export function threadCpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // It ended while we looked.
    }
  }
  return nanoseconds / 1e9;
}

/** CPU seconds of a process since it started, to the hundredth, threads that ended included. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Most memory that a process held since it started or since resetPeak (MiB). */
export function peakMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM');
}

/** Memory that a process holds now (MiB). */
export function residentMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS');
}

/** Lets peakMiB start again from what the process holds now. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function statusMiB(pid: number, field: string): number {
  const found = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(found?.[1]) / 1024);
}

/** Bytes and number of the files under a folder. */
export function sizeOf(folder: string): { readonly bytes: number; readonly files: number } {
  let bytes = 0;
  let files = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += statSync(path.join(entry.parentPath, entry.name)).size;
    files++;
  }
  return { bytes, files };
}

const dropper = `
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        try:
            handle = os.open(os.path.join(folder, name), os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)
        except OSError:
            pass
`;

/** Takes the files under a folder out of the page cache (Python has the system call, Node does not); false where it cannot. */
export function dropFileCache(folder: string): boolean {
  spawnSync('sync', ['-f', folder]);
  return spawnSync('python3', ['-c', dropper, folder]).status === 0;
}

/** Load of the machine over the last minute. */
export function loadAverage(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}

/** The commit that is measured, with a mark where the sources differ from it. */
export function commit(folder: string): string {
  const git = (...args: readonly string[]): string => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', 'src', 'cli', 'bin') === '' ? '' : ' and uncommitted changes');
  } catch {
    return 'no checkout';
  }
}

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}

/**
 * Milliseconds of a fixed piece of work like that of a log store (a hash over bytes one after the other, a search for bytes that are not there), best of seven: what the
 * machine can do at the moment.
 */
export function calibrate(): number {
  const bytes = new Uint8Array(16 * 2 ** 20);
  let state = 1;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = 32 + (state >>> 26);
  }
  const buffer = Buffer.from(bytes.buffer);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const start = performance.now();
    let hash = 2_166_136_261;
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 16_777_619);
    let at = 0;
    for (let i = 0; i < 20; i++) at += buffer.indexOf(`\0absent${hash & 7}${at & 1}`);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
