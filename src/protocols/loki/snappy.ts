import { SpoorError } from '../../model/mod.ts';

/** Output between two yields. */
const sliceBytes = 65_536;
/** Up to so many bytes a loop is faster than a call. */
const loopBytesMax = 24;

/**
 * Decompresses a raw snappy block (github.com/google/snappy, format_description.txt) in slices, for blocks that would hold the event loop too long in one go. The native
 * module's own way of not holding it loses the memory of each result (Brooooooklyn/snappy#323). `at` is where the claimed length ends. Throws `push_snappy`.
 */
export function* decompressSnappy(block: Buffer, at: number, length: number): Generator<void, Buffer> {
  const out = Buffer.allocUnsafeSlow(length);
  let read = at;
  let written = 0;
  let sliceEnd = sliceBytes;
  while (read < block.length) {
    const tag = block[read++] as number;
    const kind = tag & 3;
    if (kind === 0) {
      let count = tag >>> 2;
      const lengthBytes = count - 59;
      if (lengthBytes > 0) {
        if (read + lengthBytes > block.length) throw new SpoorError('push_snappy');
        count = block.readUIntLE(read, lengthBytes);
        read += lengthBytes;
      }
      count += 1;
      if (read + count > block.length || written + count > length) throw new SpoorError('push_snappy');
      block.copy(out, written, read, read + count);
      read += count;
      written += count;
    } else {
      const offsetBytes = kind === 3 ? 4 : kind;
      if (read + offsetBytes > block.length) throw new SpoorError('push_snappy');
      const count = kind === 1 ? 4 + ((tag >>> 2) & 7) : (tag >>> 2) + 1;
      const offset = kind === 1 ? ((tag >>> 5) << 8) | (block[read] as number) : block.readUIntLE(read, offsetBytes);
      read += offsetBytes;
      if (offset === 0 || offset > written || written + count > length) throw new SpoorError('push_snappy');
      const from = written - offset;
      // What is copied may reach into what is written.
      if (count <= loopBytesMax || offset < count) for (let i = 0; i < count; i++) out[written + i] = out[from + i] as number;
      else out.copyWithin(written, from, from + count);
      written += count;
    }
    if (written >= sliceEnd) {
      sliceEnd = written + sliceBytes;
      yield;
    }
  }
  if (written !== length) throw new SpoorError('push_snappy');
  return out;
}
