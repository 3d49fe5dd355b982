import { readdir, readFile, rm, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeRecord, inspectJournal, nodeFiles, openDiskJournal, type InspectedJournal } from '../../src/journal/mod.ts';
import { isSpoorError, labelSet, systemClock, type EntryBatch } from '../../src/model/mod.ts';

const batch = (n: number): EntryBatch => {
  const lines = Array.from({ length: n }, (_, i) => `line ${i} of ${n}`);
  const lineStart = Uint32Array.from([0, ...lines].map((__, i) => lines.slice(0, i).join('').length));
  return {
    tenant: `t${n % 2}`, streams: [{ labels: labelSet([['app', 'x']]), rows: n }], rows: n, timeNs: BigInt64Array.from(lines, (_, i) => BigInt(1000 * n + i)),
    lines: Buffer.from(lines.join('')), lineStart, metadata: new Uint8Array(0), metadataStart: new Uint32Array(n + 1),
  };
};

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spoor-inspect-'));
  const journal = await openDiskJournal({ directory, partitions: 1, clock: systemClock });
  for (let n = 1; n <= 6; n++) await journal.append(0, encodeRecord(batch(n)), `id ${n}`);
  await journal.close();
  const [name] = (await readdir(join(directory, 'partition-0'))).filter((one) => one.endsWith('.journal'));
  file = join(directory, 'partition-0', name!);
});
afterAll(() => rm(directory, { recursive: true }));

interface Seen {
  readonly journal: InspectedJournal;
  readonly records: readonly (readonly [position: number, id: string, tenant: string | undefined, rows: number | undefined, firstNs: bigint | undefined])[];
  readonly offsets: readonly number[];
}

async function inspect(change: (bytes: Buffer) => Buffer = (bytes) => bytes): Promise<Seen> {
  const path = join(directory, 'changed');
  await writeFile(path, change(await readFile(file)));
  const opened = await nodeFiles.open(path, 'read');
  try {
    const records: Seen['records'][number][] = [];
    const offsets: number[] = [];
    const journal = await inspectJournal(opened, 'a/journal', ({ position, id, batch: own, offset }) => {
      records.push([position, id, own?.tenant, own?.rows, own?.timeNs[0]]);
      offsets.push(offset);
    });
    return { journal, records, offsets };
  } finally {
    await opened.close();
  }
}

const flipped = (at: number) => (bytes: Buffer): Buffer => {
  bytes[at]! ^= 8;
  return bytes;
};

test('header and records', async () => {
  const { journal, records } = await inspect();
  expect(journal).toMatchObject({ header: { partition: 0, first: 1, previousFirst: 0 }, rest: null, damage: [], end: journal.fileBytes });
  expect(records).toEqual(Array.from({ length: 6 }, (_, i) => [i + 1, `id ${i + 1}`, `t${(i + 1) % 2}`, i + 1, BigInt(1000 * (i + 1))]));
});

describe('what is not whole', () => {
  test('a last record that is cut was never durable', async () => {
    const { journal, records, offsets } = await inspect((bytes) => bytes.subarray(0, bytes.length - 9));
    expect(records.length).toBe(5);
    expect(journal).toMatchObject({ rest: { reason: 'the file ends inside a frame', torn: true }, damage: [] });
    expect(journal.end).toBeGreaterThan(offsets[4]!);
  });

  test('a flipped byte in the last record cannot be told from that', async () => {
    const { journal } = await inspect((bytes) => flipped(bytes.length - 20)(bytes));
    expect(journal.rest).toEqual({ reason: 'checksum of a record is wrong', torn: true });
  });

  test('a flipped byte that later records followed is damage', async () => {
    const { offsets } = await inspect();
    const { journal, records } = await inspect(flipped(offsets[1]! + 60));
    expect(records.length).toBe(1);
    expect(journal.rest).toMatchObject({ torn: false, reason: expect.stringMatching(/^checksum of a record is wrong, and the record at offset \d+ shows that it was durable$/) });
    expect(journal.end).toBe(offsets[1]);
  });

  test('every flipped byte is found', async () => {
    const { length } = await readFile(file);
    for (let at = 0; at < length; at += 3) {
      try {
        const { journal } = await inspect(flipped(at));
        expect(journal.rest, `byte ${at}`).not.toBe(null);
        expect(journal.end).toBeLessThanOrEqual(at);
      } catch (error) {
        expect(isSpoorError(error, 'corruption'), String(error)).toBe(true);
        expect(at).toBeLessThan(56);
      }
    }
  });

  test('a record that is whole and no batch', async () => {
    const other = join(directory, 'other');
    const journal = await openDiskJournal({ directory: other, partitions: 1, clock: systemClock });
    for (const bytes of [encodeRecord(batch(2)), Buffer.from('no batch'), encodeRecord(batch(3))]) await journal.append(0, bytes, `id ${bytes.length}`);
    await journal.close();
    const [name] = (await readdir(join(other, 'partition-0'))).filter((one) => one.endsWith('.journal'));
    const opened = await nodeFiles.open(join(other, 'partition-0', name!), 'read');
    const rows: (number | undefined)[] = [];
    const { damage, rest } = await inspectJournal(opened, 'a/journal', ({ batch: own }) => rows.push(own?.rows));
    await opened.close();
    expect([rows, rest]).toEqual([[2, undefined, 3], null]);
    expect(damage).toEqual([{ offset: expect.any(Number), reason: expect.stringMatching(/^record 2, byte \d+: not a journal record$/) }]);
  });

  test('other files are no journal', async () => {
    await expect(inspect(() => Buffer.from('something else'))).rejects.toThrowError(/damaged data in a\/journal at offset 14: the file ends inside its header/);
    await expect(inspect(() => Buffer.alloc(100))).rejects.toThrowError(/not a journal file/);
  });
});
