import { compressSync } from 'snappy';
import { crc32c } from '../../src/bytes/mod.ts';

/** A snappy stream with frames: the identifier, a chunk of padding, and chunks of at most 64 KiB, every third one uncompressed. */
export function snappyFramed(raw: Buffer): Buffer {
  const chunks: Buffer[] = [Buffer.from('ff060000734e61507059', 'hex'), Buffer.from('fe0200000000', 'hex')];
  for (let at = 0, i = 0; at < raw.length; at += 65_536, i++) {
    const part = raw.subarray(at, at + 65_536);
    const content = i % 3 === 2 ? part : compressSync(part);
    const head = Buffer.alloc(8);
    head[0] = i % 3 === 2 ? 1 : 0;
    head.writeUIntLE(content.length + 4, 1, 3);
    const sum = crc32c(part);
    head.writeUInt32LE((((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0, 4);
    chunks.push(head, content);
  }
  return Buffer.concat(chunks);
}
