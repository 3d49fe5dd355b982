import { describe, expect, test } from 'vitest';
import type { Journal, JournalRecord } from '../../src/journal/mod.ts';

/** What the suite may ask of a journal. Where one is left out, the implementation's own setting is not touched. */
export interface JournalSettings {
  readonly partitions: number;
  /** Smallest files or blocks that the implementation can do, so that trims have something to delete. */
  readonly small?: boolean;
  /** Bytes above which appends are refused. */
  readonly bytesMax?: number;
}

/** An implementation under test. */
export interface JournalUnderTest {
  readonly journal: Journal;
  /** Closes the journal and opens the same one again, as a restart does. */
  reopen(): Promise<Journal>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
}

/** Runs the contract of the port `Journal` (src/journal/port.ts) against an implementation. `open` makes an empty journal. */
export function journalContract(name: string, open: (settings: JournalSettings) => Promise<JournalUnderTest>): void {
  const check = (title: string, settings: Partial<JournalSettings>, body: (subject: JournalUnderTest) => Promise<void>): void => {
    test(title, async () => {
      const subject = await open({ partitions: 2, ...settings });
      try {
        await body(subject);
      } finally {
        await subject.dispose();
      }
    });
  };

  describe(`${name} keeps the journal's contract`, () => {
    check('an empty journal begins at 1 and reads nothing', {}, async ({ journal }) => {
      expect(await journal.bounds(0)).toMatchObject({ first: 1n, next: 1n });
      expect(await readFor(journal, 0, 1n, 50)).toEqual([]);
    });

    check('positions are dense from 1 in each partition', {}, async ({ journal }) => {
      const appended = await Promise.all(numbers(1, 20).map((n) => journal.append(0, bytes(`a${n}`), `a${n}`)));
      expect(appended).toEqual(numbers(1, 20).map((n) => ({ position: BigInt(n), duplicate: false })));
      expect(await journal.append(1, bytes('b'), 'b')).toEqual({ position: 1n, duplicate: false });
      expect(await journal.bounds(0)).toMatchObject({ first: 1n, next: 21n });
      expect(texts(await readCount(journal, 0, 1n, 20))).toEqual(numbers(1, 20).map((n) => `${n}:a${n}`));
    });

    check('records of every size come back byte for byte', {}, async ({ journal }) => {
      const sizes = [0, 1, 7, 8, 9, 4095, 65_536, 300_001];
      const records = sizes.map((size, i) => Uint8Array.from({ length: size }, (_, at) => (at * 31 + i) & 0xff));
      for (const [i, record] of records.entries()) await journal.append(0, record, `size ${i}`);
      const back = await readCount(journal, 0, 1n, sizes.length);
      expect(back.map((record) => Buffer.from(record.data).equals(records[Number(record.position) - 1]!))).toEqual(sizes.map(() => true));
    });

    check('a repeated id is the first record, also while that is being written', {}, async ({ journal }) => {
      const both = await Promise.all([journal.append(0, bytes('x'), 'same'), journal.append(0, bytes('x'), 'same')]);
      expect(both).toEqual([{ position: 1n, duplicate: false }, { position: 1n, duplicate: true }]);
      expect(await journal.append(0, bytes('x'), 'same')).toEqual({ position: 1n, duplicate: true });
      expect(await journal.append(1, bytes('x'), 'same')).toEqual({ position: 1n, duplicate: false });
      expect((await journal.bounds(0)).next).toBe(2n);
    });

    check('memory is the appender\u2019s again only when no reader looks at it', {}, async ({ journal }) => {
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { data } of journal.read(0, 1n, stop.signal)) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          seen.push(Buffer.from(data).toString());
        }
      })();
      const append = async (n: number): Promise<void> => {
        const data = Buffer.from(`record ${n}`);
        await journal.append(0, data, `id ${n}`, () => data.fill(0x2e));
      };
      for (const n of numbers(1, 20)) await Promise.all([append(2 * n - 1), append(2 * n), append(2 * n)]);
      while (seen.length < 40) await new Promise((resolve) => setTimeout(resolve, 1));
      stop.abort();
      await reading;
      expect(seen).toEqual(numbers(1, 40).map((n) => `record ${n}`));
      expect(texts(await readCount(journal, 0, 1n, 40))).toEqual(numbers(1, 40).map((n) => `${n}:record ${n}`));
    });

    check('a repeated id is known after reopening, and after a trim and reopening', { small: true }, async (subject) => {
      for (const n of numbers(1, 6)) await subject.journal.append(0, new Uint8Array(600).fill(n), `id ${n}`);
      let journal = await subject.reopen();
      expect(await journal.append(0, new Uint8Array(600).fill(6), 'id 6')).toEqual({ position: 6n, duplicate: true });
      await journal.trim(0, 6n);
      expect(await journal.append(0, new Uint8Array(600).fill(1), 'id 1')).toEqual({ position: 1n, duplicate: true });
      journal = await subject.reopen();
      for (const n of numbers(1, 6)) expect(await journal.append(0, new Uint8Array(600).fill(n), `id ${n}`)).toEqual({ position: BigInt(n), duplicate: true });
      expect(await journal.append(0, bytes('new'), 'new')).toEqual({ position: 7n, duplicate: false });
    });

    check('reading begins anywhere, then tails', { small: true }, async ({ journal }) => {
      for (const n of numbers(1, 10)) await journal.append(0, bytes(`r${n}`.padEnd(300, '.')), `r${n}`);
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const record of journal.read(0, 7n, stop.signal)) {
          seen.push(Buffer.from(record.data).toString().replace(/\.+$/, ''));
          if (seen.length === 8) stop.abort();
        }
      })();
      for (const n of numbers(11, 14)) {
        await journal.append(0, bytes(`r${n}`.padEnd(300, '.')), `r${n}`);
        await pause(5);
      }
      await reading;
      expect(seen).toEqual(numbers(7, 14).map((n) => `r${n}`));
    });

    check('several readers see the same, fast and slow', { small: true }, async ({ journal }) => {
      const reading = [0, 3, 0].map(async (pauseMs) => {
        const seen: bigint[] = [];
        const stop = new AbortController();
        for await (const { position } of journal.read(0, 1n, stop.signal)) {
          seen.push(position);
          if (pauseMs > 0) await pause(pauseMs);
          if (seen.length === 60) stop.abort();
        }
        return seen;
      });
      for (const n of numbers(1, 60)) await journal.append(0, new Uint8Array(200), `r${n}`);
      for (const seen of await Promise.all(reading)) expect(seen).toEqual(numbers(1, 60).map(BigInt));
    });

    check('a reader ends without an error when its signal aborts, and at once when it was aborted before', {}, async ({ journal }) => {
      await journal.append(0, bytes('x'), 'x');
      expect(await readFor(journal, 0, 1n, 30)).toHaveLength(1);
      const records: JournalRecord[] = [];
      for await (const record of journal.read(0, 1n, AbortSignal.abort())) records.push(record);
      expect(records).toEqual([]);
    });

    check('trim frees, keeps the numbering, and what was trimmed is an error to read', { small: true }, async (subject) => {
      let { journal } = subject;
      for (const n of numbers(1, 12)) await journal.append(0, new Uint8Array(600).fill(n), `t${n}`);
      const before = await journal.bounds(0);
      await journal.trim(0, 8n);
      let after = await journal.bounds(0);
      expect(after.first).toBeGreaterThan(1n);
      expect(after.first).toBeLessThanOrEqual(9n);
      expect(after.next).toBe(13n);
      expect(after.bytes).toBeLessThan(before.bytes);
      expect(positions(await readCount(journal, 0, 9n, 4))).toEqual([9n, 10n, 11n, 12n]);
      await expect(readCount(journal, 0, 1n, 1)).rejects.toMatchObject({ code: 'corruption' });
      await journal.trim(0, 12n);
      after = await journal.bounds(0);
      expect(after).toMatchObject({ first: 13n, next: 13n });
      journal = await subject.reopen();
      expect(await journal.bounds(0)).toMatchObject({ first: 13n, next: 13n });
      expect(await journal.append(0, bytes('after'), 'after')).toEqual({ position: 13n, duplicate: false });
      expect(positions(await readCount(journal, 0, 13n, 1))).toEqual([13n]);
    });

    check('trim of nothing, of the future, and twice does no harm', { small: true }, async ({ journal }) => {
      await journal.trim(0, 0n);
      await journal.trim(0, 5n);
      for (const n of numbers(1, 4)) await journal.append(0, new Uint8Array(600), `t${n}`);
      await Promise.all([journal.trim(0, 99n), journal.trim(0, 2n), journal.append(0, bytes('during'), 'during')]);
      await journal.trim(0, 1n);
      const { first, next } = await journal.bounds(0);
      expect(next).toBe(6n);
      expect(positions(await readCount(journal, 0, first, Number(next - first)))).toEqual(numbers(Number(first), 5).map(BigInt));
    });

    check('a read beyond the end is an error: those records were lost', {}, async ({ journal }) => {
      await journal.append(0, bytes('x'), 'x');
      await expect(readCount(journal, 0, 3n, 1)).rejects.toMatchObject({ code: 'corruption' });
    });

    check('a full journal refuses, still knows what it has, and takes again after a trim', { small: true, bytesMax: 20_000 }, async ({ journal }) => {
      let written = 0;
      let refused: unknown;
      while (refused === undefined && written < 100) {
        try {
          await journal.append(written % 2, new Uint8Array(700), `f${written}`);
          written++;
        } catch (error) {
          refused = error;
        }
      }
      expect(refused).toMatchObject({ code: 'journal_full', retryable: true });
      expect(written).toBeGreaterThan(5);
      expect(await journal.append(0, new Uint8Array(700), 'f0')).toEqual({ position: 1n, duplicate: true });
      await journal.trim(0, (await journal.bounds(0)).next - 1n);
      expect(await journal.append(0, new Uint8Array(700), 'again')).toMatchObject({ duplicate: false });
    });

    check('one owner at a time has the lease, and epochs grow', {}, async (subject) => {
      const { journal } = subject;
      const lease = await journal.acquire(0, 'one');
      expect(lease).toMatchObject({ committed: 0n });
      expect(await journal.acquire(0, 'two')).toBeNull();
      expect(await journal.acquire(1, 'two')).not.toBeNull();
      await lease!.release();
      const next = await journal.acquire(0, 'two');
      expect(next!.epoch).toBeGreaterThan(lease!.epoch);
      await next!.release();
      const reopened = await subject.reopen();
      const third = await reopened.acquire(0, 'three');
      expect(third!.epoch).toBeGreaterThan(next!.epoch);
    });

    check('an owner who lost the lease cannot commit', {}, async ({ journal }) => {
      await journal.append(0, bytes('x'), 'x');
      const stale = await journal.acquire(0, 'one');
      await stale!.release();
      const lease = await journal.acquire(0, 'two');
      await expect(stale!.commit(1n)).rejects.toMatchObject({ code: 'lease_lost' });
      expect(lease!.committed).toBe(0n);
      await lease!.commit(1n);
      expect(lease!.committed).toBe(1n);
    });

    check('the same owner takes its own lease over, and the older one is lost', {}, async ({ journal }) => {
      await journal.append(0, bytes('x'), 'x');
      const older = await journal.acquire(0, 'one');
      const newer = await journal.acquire(0, 'one');
      expect(older!.lost.aborted).toBe(true);
      expect(newer!.lost.aborted).toBe(false);
      expect(newer!.epoch).toBeGreaterThan(older!.epoch);
      await expect(older!.commit(1n)).rejects.toMatchObject({ code: 'lease_lost' });
      await older!.release();
      await newer!.commit(1n);
    });

    check('of owners who ask at the same time one gets the lease', {}, async ({ journal }) => {
      const leases = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => journal.acquire(0, owner)));
      expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
    });

    check('what was committed survives reopening and never goes back', {}, async (subject) => {
      for (const n of numbers(1, 5)) await subject.journal.append(0, bytes('x'), `c${n}`);
      const lease = await subject.journal.acquire(0, 'one');
      await lease!.commit(3n);
      await lease!.commit(2n);
      expect(lease!.committed).toBe(3n);
      await expect(lease!.commit(6n)).rejects.toMatchObject({ code: 'corruption' });
      const journal = await subject.reopen();
      expect((await journal.acquire(0, 'two'))!.committed).toBe(3n);
      expect((await journal.acquire(1, 'two'))!.committed).toBe(0n);
    });

    check('records survive reopening', { small: true }, async (subject) => {
      for (const n of numbers(1, 30)) await subject.journal.append(n % 2, new Uint8Array(n * 10).fill(n), `s${n}`);
      const journal = await subject.reopen();
      for (const partition of [0, 1]) {
        const back = await readCount(journal, partition, 1n, 15);
        expect(back.map((record) => [record.data.length, record.data[0]])).toEqual(numbers(1, 30).filter((n) => n % 2 === partition).map((n) => [n * 10, n]));
      }
    });

    check('closing writes what was accepted, ends readers, and refuses the rest', {}, async (subject) => {
      const { journal } = subject;
      const lease = await journal.acquire(0, 'one');
      const reading = readCount(journal, 0, 1n, 10);
      const accepted = journal.append(0, bytes('x'), 'x');
      const closing = journal.close();
      expect(await accepted).toEqual({ position: 1n, duplicate: false });
      await closing;
      await journal.close();
      expect((await reading).length).toBeLessThanOrEqual(1);
      const refused = { code: 'journal_closed', retryable: true };
      await expect(journal.append(0, bytes('y'), 'y')).rejects.toMatchObject(refused);
      await expect(readCount(journal, 0, 1n, 1)).rejects.toMatchObject(refused);
      await expect(journal.acquire(0, 'one')).rejects.toMatchObject(refused);
      await expect(journal.trim(0, 1n)).rejects.toMatchObject(refused);
      await expect(journal.bounds(0)).rejects.toMatchObject(refused);
      await expect(lease!.commit(1n)).rejects.toMatchObject(refused);
      await lease!.release();
      const reopened = await subject.reopen();
      expect(positions(await readCount(reopened, 0, 1n, 1))).toEqual([1n]);
    });
  });
}

/** The next `count` records from `from` on; fewer where the journal is closed before. */
export async function readCount(journal: Journal, partition: number, from: bigint, count: number): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  if (count === 0) return records;
  for await (const record of journal.read(partition, from, new AbortController().signal)) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

async function readFor(journal: Journal, partition: number, from: bigint, ms: number): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const record of journal.read(partition, from, AbortSignal.timeout(ms))) records.push(record);
  return records;
}

function texts(records: readonly JournalRecord[]): string[] {
  return records.map((record) => `${record.position}:${Buffer.from(record.data).toString()}`);
}

function positions(records: readonly JournalRecord[]): bigint[] {
  return records.map((record) => record.position);
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
