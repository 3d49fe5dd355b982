import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { SegmentWriter } from '../../../src/chunks/mod.ts';
import { blockOf, stream, type TestRow } from '../../chunks/rows.ts';
import { run } from '../run.ts';

let scratch: string;
let file: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spoor-inspect-'));
  file = join(scratch, 'a.segment');
  const row = (i: number, line: string): TestRow => ({
    stream: stream(`s${i % 2}`), time: i * 1e6, position: i, index: 0, partition: 0, line: Buffer.from(line),
    metadata: Uint8Array.from(encodeMetadata([{ name: 'detected_level', value: 'info' }])),
  });
  const writer = new SegmentWriter();
  const json = (i: number): string => `{"level":"${['info', 'warn'][(i * 7) % 2]!}","ms":${i * 7},"text":"${'xyz '.repeat(i % 9)}\u001b[2J"}`;
  writer.add('acme', blockOf(20_777, Array.from({ length: 1200 }, (_, i) => row(i, i % 4 === 3 ? `GET /items/${i}\nbody` : json(i)))));
  writer.add('acme', blockOf(20_778, Array.from({ length: 300 }, (_, i) => row(i, json(i + 5000)))));
  writer.add('', blockOf(-1, [row(1, 'one')]));
  await writeFile(file, writer.finish().data);
});
afterAll(() => rm(scratch, { recursive: true }));

test('a segment in words', async () => {
  const { out, failure } = await run(['inspect', 'segment', file]);
  expect(failure).toBe(undefined);
  const { length } = await readFile(file);
  expect(out).toContain(`segment ${file}\nformat version 2, ${(length / 1000).toFixed(length < 9950 ? 1 : 0)} kB: 1,501 rows of 3 streams in 3 row groups, `);
  expect(out).toContain('\nfrom 1969-12-31T00:00:00.001Z to 2026-11-21T00:00:00.299Z\nevery checksum is right\n');
  expect(out).toMatch(/tenants\n {2}tenant +streams +row groups +rows +lines +metadata +stored\n {2}acme +2 +2 +1,500 .*\n {2}"" +1 +1 +1 /);
  expect(out).toMatch(/what takes the space\n {2}what +pages +stored +part +raw\n/);
  expect(out).toMatch(/row groups\n.*\n +0 {2}acme {4}2026-11-20T00:00:00Z +2026-11-20T00:00:01.199Z +1,200 +2 /);
  // Both row groups have it; the escape sequence of the lines is shown, not sent.
  expect(out).toMatch(/templates of all row groups\n {2}json, 1,200 rows in 2 row groups, [\d.]+ k?B\n {4}\{"level":"⟨0⟩","ms":⟨1⟩,"text":"⟨2⟩"\}\n/);
  expect(out).toMatch(/\n +0 {2}string +dictionary +2 distinct: "info" "warn" /);
  expect(out).toMatch(/\n +1 {2}token +integer +0 … 37093 /);
  expect(out).toMatch(/\n +3 {2}metadata detected_level +constant +"info"\n/);
  expect(out).toMatch(/\n {2}text, 300 rows, [\d.]+ k?B\n {4}⟨0⟩ ⟨1⟩\\n⟨2⟩\n/);
  expect(out).not.toContain('\u001b');
});

test('with every row put together', async () => {
  const { out, failure } = await run(['inspect', 'segment', file, '--verify']);
  expect(failure).toBe(undefined);
  expect(out).toContain('every checksum is right, and every row could be put together\n');
});

test('one row group in detail', async () => {
  const { out } = await run(['inspect', 'segment', file, '--row-group', '1']);
  expect(out).toMatch(/^row group 1, tenant acme, from byte \d+ on, [\d.]+ k?B\n300 rows in 2 chunks, /);
  expect(out).toMatch(/pages\n {2}column +encoding +codec +stored +raw\n {2}runStream +\w+ +none /);
  expect(out).toContain('\ntemplates\n  json, 300 rows, ');
  expect((await run(['inspect', 'segment', file, '--row-group', '3'])).failure?.message).toBe('there is no row group 3; the segment has 3 row groups');
  expect((await run(['inspect', 'segment', file, '--row-group', 'x'])).failure?.message).toMatch(/whole number/);
});

test('as JSON, with every row group apart', async () => {
  const { out } = await run(['inspect', 'segment', file, '--json']);
  const report = JSON.parse(out) as { readonly rowGroups: readonly { readonly templates: readonly unknown[] }[] };
  expect(report).toMatchObject({
    file, kind: 'segment', version: 2, damage: [],
    tenants: [{ tenant: 'acme', rows: 1500, streams: [{ app: 's0' }, { app: 's1' }] }, { tenant: '', rows: 1 }],
    rowGroups: [
      { tenant: 'acme', day: 20_777, rows: 1200, shredded: true, templates: [{ kind: 'json', rows: 900, columns: [{ hole: 'string', encoding: 'dictionary', distinct: 2 }, { hole: 'token', range: { min: 0 } }, {}, { hole: null, metadata: 'detected_level' }] }, { kind: 'text', rows: 300 }] },
      { tenant: 'acme', rows: 300 }, { tenant: '', rows: 1 },
    ],
  });
});

test('version 1, which has no templates', async () => {
  const { out } = await run(['inspect', 'segment', fileURLToPath(new URL('../../compat/segment/v1.segment', import.meta.url)), '--verify']);
  expect(out).toContain('format version 1, ');
  expect(out).toMatch(/ plain\n/);
  expect(out).not.toContain('\ntemplates');
});

test('of much only the beginning is shown, unless all is asked for', async () => {
  const writer = new SegmentWriter();
  for (let day = 0; day < 30; day++) writer.add('t', blockOf(day, Array.from({ length: 20 }, (_, i) => ({ stream: stream('a'), time: i, position: i, index: 0, partition: 0, line: Buffer.from(`${'='.repeat(day)} ${i}`), metadata: new Uint8Array(0) }))));
  const many = join(scratch, 'many.segment');
  await writeFile(many, writer.finish().data);
  const short = (await run(['inspect', 'segment', many])).out;
  expect(short).toContain('  … and 10 more row groups (--all shows them)\n');
  expect(short).toContain('  … and 18 more templates (--all shows them)\n');
  const long = (await run(['inspect', 'segment', many, '--all'])).out;
  expect(long).not.toContain('more');
  expect(long).toContain(`    ${'='.repeat(29)} ⟨0⟩\n`);
});
