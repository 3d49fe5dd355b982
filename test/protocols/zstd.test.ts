import { constants, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decompressZstd } from '../../src/protocols/mod.ts';

const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);

test('frames follow one another, skippable ones among them', async () => {
  const body = Buffer.concat([zstdCompressSync('one '), skippable, zstdCompressSync(''), zstdCompressSync('two')]);
  expect(String(await decompressZstd(body, 100))).toBe('one two');
  expect(String(await decompressZstd(zstdCompressSync('one'), 3))).toBe('one');
  expect(String(await decompressZstd(Buffer.concat([skippable, zstdCompressSync('x')]), 1))).toBe('x');
  expect((await decompressZstd(zstdCompressSync(''), 0)).length).toBe(0);
});

test('what comes out is bounded, over all frames', async () => {
  const frame = zstdCompressSync(Buffer.alloc(1000));
  await expect(decompressZstd(frame, 999)).rejects.toThrow(RangeError);
  await expect(decompressZstd(Buffer.concat([frame, frame, frame]), 2999)).rejects.toThrow(RangeError);
  expect((await decompressZstd(Buffer.concat([frame, frame, frame]), 3000)).length).toBe(3000);
  await expect(decompressZstd(Buffer.concat(Array.from({ length: 5000 }, () => skippable)), 100)).rejects.toThrow('frames');
});

test('damage is told, also behind a good frame', async () => {
  const frame = zstdCompressSync('a line');
  for (const body of [Buffer.alloc(0), frame.subarray(0, 9), Buffer.from('hello hello'), Buffer.concat([frame, Buffer.from('rest')]), Buffer.concat([frame, frame.subarray(0, 10)])]) {
    await expect(decompressZstd(body, 1000)).rejects.toThrow();
  }
});

test('a window of more than 8 MB is refused', async () => {
  const noise = Buffer.alloc(2 ** 20);
  const frame = Buffer.from(zstdCompressSync(noise, { params: { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 } }));
  frame[5] = (27 - 10) << 3;
  await expect(decompressZstd(frame, 2 ** 22)).rejects.toThrow();
});
