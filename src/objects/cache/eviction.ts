import { lstat, readdir, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { folderPattern, namePattern } from './block.ts';

/** Files are written here before they get their name. */
export const temporaryFolder = 'tmp';
/** Older ones are of processes that crashed. */
const temporaryMs = 600_000;

/** What makeRoom is told. */
export interface RoomNeeds {
  readonly directory: string;
  /** Nothing is evicted below this … */
  readonly bytesMax: number;
  /** … and above it so much that this is left. */
  readonly bytesKept: number;
  /** The same with bytes that are free on the disk. */
  readonly freeBytesMin: number;
  readonly nowMs: number;
  readonly isClosed: () => boolean;
}

/** What makeRoom did. */
export interface Room {
  /** Bytes of the files that are left. */
  readonly left: number;
  readonly evicted: number;
  readonly evictedBytes: number;
  /** Whether enough of the disk is free. */
  readonly hasRoom: boolean;
}

interface File {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/** Bytes that are free on the disk of a directory; without end where that cannot be told. */
export async function freeBytes(directory: string): Promise<number> {
  return statfs(directory).then(({ bavail, bsize }) => bavail * bsize, () => Infinity);
}

/** Deletes the blocks that were not used for longest, until the rest fits, and what crashed writers left. Files that are no blocks are left alone. */
export async function makeRoom(needs: RoomNeeds): Promise<Room> {
  await deleteTemporaries(needs);
  const files = await blocksIn(needs);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const free = await freeBytes(needs.directory);
  const missing = Math.max(0, needs.freeBytesMin - free);
  const tooMuch = Math.max(total > needs.bytesMax ? total - needs.bytesKept : 0, missing);
  let [evicted, evictedBytes] = [0, 0];
  if (tooMuch > 0) {
    files.sort((a, b) => a.usedMs - b.usedMs);
    for (const { path, bytes } of files) {
      if (evictedBytes >= tooMuch || needs.isClosed()) break;
      // Another process may have been quicker.
      await unlink(path).catch(() => undefined);
      evicted += 1;
      evictedBytes += bytes;
    }
  }
  return { left: total - evictedBytes, evicted, evictedBytes, hasRoom: evictedBytes >= missing };
}

async function blocksIn({ directory, isClosed }: RoomNeeds): Promise<File[]> {
  const files: File[] = [];
  for (const folder of await namesIn(directory)) {
    if (isClosed()) break;
    if (!folderPattern.test(folder)) continue;
    const names = (await namesIn(join(directory, folder))).filter((name) => namePattern.test(name));
    const found = await Promise.all(names.map((name) => fileAt(join(directory, folder, name))));
    for (const file of found) if (file !== undefined) files.push(file);
  }
  return files;
}

async function deleteTemporaries({ directory, nowMs }: RoomNeeds): Promise<void> {
  for (const name of await namesIn(join(directory, temporaryFolder))) {
    const file = await fileAt(join(directory, temporaryFolder, name));
    if (file !== undefined && file.usedMs < nowMs - temporaryMs) await unlink(file.path).catch(() => undefined);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

async function fileAt(path: string): Promise<File | undefined> {
  return lstat(path).then((stat) => (stat.isFile() ? { path, bytes: stat.size, usedMs: stat.mtimeMs } : undefined), () => undefined);
}
