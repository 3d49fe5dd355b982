import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { fingerprintBytesMax, openExactly, type FileIdentity } from './identity.ts';

/** Largest decompressed size of a rotated member; kubelets rotate at 10 MiB by default. What is over it counts as lost. */
export const gzipMemberBytesMax = 2 ** 30;

/** The first decompressed bytes of a gzip file, at most fingerprintBytesMax; empty where it is damaged. */
export function gzipHead(file: FileIdentity): Buffer {
  const compressed = Buffer.allocUnsafe(16 * 1024);
  const fd = openExactly(file);
  let length: number;
  try {
    length = readSync(fd, compressed, 0, compressed.length, 0);
  } finally {
    closeSync(fd);
  }
  try {
    // Deflate makes at most 1032 bytes of one, so the whole of this piece is bounded.
    const head = gunzipSync(compressed.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 32 * 2 ** 20 });
    return head.subarray(0, fingerprintBytesMax);
  } catch {
    return Buffer.alloc(0);
  }
}

/** The decompressed size that a gzip file claims (RFC 1952, ISIZE: its last four bytes); rotated logs are one member below 4 GiB. */
export function gzipSize(file: FileIdentity): number {
  const fd = openExactly(file);
  try {
    const end = fstatSync(fd).size;
    const tail = Buffer.alloc(4);
    return end >= 18 && readSync(fd, tail, 0, 4, end - 4) === 4 ? tail.readUInt32LE(0) : 0;
  } finally {
    closeSync(fd);
  }
}

/** A compressed member; `source` is its descriptor where it is open, and is closed and set to null once it is not needed any more. */
export interface GzipSource extends FileIdentity {
  source: number | null;
}

/**
 * Decompresses a rotated member into a file of `folder` that has no name, so that it is read like any other and vanishes with its descriptor.
 * `damage` says why a member could not be decompressed to its end; what came before can be read. Rejects where the folder takes no file.
 */
export async function openGzip(file: GzipSource, folder: string): Promise<{ readonly fd: number; readonly damage: Error | null }> {
  const temporary = join(folder, `member-${process.pid}-${sequence++}.log`);
  file.source ??= openExactly(file);
  const handle = await open(temporary, 'wx', 0o600);
  const source = Readable.from(blocksOf(file.source));
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  let bytes = 0;
  let damage: Error | null = null;
  let unwritten: unknown;
  try {
    for await (const block of source.pipe(gunzip) as AsyncIterable<Buffer>) {
      bytes += block.length;
      if (bytes > gzipMemberBytesMax) throw new Error(`more than ${gzipMemberBytesMax} bytes when decompressed`);
      await handle.writeFile(block).catch((error: unknown) => {
        unwritten = error;
        throw error;
      });
    }
  } catch (error) {
    damage = error instanceof Error ? error : new Error(String(error));
  }
  source.destroy();
  try {
    // A full disk is no damage: the member is tried again.
    if (unwritten !== undefined) throw unwritten;
    closeSync(file.source);
    file.source = null;
    return { fd: openSync(temporary, 'r'), damage };
  } finally {
    await handle.close();
    rmSync(temporary, { force: true });
  }
}

/** The descriptor stays the caller's, so that a member is not lost where it cannot be written out now. */
function* blocksOf(fd: number): Generator<Buffer> {
  for (let at = 0; ;) {
    const block = Buffer.allocUnsafe(64 * 1024);
    const length = readSync(fd, block, 0, block.length, at);
    if (length === 0) return;
    at += length;
    yield block.subarray(0, length);
  }
}

let sequence = 0;
