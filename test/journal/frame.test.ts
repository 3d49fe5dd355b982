import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JournalFile } from '../../src/journal/files.ts';
import { decodeFileHeader, encodeFileHeader, fileHeaderBytes, findWitness, FrameReader, OutOfOrder } from '../../src/journal/frame.ts';
import { packGroup } from '../../src/journal/group.ts';

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const header = fc.record({ partition: u32, first: number, previousFirst: number, previousLength: number, createdMs: number, salt: u32 });

test('a file header comes back as it was, and with any byte wrong or missing is `corruption`', () => {
  fc.assert(
    fc.property(header, fc.nat(), fc.integer({ min: 1, max: 255 }), (header, at, change) => {
      const bytes = encodeFileHeader(header);
      expect(bytes).toHaveLength(fileHeaderBytes);
      expect(decodeFileHeader(bytes, 'file')).toEqual(header);
      const damaged = Buffer.from(bytes);
      damaged[at % damaged.length]! ^= change;
      for (const bad of [damaged, bytes.subarray(0, at % bytes.length)]) expect(() => decodeFileHeader(bad, 'file')).toThrow(expect.objectContaining({ code: 'corruption' }));
    }),
  );
});

const salt = 0x1234_5678;

/** A file in memory. */
function fileOf(bytes: Buffer): JournalFile {
  const unused = (): Promise<never> => Promise.reject(new Error('only read'));
  return { size: async () => bytes.length, read: async (into, at) => bytes.copy(into, 0, at), write: unused, truncate: unused, sync: unused, close: async () => undefined };
}

/** Frames of 48 + 200 bytes: `groups` of records that were synced together, from position 1 and offset 0 on. */
function frames(groups: readonly number[]): Buffer {
  const parts: Uint8Array[] = [];
  let [next, length] = [1, 0];
  for (const count of groups) {
    const group = Array.from({ length: count }, (_, i) => ({ id: `id ${next + i}`, idBytes: `id ${next + i}`.length, data: new Uint8Array(200).fill(next + i) }));
    const packed = Buffer.concat(packGroup(group, { next, length, salt }, 1));
    parts.push(packed);
    next += count;
    length += packed.length;
  }
  return Buffer.concat(parts);
}

async function readAll(bytes: Buffer, dataBytesMax = 1000) {
  const reader = new FrameReader(fileOf(bytes), { salt, offset: 0, limit: bytes.length, position: 1, dataBytesMax });
  let count = 0;
  while ((await reader.next()) !== undefined) count++;
  return { count, bad: reader.bad };
}

test('any changed byte of a frame is found, where it is', async () => {
  const whole = frames([1, 1, 1]);
  expect(await readAll(whole)).toEqual({ count: 3, bad: undefined });
  for (let at = 248; at < 496; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1;
    expect(await readAll(damaged)).toMatchObject({ count: 1, bad: { offset: 248 } });
  }
});

test('a file that is cut anywhere gives the whole frames before', async () => {
  const whole = frames([3]);
  for (let length = 0; length < whole.length; length++) {
    const { count, bad } = await readAll(whole.subarray(0, length));
    expect(count).toBe(Math.floor(length / 248));
    expect(bad?.offset).toBe(length % 248 === 0 ? undefined : count * 248);
  }
});

test('an intact frame that is out of order, or too long, is never called torn', async () => {
  const whole = frames([3]);
  await expect(readAll(Buffer.concat([whole.subarray(0, 248), whole.subarray(496)]))).rejects.toThrow(OutOfOrder);
  await expect(readAll(whole, 199)).rejects.toThrow(/over the limit of 199/);
});

test('random bytes are no frames', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (bytes) => {
      expect(await readAll(Buffer.from(bytes))).toMatchObject({ count: 0, bad: { offset: 0 } });
    }),
  );
});

test('a witness is a frame that was written after the bad bytes were durable', async () => {
  const witness = (bytes: Buffer, record: number) => findWitness(fileOf(bytes), { salt, badOffset: (record - 1) * 248, limit: bytes.length, position: record });
  // Records 1 and 2 in one group, 3 and 4 in the next.
  const whole = frames([2, 2]);
  expect(await witness(whole, 1)).toBe(496);
  expect(await witness(whole, 2)).toBe(496);
  expect(await witness(whole, 3)).toBeUndefined();
  expect(await witness(whole, 4)).toBeUndefined();
  // Frames of another salt, as a log line could hold them, are none.
  const forged = Buffer.concat(packGroup([{ id: 'x', idBytes: 1, data: new Uint8Array(8) }], { next: 2, length: 100_000, salt: salt + 1 }, 1));
  expect(await witness(Buffer.concat([Buffer.alloc(248), forged]), 1)).toBeUndefined();
  // It is found across the borders of what is read at once.
  const far = Buffer.concat([Buffer.alloc(2 ** 20 + 2 ** 19), frames([2, 2]).subarray(496)]);
  expect(await witness(far, 1)).toBe(2 ** 20 + 2 ** 19);
  const astride = Buffer.concat([Buffer.alloc(2 ** 20 - 16), frames([2, 2]).subarray(496)]);
  expect(await witness(astride, 1)).toBe(2 ** 20 - 16);
});
