import { crc32c } from '../bytes/mod.ts';
import { frameHeaderBytes, padded, writeFrameHead } from './frame.ts';

/** A record on its way into a file. */
export interface Outgoing {
  readonly id: string;
  /** Bytes of `id` in UTF-8. */
  readonly idBytes: number;
  readonly data: Uint8Array;
}

/** The frames of `group`, to be written together at the end of a file: parts that follow one another. The records are not copied. */
export function packGroup(group: readonly Outgoing[], file: { readonly next: number; readonly length: number; readonly salt: number }, timeMs: number): Uint8Array[] {
  let headBytes = 0;
  for (const { idBytes, data } of group) headBytes += frameHeaderBytes + padded(idBytes) + padded(data.length) - data.length;
  const heads = Buffer.allocUnsafe(headBytes);
  const parts: Uint8Array[] = [];
  let from = 0;
  let at = 0;
  let position = file.next;
  for (const { id, idBytes, data } of group) {
    at = writeFrameHead(heads, at, { dataBytes: data.length, idBytes, position, timeMs, syncedTo: file.length, dataCrc: crc32c(data) }, id, file.salt);
    parts.push(heads.subarray(from, at), data);
    // The padding of one frame and the head of the next are one part.
    from = at;
    const end = at + padded(data.length) - data.length;
    heads.fill(0, at, end);
    at = end;
    position++;
  }
  parts.push(heads.subarray(from, at));
  return parts;
}
