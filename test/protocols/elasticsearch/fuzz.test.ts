import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isSpoorError } from '../../../src/model/mod.ts';
import { decodeBulk, decodeElasticContent, decodeDocument, defaultPushBodyLimits, FilterPath, runInSlices, writeBulkAnswer } from '../../../src/protocols/mod.ts';
import { fuzzBodies, mutated, numbers, plainRows } from '../plain-rows.ts';
import { bodyOf, bulkOptions } from './read.ts';

const seed = bodyOf([
  { create: { _index: 'logs-2026.11.22', _id: 'a\u{1F680}' } },
  { '@timestamp': '2026-11-22T14:05:12.101+01:00', message: 'h\u00e9llo "es" \\ \n', log: { level: 'WARN' }, host: { name: 'h' }, n: [1.5e-3, { a: null }], ok: true, kubernetes: { pod: { name: 'p' } } },
  '{"index":{}}', '{"message":"\\u00e9\\ud83d\\ude80","@timestamp":1700000000123,"a":{"b":{"c":""}}}',
  { update: { _id: 1 } }, { doc: {} }, { delete: { _id: 1 } }, { create: {} }, { no: 'message' },
]);
const alphabet = '{}[]",:\\u0123456789.eE-+ntfalsr \n_@';
const small = { ...defaultPushBodyLimits, rawBytesMax: 100_000 };

/** Reads a body and answers it; throws where something else happens than a coded 4xx. */
async function tried(content: () => Promise<Buffer>): Promise<'read' | 'refused'> {
  try {
    const request = await runInSlices(decodeBulk(await content(), bulkOptions({ limits: small })));
    plainRows(request.batch);
    const { body } = await runInSlices(writeBulkAnswer(request, 0, new FilterPath('')));
    expect((JSON.parse(body.toString()) as { items: unknown[] }).items).toHaveLength(request.items.count);
    request.release();
    return 'read';
  } catch (error) {
    if (isSpoorError(error) && error.status >= 400 && error.status < 500) return 'refused';
    throw error;
  }
}

test('damaged and random bodies give items with errors and coded errors only', async () => {
  const next = numbers(7);
  const count = { read: 0, refused: 0 };
  for (let i = 0; i < fuzzBodies; i++) {
    const damaged = i % 20 === 0 ? Buffer.from(Array.from({ length: next(80) }, () => next(256))) : mutated(seed, next, alphabet);
    const ended = next(10) === 0 ? damaged : Buffer.concat([damaged, Buffer.from('\n')]);
    count[await tried(async () => ended)]++;
  }
  expect(count.read).toBeGreaterThan(fuzzBodies / 4);
  expect(count.refused).toBeGreaterThan(fuzzBodies / 50);
}, 600_000);

test('damaged compressed bodies give coded errors only', async () => {
  const next = numbers(8);
  for (let i = 0; i < fuzzBodies / 4; i++) {
    const encoding = ['gzip', 'deflate', 'zstd'][i % 3]!;
    const body = mutated(encoding === 'zstd' ? zstdCompressSync(seed) : gzipSync(seed), next, alphabet);
    await tried(async () => decodeElasticContent(body, encoding, small));
  }
}, 600_000);

test('damaged single documents give coded errors only', () => {
  const next = numbers(9);
  const document = Buffer.from(seed.toString().split('\n')[1]!);
  let read = 0;
  for (let i = 0; i < fuzzBodies; i++) {
    try {
      const request = decodeDocument(mutated(document, next, alphabet), 0, 'id', bulkOptions({ index: 'logs' }));
      expect(plainRows(request.batch)).toHaveLength(1);
      request.release();
      read++;
    } catch (error) {
      if (!isSpoorError(error, 'elastic_bulk')) throw error;
    }
  }
  expect(read).toBeGreaterThan(fuzzBodies / 50);
}, 600_000);

test('memory stays bounded where names, escapes and errors multiply', async () => {
  const prefix = 'p'.repeat(900);
  const names = `{"message":"m","${prefix}":{${Array.from({ length: 100 }, (_, i) => `"${i}":1`).join(',')}}}`;
  const bodies = [
    bodyOf(Array.from({ length: 3000 }, () => ['{"create":{}}', names]).flat()),
    bodyOf(Array.from({ length: 3000 }, (_, i) => ['{"create":{}}', names.replaceAll('"1":', `"${i}":`)]).flat()),
    Buffer.from('x\n{"create":{}}\n\n'.repeat(60_000)),
    Buffer.from(`{"create":{}}\n{"message":"${'\\u0041'.repeat(1_000_000)}"}\n`),
    Buffer.from(`{"create":{}}\n{"a":${'['.repeat(1_000_000)}\n`),
    Buffer.from(`{"create":{}}\n${'{"a":'.repeat(1_000_000)}\n`),
  ];
  const before = process.memoryUsage().rss;
  for (const body of bodies) {
    const request = await runInSlices(decodeBulk(body, bulkOptions()));
    await runInSlices(writeBulkAnswer(request, 0, new FilterPath('')));
    request.release();
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(700 * 2 ** 20);
}, 120_000);

const captures = path.resolve(import.meta.dirname, '../../../../shared/ingest/elasticsearch');

test.skipIf(!readdirSync(path.dirname(path.dirname(captures)), { withFileTypes: true }).some(({ name }) => name === 'ingest'))('what real clients sent is taken as a whole, but for updates and deletes', async () => {
  let documents = 0;
  for (const file of readdirSync(captures)) {
    for (const line of readFileSync(path.join(captures, file), 'utf8').trim().split('\n')) {
      const { path: url, headers, bodyBase64 } = JSON.parse(line) as { path: string; headers: Record<string, string>; bodyBase64?: string };
      if (!url.endsWith('/_bulk') || bodyBase64 === undefined) continue;
      const content = await decodeElasticContent(Buffer.from(bodyBase64, 'base64'), headers['content-encoding'] ?? '', defaultPushBodyLimits);
      const request = await runInSlices(decodeBulk(content, bulkOptions()));
      const changes = content.toString().split('\n').filter((text) => /^\{"(?:update|delete)"/.test(text)).length;
      expect([file, request.items.faulty]).toEqual([file, changes]);
      documents += plainRows(request.batch).length;
      request.release();
    }
  }
  expect(documents).toBeGreaterThan(30);
});
