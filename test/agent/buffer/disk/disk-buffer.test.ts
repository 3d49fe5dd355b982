import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../../../agent/buffer/batch.ts';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { DiskBuffer, type BufferedRecord, type DiskBufferOptions } from '../../../../agent/buffer/disk/disk-buffer.ts';
import { encodeRecord } from '../../../../agent/buffer/disk/record.ts';
import type { SpoorError } from '../../../../src/model/mod.ts';
import { ManualClock } from '../../../../src/model/mod.ts';
import { randomNumbers } from '../../../support/random.ts';
import { temporaryDir } from '../../harness.ts';
import { batchOf, linesOf } from '../batches.ts';

interface Opened {
  readonly buffer: DiskBuffer;
  readonly found: readonly BufferedRecord[];
  readonly damage: { error: SpoorError; rows: number; bytes: number }[];
  readonly failures: unknown[];
}

function openBuffer(dir: string, options: Partial<DiskBufferOptions> = {}, clock = new ManualClock(0n)): Opened {
  const damage: Opened['damage'] = [];
  const failures: unknown[] = [];
  const buffer = new DiskBuffer({ dir, bytesMax: 1e6, segmentBytesMax: 4096, ...options }, {
    damaged: (error, rows, bytes) => damage.push({ error, rows, bytes }), failed: (_, error) => failures.push(error),
  }, clock);
  return { buffer, found: buffer.takeFound(), damage, failures };
}

/** Lines that do not compress. */
function record(...lines: string[]): Buffer {
  const batch = batchOf(lines);
  return encodeRecord(batch, allRows(batch.rows));
}

function read(buffer: DiskBuffer, record: BufferedRecord): string[] | undefined {
  const batch = new Batch(16);
  return buffer.read(record, batch) ? linesOf(batch) : undefined;
}

const segments = (dir: string): string[] => readdirSync(dir).filter((name) => name.endsWith('.buffer')).sort();

describe('the disk buffer', () => {
  it('gives records back in order, also after a restart, and deletes what is delivered', async () => {
    using dir = temporaryDir();
    const first = openBuffer(dir.path);
    const added: BufferedRecord[] = [];
    for (let i = 0; i < 100; i++) added.push(...(await first.buffer.append([record(`a ${i}`), record(`b ${i}`, `c ${i}`)])));
    expect(added).toHaveLength(200);
    expect(first.buffer.records).toBe(200);
    expect(first.buffer.bytes).toBe(segments(dir.path).reduce((sum, name) => sum + statSync(join(dir.path, name)).size, 0));
    expect(segments(dir.path).length).toBeGreaterThan(2);
    expect(read(first.buffer, added[3]!)).toEqual(['b 1', 'c 1']);
    for (const one of added.slice(0, 150)) first.buffer.delivered(one);
    await first.buffer.close();
    const second = openBuffer(dir.path);
    expect(second.found.map((one) => read(second.buffer, one)?.[0])).toEqual(Array.from({ length: 50 }, (_, i) => `${i % 2 === 0 ? 'a' : 'b'} ${75 + Math.floor(i / 2)}`));
    for (const one of second.found) second.buffer.delivered(one);
    expect(second.buffer.bytes).toBe(0);
    await second.buffer.close();
    expect(readdirSync(dir.path)).toEqual([]);
    expect([...first.damage, ...second.damage, ...first.failures, ...second.failures]).toEqual([]);
  });

  it('cuts a torn end off wherever it is torn, and goes on', async () => {
    using dir = temporaryDir();
    const whole = openBuffer(dir.path);
    await whole.buffer.append([record('one'), record('two')]);
    await whole.buffer.close();
    const [name = ''] = segments(dir.path);
    const bytes = readFileSync(join(dir.path, name));
    const firstLength = record('one').length;
    for (let length = 0; length < bytes.length; length++) {
      rmSync(dir.path, { recursive: true });
      mkdirSync(dir.path);
      writeFileSync(join(dir.path, name), bytes.subarray(0, length));
      const cut = openBuffer(dir.path);
      expect(cut.found.map((one) => read(cut.buffer, one)), `${length} bytes`).toEqual(length >= firstLength ? [['one']] : []);
      expect(cut.damage).toEqual([]);
      await cut.buffer.append([record('three')]);
      await cut.buffer.close();
      const again = openBuffer(dir.path);
      expect(again.found.map((one) => read(again.buffer, one)?.[0])).toEqual(length >= firstLength ? ['one', 'three'] : ['three']);
      await again.buffer.close();
    }
  });

  it('skips what is damaged, says so, and reads what stands behind it', async () => {
    using dir = temporaryDir();
    const lines = ['one', 'two', 'three'];
    const whole = openBuffer(dir.path);
    await whole.buffer.append(lines.map((line) => record(line)));
    await whole.buffer.close();
    const [name = ''] = segments(dir.path);
    const path = join(dir.path, name);
    const bytes = readFileSync(path);
    const random = randomNumbers(1);
    for (let attempt = 0; attempt < 200; attempt++) {
      const changed = Buffer.from(bytes);
      const at = Math.floor(random() * bytes.length);
      changed[at]! ^= 1 << Math.floor(random() * 8);
      // Another version is no damage.
      if (at % record('one').length === 3) continue;
      writeFileSync(path, changed);
      rmSync(`${path}.done`, { force: true });
      const opened = openBuffer(dir.path);
      const found = opened.found.map((one) => read(opened.buffer, one)?.[0]).filter((line) => line !== undefined);
      await opened.buffer.close();
      const hit = Math.floor(at / record('one').length);
      // A broken header of the last record cannot be told from a torn end.
      expect(found, `bit of byte ${at}`).toEqual(lines.filter((_, i) => i !== hit));
      if (hit < 2) expect(opened.damage.length, `byte ${at}`).toBeGreaterThan(0);
      if (hit < 2) expect(opened.damage[0]?.error.code).toBe('agent_buffer_damaged');
    }
  });

  it('leaves alone what a newer spoor wrote', () => {
    using dir = temporaryDir();
    const bytes = record('one');
    bytes[3] = 2;
    writeFileSync(join(dir.path, '000000000001.buffer'), bytes);
    expect(() => openBuffer(dir.path)).toThrow(expect.objectContaining({ code: 'format_version' }));
    expect(segments(dir.path)).toHaveLength(1);
  });

  it('ignores damaged notes of what is delivered: those records come again', async () => {
    using dir = temporaryDir();
    const first = openBuffer(dir.path);
    const added = await first.buffer.append(['a', 'b', 'c'].map((line) => record(line)));
    first.buffer.delivered(added[0]!);
    first.buffer.delivered(added[1]!);
    await first.buffer.close();
    const notes = join(dir.path, `${segments(dir.path)[0]}.done`);
    const bytes = readFileSync(notes);
    bytes[9]! ^= 1;
    writeFileSync(notes, bytes);
    appendFileSync(notes, 'xyz');
    const second = openBuffer(dir.path);
    expect(second.found.map((one) => read(second.buffer, one)?.[0])).toEqual(['b', 'c']);
    truncateSync(notes, 3);
    await second.buffer.close();
    const third = openBuffer(dir.path);
    expect(third.found).toHaveLength(3);
    await third.buffer.close();
  });

  it('takes no more than it may have, and takes again when some is delivered', async () => {
    using dir = temporaryDir();
    const clock = new ManualClock(0n);
    const { buffer } = openBuffer(dir.path, { bytesMax: 5000, segmentBytesMax: 1000 }, clock);
    const random = randomNumbers(2);
    const large = (): Buffer => record(Array.from({ length: 700 }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join(''));
    const added: BufferedRecord[] = [];
    for (let more = await buffer.append([large()]); more.length > 0; more = await buffer.append([large()])) added.push(...more);
    expect(buffer.bytes).toBeLessThanOrEqual(5000);
    expect(added.length).toBeGreaterThan(4);
    expect(buffer.open).toBe(false);
    for (const one of added.slice(0, 3)) buffer.delivered(one);
    clock.advanceMs(1000);
    expect(buffer.open).toBe(true);
    expect(await buffer.append([large()])).toHaveLength(1);
    await buffer.close();
  });

  it('keeps what it has where writing fails, and tries again later', async () => {
    using dir = temporaryDir();
    const clock = new ManualClock(0n);
    const inner = join(dir.path, 'buffer');
    const { buffer, failures } = openBuffer(inner, { segmentBytesMax: 50 }, clock);
    const [kept] = await buffer.append([record('one')]);
    // The next segment cannot be made.
    writeFileSync(join(inner, '000000000002.buffer'), 'in the way');
    expect(await buffer.append([record('two')])).toEqual([]);
    expect(failures).toHaveLength(1);
    expect(buffer.open).toBe(false);
    rmSync(join(inner, '000000000002.buffer'));
    clock.advanceMs(10_000);
    expect(buffer.open).toBe(true);
    const [again] = await buffer.append([record('two')]);
    expect([read(buffer, kept!), read(buffer, again!)]).toEqual([['one'], ['two']]);
    await buffer.close();
  });

  it('keeps what it has on a full disk, and goes on when there is room', async (context) => {
    using dir = temporaryDir();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', dir.path]);
    if (mounted.status !== 0) return context.skip('needs to mount a small file system');
    try {
      const clock = new ManualClock(0n);
      const { buffer, failures } = openBuffer(join(dir.path, 'buffer'), { segmentBytesMax: 20_000 }, clock);
      const random = randomNumbers(6);
      const large = (): Buffer => record(Array.from({ length: 7000 }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join(''));
      const added: BufferedRecord[] = [];
      for (let more = await buffer.append([large()]); more.length > 0; more = await buffer.append([large()])) added.push(...more);
      expect((failures[0] as NodeJS.ErrnoException).code).toBe('ENOSPC');
      expect(buffer.open).toBe(false);
      expect(added.length).toBeGreaterThan(5);
      expect(added.map((one) => read(buffer, one)?.length)).toEqual(added.map(() => 1));
      for (const one of added.slice(0, 8)) buffer.delivered(one);
      clock.advanceMs(10_000);
      expect(await buffer.append([large()])).toHaveLength(1);
      await buffer.close();
      const again = openBuffer(join(dir.path, 'buffer'), {}, clock);
      expect(again.found.map((one) => read(again.buffer, one)?.length)).toEqual(Array.from({ length: added.length - 8 + 1 }, () => 1));
      expect(again.damage).toEqual([]);
      await again.buffer.close();
    } finally {
      spawnSync('umount', ['-l', dir.path]);
    }
  });

  it('loses nothing and gives nothing twice when it is killed at any moment', { timeout: 120_000 }, async () => {
    using dir = temporaryDir();
    const random = randomNumbers(3);
    const appended = new Set<number>();
    const delivered = new Set<number>();
    let doubtful = new Set<number>();
    for (let round = 0; round < 12; round++) {
      const child = spawn(process.execPath, [new URL('./writer-process.ts', import.meta.url).pathname, dir.path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      let said = '';
      child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
      for (const start = performance.now(); !said.includes('open') && performance.now() - start < 60_000; ) await sleep(5);
      await sleep(random() * 120);
      child.kill('SIGKILL');
      await exited;
      const words = said.split('\n').slice(0, -1).map((line) => line.split(' '));
      const found = new Map<number, number>();
      for (const [word, text] of words) {
        const n = Number(text);
        if (word === 'found') found.set(n, (found.get(n) ?? 0) + 1);
      }
      if (words.some(([word]) => word === 'open')) {
        for (const n of appended) if (!delivered.has(n) && !doubtful.has(n)) expect(found.get(n), `round ${round}: ${n} was durable`).toBe(1);
        // Killed between the two words: what does not come again was delivered.
        for (const n of doubtful) if (!found.has(n)) delivered.add(n);
        for (const [n, times] of found) expect([times, delivered.has(n)], `round ${round}: ${n}`).toEqual([1, false]);
        doubtful = new Set();
      }
      for (const [word, text] of words) {
        if (word === 'found') appended.add(Number(text));
        if (word === 'added') appended.add(Number(text));
        // Said before it is done: killed in between, either is right.
        if (word === 'delivering') doubtful.add(Number(text));
        if (word === 'delivered') {
          delivered.add(Number(text));
          doubtful.delete(Number(text));
        }
      }
    }
    expect(appended.size).toBeGreaterThan(20);
    expect(delivered.size).toBeGreaterThan(5);
    const last = openBuffer(dir.path);
    const left = last.found.map((one) => Number(read(last.buffer, one)?.[0])).filter((n) => !doubtful.has(n));
    expect(left.filter((n) => appended.has(n)).sort((a, b) => a - b)).toEqual([...appended].filter((n) => !delivered.has(n) && !doubtful.has(n)).sort((a, b) => a - b));
    expect(last.damage).toEqual([]);
    for (const one of last.found) last.buffer.delivered(one);
    await last.buffer.close();
    expect(existsSync(dir.path) && readdirSync(dir.path)).toEqual([]);
  });
});
