import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDiskJournal, type DiskJournal } from '../../src/journal/mod.ts';
import { systemClock } from '../../src/model/mod.ts';
import { readCount } from '../contract/journal.ts';

/** A file header is 56 bytes long; a frame of an id of 3 bytes and a record of 200 is 40 + 8 + 200. */
const header = 56;
const frame = 248;

function open(directory: string): Promise<DiskJournal> {
  return openDiskJournal({ directory, partitions: 1, clock: systemClock, fileBytesMax: header + 4 * frame });
}

describe('damage to a journal', () => {
  let template: string;
  let scratch: string;
  beforeAll(async () => {
    template = await mkdtemp(join(tmpdir(), 'spoor-journal-'));
    scratch = await mkdtemp(join(tmpdir(), 'spoor-journal-'));
    const journal = await open(template);
    // Three files: records 1 to 4, 5 to 8, 9 to 11.
    for (let n = 1; n <= 11; n++) await journal.append(0, new Uint8Array(200).fill(n), `id${n.toString(16)}`);
    // As a killed process leaves it: nothing is closed, so nothing but the files themselves tells where they end.
    await cp(template, join(scratch, 'copy'), { recursive: true });
    await journal.close();
    await rm(template, { recursive: true });
    template = join(scratch, 'copy');
    const names = (await readdir(join(template, 'partition-0'))).sort();
    expect(names).toEqual([name(1), name(5), name(9), 'state']);
    expect((await stat(join(template, 'partition-0', name(9)))).size).toBe(header + 3 * frame);
  });
  afterAll(() => rm(scratch, { recursive: true }));

  const name = (first: number): string => `${String(first).padStart(20, '0')}.journal`;
  let copies = 0;
  const copy = async (): Promise<{ directory: string; partition: string }> => {
    const directory = join(scratch, `case-${++copies}`);
    await cp(template, directory, { recursive: true });
    return { directory, partition: join(directory, 'partition-0') };
  };
  const edit = (file: string, change: (bytes: Buffer) => Buffer | undefined) => async (partition: string): Promise<void> => {
    const bytes = await readFile(join(partition, file));
    await writeFile(join(partition, file), change(bytes) ?? bytes);
  };
  const flip = (file: string, at: number) => edit(file, (bytes) => void bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at));

  const damages: readonly (readonly [string, (partition: string) => Promise<void>, string, number, RegExp])[] = [
    ['a flipped bit in a record of the first file', flip(name(1), header + frame + 100), name(1), header + frame, /checksum of a record/],
    ['a flipped bit in a frame header of the first file', flip(name(1), header + frame + 9), name(1), header + frame, /checksum of a frame header/],
    ['a flipped bit in an id', flip(name(1), header + 41), name(1), header, /checksum of a frame header/],
    ['a flipped bit in the last record of a file that is not the last', flip(name(5), header + 3 * frame + 100), name(5), header + 3 * frame, /checksum of a record/],
    ['a flipped bit in the magic', flip(name(5), 3), name(5), 0, /not a journal file/],
    ['a flipped bit in a file header', flip(name(5), 20), name(5), 0, /checksum of the file header/],
    ['a flipped bit in the header of the last file', flip(name(9), 50), name(9), 0, /checksum of the file header/],
    ['a flipped bit in a record that later writes followed', flip(name(9), header + 100), name(9), header, /checksum of a record is wrong, and the record at offset \d+ shows that it was durable/],
    ['zeros where a record was that later writes followed', edit(name(9), (bytes) => bytes.fill(0, header, header + frame)), name(9), header, /shows that it was durable/],
    ['a file in the middle that is cut', (partition) => truncate(join(partition, name(5)), header + 3 * frame), name(5), header + 3 * frame, /ends here, and should at/],
    ['a file in the middle that is empty', (partition) => truncate(join(partition, name(5)), 0), name(5), 0, /ends inside its header/],
    ['a last file that is empty', (partition) => truncate(join(partition, name(9)), 0), name(9), 0, /ends inside its header/],
    ['a missing file in the middle', (partition) => unlink(join(partition, name(5))), name(5), 0, /missing/],
    ['a missing first file', (partition) => unlink(join(partition, name(1))), name(1), 0, /missing/],
    ['a missing state file', (partition) => unlink(join(partition, 'state')), 'state', 0, /missing/],
    ['a damaged state file', flip('state', 30), 'state', 48, /checksum/],
    ['a cut state file', (partition) => truncate(join(partition, 'state'), 20), 'state', 20, /bytes wanted/],
    ['a file under the name of another', async (partition) => cp(join(partition, name(1)), join(partition, name(5))), name(5), 16, /begins with record 1/],
    ['a file of another journal in the chain', async (partition) => {
      const other = await mkdtemp(join(scratch, 'other-'));
      const journal = await open(other);
      for (let n = 1; n <= 9; n++) await journal.append(0, new Uint8Array(201).fill(n), `id${n}`);
      await journal.close();
      const names = (await readdir(join(other, 'partition-0'))).sort();
      await cp(join(other, 'partition-0', names[0]!), join(partition, name(1)));
    }, name(1), header + 3 * 256, /the file ends here/],
  ];
  test.each(damages)('%s is reported with file and offset', async (_what, damage, file, offset, message) => {
    const { directory, partition } = await copy();
    await damage(partition);
    const error: unknown = await open(directory).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'corruption', message: expect.stringMatching(message) });
    expect((error as { details: unknown }).details).toMatchObject({ where: join(partition, file), offset });
    // It stays: opening again changes nothing.
    await expect(open(directory)).rejects.toMatchObject({ code: 'corruption' });
  });

  const torn: readonly (readonly [string, (partition: string) => Promise<void>, number])[] = [
    ['a last file that ends inside a frame header', (partition) => truncate(join(partition, name(9)), header + 2 * frame + 20), 10],
    ['a last file that ends inside a record', (partition) => truncate(join(partition, name(9)), header + 2 * frame + 100), 10],
    ['a last file without its last record', (partition) => truncate(join(partition, name(9)), header + 2 * frame), 10],
    ['a last file with nothing but its header', (partition) => truncate(join(partition, name(9)), header), 8],
    ['a tail of zeros', edit(name(9), (bytes) => Buffer.concat([bytes, Buffer.alloc(100_000)])), 11],
    ['a tail of noise', edit(name(9), (bytes) => Buffer.concat([bytes, Buffer.from(Array.from({ length: 5003 }, (_, i) => (i * 7919) & 0xff))])), 11],
    ['a tail that copies frames of the same file', edit(name(9), (bytes) => Buffer.concat([bytes, Buffer.alloc(3), bytes.subarray(header)])), 11],
    ['a last record with a wrong bit and nothing behind it', flip(name(9), header + 2 * frame + 100), 10],
    ['bytes behind the end of a file in the middle', edit(name(5), (bytes) => Buffer.concat([bytes, bytes.subarray(header, header + frame)])), 11],
    ['a half-made file', (partition) => writeFile(join(partition, `${name(12)}.tmp`), 'spoor'), 11],
    ['files that are not its own', (partition) => writeFile(join(partition, 'notes.txt'), 'hello'), 11],
  ];
  test.each(torn)('%s is what a crash leaves: the rest is kept', async (_what, damage, last) => {
    const { directory, partition } = await copy();
    await damage(partition);
    let journal = await open(directory);
    expect((await journal.bounds(0)).next).toBe(BigInt(last + 1));
    expect(await journal.append(0, new Uint8Array(200).fill(99), 'new')).toEqual({ position: BigInt(last + 1), duplicate: false });
    await journal.close();
    journal = await open(directory);
    const records = await readCount(journal, 0, 1n, last + 1);
    expect(records.map((record) => record.data[0])).toEqual([...Array.from({ length: last }, (_, i) => i + 1), 99]);
    await journal.close();
  });

  test('after an orderly end, a missing tail is damage too', async () => {
    const { directory, partition } = await copy();
    await (await open(directory)).close();
    await truncate(join(partition, name(9)), header + 2 * frame);
    await expect(open(directory)).rejects.toMatchObject({ code: 'corruption', message: expect.stringContaining('records 11 to 11 are missing; they were durable') });
    await unlink(join(partition, name(9)));
    await expect(open(directory)).rejects.toMatchObject({ code: 'corruption', message: expect.stringContaining('records 9 to 11 are missing') });
  });

  test('that comes while the journal is open is an error of reading', async () => {
    const { directory, partition } = await copy();
    const journal = await open(directory);
    await flip(name(5), header + frame + 100)(partition);
    const seen: bigint[] = [];
    const reading = (async () => {
      for await (const { position } of journal.read(0, 1n, new AbortController().signal)) seen.push(position);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'corruption', details: { where: join(partition, name(5)), offset: header + frame } });
    expect(seen).toEqual([1n, 2n, 3n, 4n, 5n]);
    await journal.close();
  });

  test('to an ids file is reported', async () => {
    const { directory, partition } = await copy();
    const journal = await open(directory);
    await journal.trim(0, 8n);
    await journal.close();
    await flip('ids', 20)(partition);
    await expect(open(directory)).rejects.toMatchObject({ code: 'corruption', details: { where: join(partition, 'ids') } });
    await unlink(join(partition, 'ids'));
    await expect(open(directory)).rejects.toMatchObject({ code: 'corruption', details: { where: join(partition, 'ids') } });
  });

  test('fewer partitions than there are on disk are refused', async () => {
    const { directory } = await copy();
    await expect(openDiskJournal({ directory, partitions: 0, clock: systemClock })).rejects.toMatchObject({ code: 'bad_config' });
    const journal = await openDiskJournal({ directory, partitions: 3, clock: systemClock });
    expect((await journal.bounds(2)).next).toBe(1n);
    await journal.close();
  });
});
