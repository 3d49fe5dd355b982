import { crc32c } from '../bytes/mod.ts';
import { frameBytes, padded, writeFrameHead } from './frame.ts';

/** A record on its way into a file. */
export interface Outgoing {
  readonly id: string;
  /** Bytes of `id` in UTF-8. */
  readonly idBytes: number;
  readonly data: Uint8Array;
}

/** Records up to this long are copied, because many small parts cost a write more than the copy does. */
const copyBytesMax = 16_384;

/** The frames of `group`, to be written together at the end of a file: parts that follow one another. Large records are not copied. */
export function packGroup(group: readonly Outgoing[], file: { readonly next: number; readonly length: number; readonly salt: number }, timeMs: number): Uint8Array[] {
  let packedBytes = 0;
  for (const { idBytes, data } of group) packedBytes += frameBytes(idBytes, data.length) - (data.length > copyBytesMax ? data.length : 0);
  const packed = Buffer.allocUnsafe(packedBytes);
  const parts: Uint8Array[] = [];
  let from = 0;
  let at = 0;
  let position = file.next;
  for (const { id, idBytes, data } of group) {
    at = writeFrameHead(packed, at, { dataBytes: data.length, idBytes, position, timeMs, syncedTo: file.length, dataCrc: crc32c(data) }, id, file.salt);
    if (data.length > copyBytesMax) {
      parts.push(packed.subarray(from, at), data);
      from = at;
    } else {
      packed.set(data, at);
      at += data.length;
    }
    // The padding of a record and the head of the next frame are one part.
    const end = at + padded(data.length) - data.length;
    packed.fill(0, at, end);
    at = end;
    position++;
  }
  parts.push(packed.subarray(from, at));
  return parts;
}
