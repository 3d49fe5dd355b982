import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c, encodeMetadata } from '../../src/bytes/mod.ts';
import { decodeFooter, SegmentWriter, type PageMeta } from '../../src/chunks/mod.ts';
import { encodeFooter } from '../../src/chunks/footer.ts';
import { isSpoorError } from '../../src/model/mod.ts';
import { blockOf, readAll, stream, type TestRow } from './rows.ts';

const rows = (count: number, traced: boolean): TestRow[] =>
  Array.from({ length: count }, (_, i) => ({
    stream: stream(`s${i % 3}`), time: i * 1_000_003, position: 1 + (i >> 3), index: i % 8, partition: i % 2, line: Buffer.from(`a line, number ${i * 7919}`),
    metadata: encodeMetadata([{ name: 'level', value: 'info' }, ...(traced ? [{ name: 'trace', value: `${i * 104_729}` }] : [])]),
  }));
const writer = new SegmentWriter({ shred: false });
writer.add('one', blockOf(3, rows(90, true)));
writer.add('two', blockOf(-4, rows(20, false)));
const { data, footerBytes } = writer.finish();

/** The error of reading everything; undefined where there is none. */
async function damageOf(bytes: Uint8Array): Promise<unknown> {
  try {
    await readAll(bytes, 'a/segment');
    return undefined;
  } catch (error) {
    return error;
  }
}

test('every flipped byte is found', async () => {
  expect(await damageOf(data)).toBe(undefined);
  for (let at = 0; at < data.length; at++) {
    const copy = Buffer.from(data);
    copy[at]! ^= 1 << (at % 8);
    expect(isSpoorError(await damageOf(copy)), `byte ${at} of ${data.length}`).toBe(true);
  }
});

test('every cut is found, at both ends', async () => {
  for (let at = 0; at < data.length; at++) {
    expect(isSpoorError(await damageOf(data.subarray(0, at)), 'corruption'), `${at} first bytes of ${data.length}`).toBe(true);
    if (at > 0) expect(isSpoorError(await damageOf(data.subarray(at)), 'corruption'), `without ${at} first bytes of ${data.length}`).toBe(true);
  }
});

test('random bytes are no segment', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      expect(isSpoorError(await damageOf(bytes), 'corruption')).toBe(true);
    }),
  );
});

// What no checksum finds: somebody wrote nonsense and sealed it.

test('a sealed footer with changed bytes gives a coded error or is read', async () => {
  const body = footerBytes - 20;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(body - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
      const copy = Buffer.from(data);
      const start = data.length - footerBytes;
      for (const [at, value] of changes) copy[start + at] = value;
      copy.writeUInt32LE(crc32c(copy.subarray(start, data.length - 12)), data.length - 12);
      const error = await damageOf(copy);
      expect(error === undefined || isSpoorError(error), String(error)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('sealed pages with changed bytes give a coded error or are read', async () => {
  const footer = decodeFooter(data, data.length, 'x');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(data.length - footerBytes - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
      const copy = Buffer.from(data);
      for (const [at, value] of changes) copy[at] = value;
      const sealed = (page: PageMeta): PageMeta => ({ ...page, crc: page.storedBytes === 0 ? 0 : crc32c(copy.subarray(page.offset, page.offset + page.storedBytes)) });
      const end = encodeFooter(
        footer.tenants.map((tenant) => ({ ...tenant, labels: sealed(tenant.labels) })),
        footer.rowGroups.map((group) => ({ ...group, pages: group.pages.map(sealed) })),
        null,
      );
      const error = await damageOf(Buffer.concat([copy.subarray(0, data.length - footerBytes), end]));
      expect(error === undefined || isSpoorError(error), String(error)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});
