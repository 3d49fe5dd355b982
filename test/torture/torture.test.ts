import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { torture, type TortureOptions, type TortureReport } from './torture.ts';
import { podName } from './writer.ts';

/*
 * The torture test at a size that two loaded cores bear: the same parts as `node test/torture/main.ts`, a tenth of the rate, rotation at 1 MiB, fewer kills. How long it is written is fixed; what
 * must be true at the end is not a matter of time.
 */
const mib = 2 ** 20;
const recordBytes = 200;
const small: Omit<TortureOptions, 'root' | 'settings' | 'seed'> = {
  containers: 4, bytesPerSecond: 1_000_000, rotateBytes: mib, files: 5, recordBytes, seconds: 40, kills: 5, outages: 1, outageSeconds: 12, drainSeconds: 240, unreadBytesMax: 6 * mib,
  say: () => undefined,
};

async function run(options: Omit<TortureOptions, 'root'>): Promise<TortureReport> {
  const root = mkdtempSync(join(tmpdir(), 'spoor-torture-'));
  try {
    return await torture({ ...options, root });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

describe('the agent under torture', () => {
  it('loses nothing and doubles nothing while the disk buffer has room', { timeout: 480_000 }, async () => {
    const report = await run({ ...small, settings: 'buffer: {size_max: 2GB}\nretry: {wait_max: 2s}', seed: 1 });
    expect(report).toMatchObject({ stored: report.written, missing: 0, doubles: 0, gapBytes: {}, kills: small.kills, outages: 1 });
    expect(report.written).toBeGreaterThan(100_000);
    expect(report.deletedMembers).toBeGreaterThan(0);
    expect(report.compressed).toBeGreaterThan(0);
    // The buffer was needed.
    expect(report.bufferBytesMax).toBeGreaterThan(0);
  });

  // Without kill -9: what was delivered in the last moments before one counts as a gap if it is also deleted before the agent is back, and then the agent says more than was lost, never less.
  it('counts every byte that was deleted unread while the disk buffer was full, and loses no other', { timeout: 480_000 }, async () => {
    const report = await run({
      ...small, bytesPerSecond: 1_500_000, files: 3, unreadBytesMax: Infinity, seconds: 42, kills: 0, outageSeconds: 30, settings: 'buffer: {size_max: 1MB}\nbatch: {queue_size_max: 1MB}\nread: {deleted_size_max: 1MB}\nretry: {wait_max: 2s}', seed: 2,
    });
    expect(report).toMatchObject({ doubles: 0, missingElsewhere: 0, examples: [] });
    expect(report.missing, 'the buffer did not fill').toBeGreaterThan(0);
    const missingBytes = Object.fromEntries(report.missingOf.flatMap((lines, container) => (lines === 0 ? [] : [[podName(container), lines * recordBytes]])));
    expect(report.gapBytes).toEqual(missingBytes);
  });
});
