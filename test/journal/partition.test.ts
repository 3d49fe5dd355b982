import { describe, expect, test } from 'vitest';
import type { JournalFiles } from '../../src/journal/files.ts';
import { readCount } from '../contract/journal.ts';
import { countingDisk, openOn, record } from './counting-disk.ts';
import { ForgetfulDisk, randomFrom } from './forgetful-files.ts';

describe('group commit', () => {
  test('appends that arrive while one is synced share the next write and fsync', async () => {
    const { fs, counts } = countingDisk();
    const journal = await openOn(fs);
    const before = { ...counts };
    const first = journal.append(0, record(10), 'first');
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const rest = Array.from({ length: 50 }, (_, i) => journal.append(0, record(10), `rest ${i}`));
    await Promise.all([first, ...rest]);
    expect(counts['write']! - before['write']!).toBe(2);
    expect(counts['sync']! - before['sync']!).toBe(2);
    await journal.close();
  });

  test('with an interval, an append waits for others', async () => {
    const { fs, counts } = countingDisk();
    const journal = await openOn(fs, { fsyncIntervalMs: 30 });
    const before = counts['sync']!;
    const first = journal.append(0, record(10), 'first');
    await new Promise((resolve) => setTimeout(resolve, 3));
    const second = journal.append(0, record(10), 'second');
    expect(await Promise.all([first, second])).toMatchObject([{ position: 1n }, { position: 2n }]);
    expect(counts['sync']! - before).toBe(1);
    await journal.close();
  });

  test('an append is not answered before it is durable', async () => {
    const disk = new ForgetfulDisk(() => 0.1);
    const fs = disk.mount();
    let journal = await openOn(fs);
    await journal.append(0, record(10), 'durable');
    let answered = false;
    const lost = journal.append(0, record(10), 'lost').then(() => (answered = true), () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    disk.crash();
    await lost;
    expect(answered).toBe(false);
    journal = await openOn(disk.mount());
    expect((await journal.bounds(0)).next).toBe(2n);
  });
});

describe('a disk that fails', () => {
  test.each(['write', 'sync'])('%s: the waiting appends fail, what follows goes to a new file, and nothing is lost or doubled', async (operation) => {
    const { disk, fs, failing } = countingDisk();
    let journal = await openOn(fs);
    await journal.append(0, record(10), 'before');
    failing.add(operation);
    const waiting = [1, 2, 3].map((n) => journal.append(0, record(10), `waiting ${n}`));
    for (const append of waiting) await expect(append).rejects.toMatchObject({ code: 'journal_write', retryable: true });
    await expect(journal.append(0, record(10), 'still')).rejects.toMatchObject({ code: 'journal_write', message: expect.stringContaining('EIO') });
    expect((await journal.bounds(0)).next).toBe(2n);
    failing.clear();
    // The clients repeat.
    expect(await Promise.all([1, 2, 3].map((n) => journal.append(0, record(10), `waiting ${n}`)))).toEqual([2n, 3n, 4n].map((position) => ({ position, duplicate: false })));
    expect(disk.names('/journal/partition-0').sort()).toEqual(['00000000000000000001.journal', '00000000000000000002.journal', 'state']);
    expect(await readCount(journal, 0, 1n, 4)).toHaveLength(4);
    disk.crash();
    journal = await openOn(disk.mount());
    expect((await journal.bounds(0)).next).toBe(5n);
    expect(await readCount(journal, 0, 1n, 4)).toHaveLength(4);
  });

  test('an append that waited for a failed one with the same id is written itself', async () => {
    const { fs, failing } = countingDisk();
    const journal = await openOn(fs);
    failing.add('sync');
    const first = journal.append(0, record(10), 'same');
    const second = journal.append(0, record(10), 'same');
    const third = journal.append(0, record(10), 'same');
    await expect(first).rejects.toMatchObject({ code: 'journal_write' });
    failing.clear();
    expect(await second).toEqual({ position: 1n, duplicate: false });
    expect(await third).toEqual({ position: 1n, duplicate: true });
    expect((await journal.bounds(0)).next).toBe(2n);
    await journal.close();
  });

  test('a failed append gives its space back', async () => {
    const { fs, failing } = countingDisk();
    const journal = await openOn(fs, { bytesMax: 1000 });
    failing.add('write');
    for (let i = 0; i < 5; i++) await expect(journal.append(0, record(500), 'big')).rejects.toMatchObject({ code: 'journal_write' });
    failing.clear();
    expect(await journal.append(0, record(500), 'big')).toEqual({ position: 1n, duplicate: false });
    await expect(journal.append(0, record(500), 'more')).rejects.toMatchObject({ code: 'journal_full' });
    await journal.close();
  });

  test.each(['create', 'rename', 'syncDirectory'])('%s: a file cannot be begun, and is once the disk works again', async (operation) => {
    const { disk, fs, failing } = countingDisk();
    let journal = await openOn(fs, { fileBytesMax: 300 });
    await journal.append(0, record(200), 'one');
    failing.add(operation);
    await expect(journal.append(0, record(200), 'two')).rejects.toMatchObject({ code: 'journal_write' });
    await expect(journal.append(0, record(200), 'two')).rejects.toMatchObject({ code: 'journal_write' });
    failing.clear();
    expect(await journal.append(0, record(200), 'two')).toEqual({ position: 2n, duplicate: false });
    disk.crash();
    journal = await openOn(disk.mount());
    expect(await readCount(journal, 0, 1n, 2)).toHaveLength(2);
  });

  test.each(['create', 'rename', 'syncDirectory', 'delete'])('%s: a trim fails, and the next one does its work', async (operation) => {
    const { disk, fs, failing } = countingDisk();
    const journal = await openOn(fs, { fileBytesMax: 300 });
    for (let n = 1; n <= 4; n++) await journal.append(0, record(200), `id ${n}`);
    failing.add(operation);
    await expect(journal.trim(0, 3n)).rejects.toMatchObject({ code: 'journal_write' });
    failing.clear();
    await journal.trim(0, 3n);
    expect((await journal.bounds(0)).first).toBe(4n);
    expect(disk.names('/journal/partition-0').sort()).toEqual(['00000000000000000004.journal', 'ids', 'state']);
    await journal.close();
  });

  test('what a trim could not delete goes when the journal is opened', async () => {
    const { disk, fs, failing } = countingDisk();
    let journal = await openOn(fs, { fileBytesMax: 300 });
    for (let n = 1; n <= 4; n++) await journal.append(0, record(200), `id ${n}`);
    failing.add('delete');
    await expect(journal.trim(0, 2n)).rejects.toMatchObject({ code: 'journal_write' });
    failing.clear();
    disk.kill();
    journal = await openOn(disk.mount());
    expect(await journal.bounds(0)).toMatchObject({ first: 3n, next: 5n });
    expect(disk.names('/journal/partition-0').filter((name) => name.endsWith('.journal'))).toHaveLength(2);
    await journal.close();
  });
});

describe('a crash at every single step', () => {
  // Makes files and fills them, trims some, takes and uses the lease, trims all.
  const script = async (fs: JournalFiles): Promise<void> => {
    const journal = await openOn(fs, { fileBytesMax: 600 });
    for (let n = 1; n <= 5; n++) await journal.append(0, record(200), `id ${n}`);
    await journal.trim(0, 3n);
    const lease = await journal.acquire(0, 'one');
    await lease!.commit(5n);
    await journal.trim(0, 5n);
    await journal.append(0, record(200), 'id 6');
    await journal.close();
  };

  test('leaves a journal that opens, knows every id, and goes on', async () => {
    let steps = 0;
    const counting = new ForgetfulDisk(randomFrom(1));
    counting.beforeChange = () => void steps++;
    await script(counting.mount());
    expect(steps).toBeGreaterThan(50);
    for (let at = 0; at < steps; at++) {
      for (let seed = 0; seed < 4; seed++) {
        const disk = new ForgetfulDisk(randomFrom(at * 10 + seed));
        let step = 0;
        disk.beforeChange = () => {
          if (step++ >= at) throw new Error('the machine goes down');
        };
        await script(disk.mount()).catch(() => undefined);
        disk.beforeChange = () => undefined;
        disk.crash();
        const journal = await openOn(disk.mount(), { fileBytesMax: 600 });
        for (let n = 1; n <= 6; n++) expect((await journal.append(0, record(200), `id ${n}`)).position).toBe(BigInt(n));
        const { first, next } = await journal.bounds(0);
        expect(next).toBe(7n);
        expect(await readCount(journal, 0, first, Number(next - first))).toHaveLength(Number(next - first));
        await journal.close();
      }
    }
  });
});

describe('what an append refuses', () => {
  test('more bytes than may wait for the disk', async () => {
    const { fs } = countingDisk();
    const journal = await openOn(fs, { queueBytesMax: 1000 });
    const first = journal.append(0, record(900), 'first');
    await expect(journal.append(0, record(900), 'second')).rejects.toMatchObject({ code: 'journal_write', retryable: true, message: expect.stringContaining('the limit is 1000') });
    await first;
    // A single larger one is taken.
    expect(await journal.append(0, record(5000), 'second')).toEqual({ position: 2n, duplicate: false });
    await journal.close();
  });

  test.each([
    ['an empty id', 10, '', 'internal'],
    ['an id of 256 bytes', 10, 'x'.repeat(256), 'internal'],
    ['a record over the limit', 64 * 2 ** 20 + 1, 'id', 'body_too_large'],
  ])('%s', async (_what, size, id, code) => {
    const { fs } = countingDisk();
    const journal = await openOn(fs);
    await expect(journal.append(0, new Uint8Array(size), id)).rejects.toMatchObject({ code });
    await expect(journal.append(1, record(1), 'id')).rejects.toMatchObject({ code: 'internal' });
    await journal.close();
  });
});
