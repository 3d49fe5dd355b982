import { compressSync } from 'snappy';
import { expect, it } from 'vitest';
import { runInSlices } from '../../../src/protocols/mod.ts';
import { decompressSnappyFrames, isSnappyFramed } from '../../../src/protocols/otlp/snappy-frames.ts';
import { snappyFramed } from '../../support/snappy-frames.ts';

const raw = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) & 0x1f));
const undo = (bytes: Buffer): Promise<Buffer> => runInSlices(decompressSnappyFrames(bytes, 2 ** 20));

it('knows frames from blocks', () => {
  expect(isSnappyFramed(snappyFramed(raw))).toBe(true);
  expect(isSnappyFramed(compressSync(raw))).toBe(false);
});

it('joins chunks, compressed and not', async () => expect(await undo(snappyFramed(raw))).toEqual(raw));

it('refuses a wrong checksum, a chunk of an unknown kind, and one that claims too much', async () => {
  const framed = snappyFramed(raw);
  for (const [at, value] of [[20, 0xff], [16, 0x02], [24, 0xff]] as const) {
    const broken = Buffer.from(framed);
    broken[at] = value;
    await expect(undo(broken), String(at)).rejects.toMatchObject({ code: 'push_snappy' });
  }
});

it('stops at the limit', async () => {
  await expect(runInSlices(decompressSnappyFrames(snappyFramed(raw), 100_000))).rejects.toMatchObject({ code: 'body_too_large' });
});
