import { hash } from 'node:crypto';
import { asBuffer, crc32c } from '../../bytes/mod.ts';

// docs/formats/cache-block.md describes the file.

/** First bytes of the file of a block. */
const magic = Buffer.from('spoorBLK', 'latin1');
const version = 1;
/** Bytes before the data. */
export const blockHeaderBytes = 64;
/** Bytes of an object in one block; the last one of an object has what is left. With its header a full block is 64 KiB. */
export const blockBytes = 64 * 1024 - blockHeaderBytes;

const idBytes = 32;

/** An object as the cache knows it, the same in all processes: 32 bytes made of the store's identity and the key. */
export type ObjectId = Buffer;

/** The object of that key in the store of that scope. */
export function objectId(scope: string, key: string): ObjectId {
  return hash('sha256', `${scope}\0${key}`, 'buffer');
}

/** The file of a block, in one of 256 folders. */
export function blockPath(id: ObjectId, block: number): { readonly folder: string; readonly name: string } {
  const name = id.toString('hex', 0, 16);
  return { folder: name.slice(0, 2), name: `${name.slice(2)}-${block}` };
}

/** Folders and files of the cache are named like this; everything else is somebody else's. */
export const folderPattern = /^[0-9a-f]{2}$/;
export const namePattern = /^[0-9a-f]{30}-\d{1,9}$/;

/** What stands before the data in the file of a block. */
export function blockHeader(id: ObjectId, block: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(blockHeaderBytes);
  magic.copy(header);
  header.writeUInt16LE(version, 8);
  header.writeUInt32LE(data.length, 12);
  header.writeUInt32LE(block, 16);
  id.copy(header, 20);
  header.writeUInt32LE(crc32c(data, crc32c(header.subarray(0, 60))), 60);
  return header;
}

/** The data in the file of a block; null where the file is anything else than that block, whole and undamaged. */
export function blockData(file: Uint8Array, id: ObjectId, block: number): Uint8Array | null {
  if (file.length < blockHeaderBytes || file.length > blockHeaderBytes + blockBytes) return null;
  const bytes = asBuffer(file);
  const fits =
    bytes.subarray(0, 8).equals(magic) &&
    bytes.readUInt16LE(8) === version &&
    bytes.readUInt16LE(10) === 0 &&
    bytes.readUInt32LE(12) === file.length - blockHeaderBytes &&
    bytes.readUInt32LE(16) === block &&
    bytes.subarray(20, 20 + idBytes).equals(id);
  if (!fits) return null;
  const data = file.subarray(blockHeaderBytes);
  return crc32c(data, crc32c(bytes.subarray(0, 60))) === bytes.readUInt32LE(60) ? data : null;
}

/** The blocks in which bytes from `offset` on lie: first, and the one after the last. */
export function blocksOf(offset: number, length: number): { readonly from: number; readonly to: number } {
  return { from: Math.floor(offset / blockBytes), to: Math.ceil((offset + length) / blockBytes) };
}
