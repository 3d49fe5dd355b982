import type { BytesTexts } from '../../model/mod.ts';
import type { Template } from './template.ts';

/**
 * Puts lines together: that of the i-th of `count` values begins at out[at[i]]. Answers the first i whose line does not have the length `length[i]`, which is
 * then not written beyond its place; -1 where all fit.
 */
export function rebuildLines(template: Template, columns: readonly BytesTexts[], count: number, out: Buffer, at: Uint32Array, length: Uint32Array): number {
  const { text } = template;
  const last = text[columns.length]!;
  for (let i = 0; i < count; i++) {
    let to = at[i]!;
    const end = to + length[i]!;
    for (let c = 0; c < columns.length; c++) {
      const piece = text[c]!;
      const { bytes, start, length: lengths } = columns[c]!;
      const from = start[i]!;
      const size = lengths[i]!;
      if (to + piece.length + size > end) return i;
      for (let k = 0; k < piece.length; k++) out[to + k] = piece[k]!;
      to += piece.length;
      if (size > copyBytesMin) bytes.copy(out, to, from, from + size);
      else for (let k = 0; k < size; k++) out[to + k] = bytes[from + k]!;
      to += size;
    }
    if (to + last.length !== end) return i;
    for (let k = 0; k < last.length; k++) out[to + k] = last[k]!;
  }
  return -1;
}

/** Longer values are copied by the runtime, which takes a while to begin. */
const copyBytesMin = 96;

/** Length and bytes of each name of structured metadata (docs/formats/metadata.md). */
export function metadataHeads(names: readonly string[]): readonly Buffer[] {
  return names.map((name) => {
    const bytes = Buffer.from(name);
    return Buffer.concat([varint(bytes.length), bytes]);
  });
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Bytes that the metadata of the i-th value takes. */
export function metadataLength(heads: readonly Buffer[], columns: readonly BytesTexts[], i: number): number {
  let bytes = 0;
  for (let c = 0; c < columns.length; c++) {
    const size = columns[c]!.length[i]!;
    bytes += heads[c]!.length + (size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : 4) + size;
  }
  return bytes;
}

/** Puts the metadata of the i-th value together from out[at] on. */
export function rebuildMetadata(heads: readonly Buffer[], columns: readonly BytesTexts[], i: number, out: Buffer, at: number): void {
  let to = at;
  for (let c = 0; c < columns.length; c++) {
    const head = heads[c]!;
    for (let k = 0; k < head.length; k++) out[to++] = head[k]!;
    const { bytes, start, length } = columns[c]!;
    const from = start[i]!;
    const size = length[i]!;
    let rest = size;
    for (; rest >= 0x80; rest >>= 7) out[to++] = (rest & 0x7f) | 0x80;
    out[to++] = rest;
    for (let k = 0; k < size; k++) out[to++] = bytes[from + k]!;
  }
}
