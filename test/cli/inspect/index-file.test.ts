import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeIndex } from '../../../src/index/mod.ts';
import { dayStartNs, labelSet } from '../../../src/model/mod.ts';
import { run } from '../run.ts';

let scratch: string;
let file: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spoor-inspect-'));
  file = join(scratch, 'an.index');
  const start = dayStartNs(20_777);
  const chunks = Array.from({ length: 90 }, (_, i) => ({
    labels: labelSet([['app', ['cart', 'auth', 'shop'][i % 3]!], ['pod', `pod-${String(i % 45).padStart(2, '0')}`]]), segment: i % 2, rowGroup: i >> 4, rowStart: 100 * i, rows: 100, minNs: start + BigInt(i * 1e9), maxNs: start + BigInt((i + 5) * 1e9), bytes: 5000,
  }));
  await writeFile(file, writeIndex({ tenant: 'acme', day: 20_777, segments: [{ key: 'segments/0/1', size: 1_000_000, footerBytes: 9000 }, { key: 'segments/0/2', size: 20_000, footerBytes: 900 }], chunks }));
});
afterAll(() => rm(scratch, { recursive: true }));

test('an index in words', async () => {
  const { out, failure } = await run(['inspect', 'index', file]);
  expect(failure).toBe(undefined);
  expect(out).toMatch(/^index .*an\.index\n[\d.]+ kB, tenant acme, 2026-11-20: 45 streams, 90 chunks in 2 segments, 9,000 rows of 450 kB\nfrom 2026-11-20T00:00:00Z to 2026-11-20T00:01:34Z\nevery checksum is right, and every block could be read\n/);
  expect(out).toMatch(/segments\n {2}key +size +footer +chunks\n {2}segments\/0\/1 +1\.0 MB +9\.0 kB +45\n {2}segments\/0\/2 +20 kB +900 B +45\n/);
  expect(out).toMatch(/labels\n {2}name +streams +values +most streams have\n {2}app +45 +3 +auth \(15\), cart \(15\), shop \(15\)\n {2}pod +45 +45 +pod-00 \(1\), pod-01 \(1\), pod-02 \(1\)\n/);
  expect(out).toMatch(/streams\n +chunks +rows +bytes +labels\n +2 +200 +10 kB {2}\{app="auth", pod="pod-01"\}\n/);
  expect(out).toContain('  … and 25 more streams (--all shows them)\n');
  expect(out).toMatch(/what takes the space\n {2}what +blocks +stored +part +raw\n {2}streams +1 /);
  expect((await run(['inspect', 'index', file, '--all'])).out).toContain('{app="shop", pod="pod-44"}');
});

test('as JSON', async () => {
  const { out } = await run(['inspect', 'index', file, '--json']);
  const report = JSON.parse(out) as { readonly streams: readonly unknown[] };
  expect(report).toMatchObject({
    file, kind: 'index', tenant: 'acme', day: 20_777, rows: 9000, chunks: 90, damage: [], minNs: String(dayStartNs(20_777)),
    segments: [{ key: 'segments/0/1' }, { key: 'segments/0/2' }], names: [{ name: 'app', streams: 45, values: [{ value: 'auth', streams: 15 }, {}, {}] }, { name: 'pod' }],
  });
  expect(report.streams.length).toBe(45);
  expect(report.streams[0]).toMatchObject({ labels: { app: 'auth', pod: 'pod-01' }, chunks: [{ segment: 1, rows: 100 }, { segment: 0 }] });
});
