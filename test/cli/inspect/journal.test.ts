import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeRecord, openDiskJournal } from '../../../src/journal/mod.ts';
import { labelSet, ManualClock, type EntryBatch } from '../../../src/model/mod.ts';
import { run } from '../run.ts';

const startNs = 1_768_816_800_000_000_000n;
let scratch: string;
let file: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spoor-inspect-'));
  const journal = await openDiskJournal({ directory: scratch, partitions: 1, clock: new ManualClock(startNs) });
  for (let n = 1; n <= 25; n++) {
    const batch: EntryBatch = {
      tenant: n === 25 ? 'other' : 'acme', streams: [{ labels: labelSet([['app', 'x']]), rows: 2 }], rows: 2, timeNs: BigInt64Array.of(startNs + BigInt(n) * 1_000_000_000n, startNs),
      lines: Buffer.from('onetwo'), lineStart: Uint32Array.of(0, 3, 6), metadata: new Uint8Array(0), metadataStart: new Uint32Array(3),
    };
    await journal.append(0, encodeRecord(batch), `id ${n}`);
  }
  await journal.close();
  const [name] = (await readdir(join(scratch, 'partition-0'))).filter((one) => one.endsWith('.journal'));
  file = join(scratch, 'partition-0', name!);
});
afterAll(() => rm(scratch, { recursive: true }));

test('a journal in words', async () => {
  const { out, failure } = await run(['inspect', 'journal', file]);
  expect(failure).toBe(undefined);
  expect(out).toMatch(/^journal .*\.journal\n[\d.]+ kB, partition 0, made at 2026-01-19T10:00:00Z: 25 records, positions 1 to 25, 50 rows\nthe first file of its partition\nevery record is whole\n/);
  expect(out).toMatch(/tenants\n {2}tenant +records +rows +bytes +from +to\n {2}acme +24 +48 +[\d.]+ kB {2}2026-01-19T10:00:00Z +2026-01-19T10:00:24Z\n {2}other +1 +2 /);
  expect(out).toMatch(/records\n {2}position +offset +bytes +appended +tenant +streams +rows +from +to +id\n +1 +56 +\d+ B {2}2026-01-19T10:00:00Z {2}acme +1 +2 .* id 1\n/);
  expect(out).toContain('  … and 5 more records (--all shows them)\n');
  expect((await run(['inspect', 'journal', file, '--all'])).out).toMatch(/ {2}other .* id 25\n/);
});

test('as JSON', async () => {
  const report = JSON.parse((await run(['inspect', 'journal', file, '--json'])).out) as { readonly records: readonly unknown[] };
  expect(report).toMatchObject({ file, kind: 'journal', partition: 0, first: 1, tornBytes: 0, damage: [] });
  expect(report).not.toHaveProperty('salt');
  expect(report.records.length).toBe(25);
  expect(report.records[24]).toMatchObject({ position: 25, tenant: 'other', rows: 2, lineBytes: 6, minNs: String(startNs), id: 'id 25' });
});

test('a torn end is no damage, and said', async () => {
  const torn = join(scratch, 'torn');
  await writeFile(torn, (await readFile(file)).subarray(0, -8));
  const { out, failure } = await run(['inspect', 'journal', torn]);
  expect(failure).toBe(undefined);
  expect(out).toMatch(/24 records, positions 1 to 24, 48 rows\n/);
  expect(out).toMatch(/what stands from byte \d+ on \(\d+ bytes\) is no record: the file ends inside a frame\. Nothing shows that it was ever durable/);
  expect(JSON.parse((await run(['inspect', 'journal', torn, '--json'])).out)).toMatchObject({ tornBytes: expect.any(Number), damage: [] });
});

test('damage in the middle is', async () => {
  const damaged = join(scratch, 'damaged');
  const bytes = await readFile(file);
  bytes[200]! ^= 1;
  await writeFile(damaged, bytes);
  const { out, failure } = await run(['inspect', 'journal', damaged]);
  expect(failure?.message).toBe(`${damaged} is damaged in 1 place`);
  expect(out).toMatch(/damaged in 1 place:\n {2}offset \d+: checksum of .*, and the record at offset \d+ shows that it was durable\n/);
});

test('a file without records', async () => {
  const empty = join(scratch, 'empty');
  await writeFile(empty, (await readFile(file)).subarray(0, 56));
  expect((await run(['inspect', 'journal', empty])).out).toContain(': no records; the first will be 1\n');
});
