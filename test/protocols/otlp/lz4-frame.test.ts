import { compressFrameSync } from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { XxHash32 } from '../../../src/bytes/mod.ts';
import { runInSlices } from '../../../src/protocols/mod.ts';
import { decompressLz4Frames, lz4BytesExpected } from '../../../src/protocols/otlp/lz4-frame.ts';

const text = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i % 977} of many, level=${i % 3 === 0 ? 'error' : 'info'}\n`).join(''));
const undo = (bytes: Buffer, rawBytesMax = 2 ** 24): Promise<Buffer> => runInSlices(decompressLz4Frames(bytes, rawBytesMax));

/** A frame by hand: flags beside the version, its blocks, and what follows the end mark. */
function frame(flags: number, blocks: readonly Buffer[], { size, tail = Buffer.alloc(0), descriptor = 0x70 }: { readonly size?: bigint; readonly tail?: Buffer; readonly descriptor?: number } = {}): Buffer {
  const length = Buffer.alloc(size === undefined ? 0 : 8);
  if (size !== undefined) length.writeBigUInt64LE(size);
  const head = Buffer.concat([Buffer.from([0x40 | flags, descriptor]), length]);
  const sum = (new XxHash32().update(head).digest() >>> 8) & 0xff;
  return Buffer.concat([Buffer.from('04224d18', 'hex'), head, Buffer.from([sum]), ...blocks, Buffer.alloc(4), tail]);
}

function block(content: Buffer, stored = false): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE((content.length | (stored ? 0x80000000 : 0)) >>> 0);
  return Buffer.concat([head, content]);
}

function sumOf(content: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(new XxHash32().update(content).digest());
  return sum;
}

describe('frames', () => {
  it.each([
    ['without checksums', {}],
    ['with that of the content', { contentChecksum: true }],
    ['with those of the blocks', { blockChecksums: true }],
    ['with both', { contentChecksum: true, blockChecksums: true }],
  ])('of another encoder %s', async (_, options) => {
    const framed = compressFrameSync(text, options);
    expect(await undo(framed)).toEqual(text);
    expect(lz4BytesExpected(framed)).toBeGreaterThanOrEqual(text.length);
  });

  it('one after another, and such that hold nothing', async () => {
    const skipped = Buffer.concat([Buffer.from('5a2a4d1803000000', 'hex'), Buffer.from('abc')]);
    expect(await undo(Buffer.concat([compressFrameSync(Buffer.from('one ')), skipped, compressFrameSync(Buffer.from('two'))]))).toEqual(Buffer.from('one two'));
  });

  it('with copies that reach into the block before, if they may', async () => {
    // "abcd" as literals; then a copy of four bytes from four back, and a last literal.
    const blocks = [block(Buffer.concat([Buffer.from([0x40]), Buffer.from('abcd')])), block(Buffer.from([0x00, 0x04, 0x00, 0x10, 0x21]))];
    expect(await undo(frame(0, blocks))).toEqual(Buffer.from('abcdabcd!'));
    await expect(undo(frame(0x20, blocks))).rejects.toMatchObject({ code: 'push_compression', message: 'lz4: a copy reaches too far' });
  });

  it('with overlapping copies and stored blocks', async () => {
    expect(await undo(frame(0x20, [block(Buffer.from([0x1f, 0x78, 0x01, 0x00, 0x0a, 0x10, 0x79])), block(Buffer.from('raw'), true)]))).toEqual(Buffer.from(`${'x'.repeat(30)}yraw`));
  });
});

describe('what is refused', () => {
  const whole = compressFrameSync(text.subarray(0, 5000), { contentChecksum: true, blockChecksums: true });

  it('cut frames, at each place', async () => {
    for (let length = 0; length < whole.length; length++) await expect(undo(whole.subarray(0, length)), String(length)).rejects.toMatchObject({ code: 'push_compression' });
  });

  it('any byte that is wrong, by the checksums', async () => {
    for (let at = 0; at < whole.length; at++) {
      const broken = Buffer.from(whole);
      broken[at]! ^= 0x10;
      await expect(undo(broken), String(at)).rejects.toMatchObject({ status: expect.toSatisfy((status: number) => status === 400 || status === 413) as number });
    }
  });

  it.each<[string, Buffer, string]>([
    ['another magic number', Buffer.from('0123456789'), 'bad magic number'],
    ['a dictionary', frame(0x01, []), 'frames with a dictionary are not supported'],
    ['a wrong header checksum', Buffer.concat([Buffer.from('04224d186070', 'hex'), Buffer.from([0])]), 'wrong checksum of a frame header'],
    ['small blocks', frame(0x20, [], { descriptor: 0x30 }), 'unknown block size'],
    ['a wrong content checksum', frame(0x24, [block(Buffer.from('raw'), true)], { tail: sumOf(Buffer.from('other')) }), 'wrong checksum of the content'],
    ['a wrong content length', frame(0x28, [block(Buffer.from('raw'), true)], { size: 4n }), 'wrong length of the content'],
    ['a block that is too long', frame(0x20, [block(Buffer.alloc(70_000), true)], { descriptor: 0x40 }), 'a block is larger than its frame allows'],
    ['a copy from before the start', frame(0x20, [block(Buffer.from([0x10, 0x78, 0x05, 0x00]))]), 'a copy reaches too far'],
    ['an offset of 0', frame(0x20, [block(Buffer.from([0x10, 0x78, 0x00, 0x00]))]), 'a copy reaches too far'],
    ['literals beyond the block', frame(0x20, [block(Buffer.from([0xf0, 0xff, 0xff, 0x00]))]), 'a literal is too long'],
  ])('%s', async (_, bytes, reason) => {
    await expect(undo(bytes)).rejects.toMatchObject({ code: 'push_compression', message: `lz4: ${reason}` });
  });

  it('bombs: by what they announce, and by what comes out', async () => {
    await expect(undo(frame(0x28, [], { size: 2n ** 30n }))).rejects.toMatchObject({ code: 'body_too_large' });
    await expect(undo(compressFrameSync(Buffer.alloc(2 ** 22)), 2 ** 20)).rejects.toMatchObject({ code: 'body_too_large' });
    // A block that makes 4 MiB and a bit of a few KB.
    const much = Buffer.concat([Buffer.from([0x1f, 0x78, 0x01, 0x00]), Buffer.alloc(20_000, 0xff), Buffer.from([0x00, 0x00])]);
    await expect(undo(frame(0x20, [block(much)]))).rejects.toMatchObject({ code: 'push_compression', message: 'lz4: a copy reaches too far' });
  });
});
