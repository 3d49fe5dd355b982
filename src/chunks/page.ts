import { asBuffer, compressLz4, compressZstd, crc32c, decompressLz4, decompressZstd } from '../bytes/mod.ts';
import { SpoorError } from '../model/mod.ts';
import { codecIds, columnIds, columnName } from './format.ts';
import { segmentLimits } from './limits.ts';
import type { PageMeta } from './meta.ts';

/** A finished page that has no place yet; `data` is its own. */
export interface SealedPage {
  readonly meta: Omit<PageMeta, 'offset'>;
  readonly data: Uint8Array;
}

/** What a page holds, before compression. */
export interface PageContent {
  readonly column: number;
  readonly encoding: number;
  readonly values: number;
  readonly range: PageMeta['range'];
}

/** Pages below this many bytes are not compressed. */
const compressBytesMin = 64;

/** Pages below this many bytes are not worth the time that zstd takes to begin. */
const zstdBytesMin = 256;

/** What a codec makes of one byte at most. */
const ratioMax: Readonly<Record<number, number>> = { [codecIds.lz4]: 255, [codecIds.zstd]: 65_536 };

/**
 * Compresses a page where that saves an eighth: with zstd where that takes at most four fifths of what lz4 takes, which is faster to read; but never times, which
 * nearly every query reads. Takes its checksum.
 * `raw` may be used again afterwards.
 */
export function sealPage(content: PageContent, raw: Uint8Array): SealedPage {
  const { codec, data } = compress(raw, content.column !== columnIds.time);
  const { column, encoding, values, range } = content;
  return { meta: { column, encoding, codec, values, storedBytes: data.length, rawBytes: raw.length, crc: crcOf(data), range }, data };
}

function compress(raw: Uint8Array, withZstd: boolean): { readonly codec: number; readonly data: Uint8Array } {
  const bytesMax = raw.length - (raw.length >> 3);
  const lz4 = raw.length >= compressBytesMin ? compressLz4(raw) : undefined;
  const zstd = withZstd && raw.length >= zstdBytesMin ? compressZstd(raw) : undefined;
  if (zstd !== undefined && zstd.length <= bytesMax && (lz4 === undefined || zstd.length * 5 <= Math.min(lz4.length, raw.length) * 4)) return { codec: codecIds.zstd, data: zstd };
  if (lz4 !== undefined && lz4.length <= bytesMax) return { codec: codecIds.lz4, data: lz4 };
  return { codec: codecIds.none, data: copyOf(raw) };
}

function copyOf(raw: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(raw.length);
  asBuffer(raw).copy(copy);
  return copy;
}

function crcOf(data: Uint8Array): number {
  return data.length === 0 ? 0 : crc32c(data);
}

/** The error for a page whose content makes no sense. */
export function pageDamage(page: PageMeta, where: string, reason: string): SpoorError {
  return new SpoorError('corruption', { where, offset: page.offset, reason: `page of ${columnName(page.column)}: ${reason}` });
}

/** Checks a page's stored bytes against length and checksum; `corruption` where they do not fit. */
export function checkPage(page: PageMeta, stored: Uint8Array, where: string): void {
  if (stored.length !== page.storedBytes) throw pageDamage(page, where, `${page.storedBytes} bytes wanted, ${stored.length} there`);
  if (crcOf(stored) !== page.crc) throw pageDamage(page, where, 'checksum does not match');
}

/**
 * Checks a page's stored bytes and gives its raw bytes: a view of `stored` where it is not compressed.
 * Throws `corruption` where checksum, length or compression do not fit.
 */
export function openPage(page: PageMeta, stored: Uint8Array, where: string): Uint8Array {
  checkPage(page, stored, where);
  if (page.codec === codecIds.none) {
    if (page.rawBytes !== page.storedBytes) throw pageDamage(page, where, 'lengths of an uncompressed page differ');
    return stored;
  }
  if (page.codec !== codecIds.lz4 && page.codec !== codecIds.zstd) throw pageDamage(page, where, `codec ${page.codec} is unknown`);
  if (page.rawBytes > segmentLimits.pageRawBytesMax) throw pageDamage(page, where, `${page.rawBytes} raw bytes, over the limit of ${segmentLimits.pageRawBytesMax} (pageRawBytesMax)`);
  if (page.rawBytes > page.storedBytes * (ratioMax[page.codec] ?? 1)) throw pageDamage(page, where, `${page.rawBytes} raw bytes cannot come of ${page.storedBytes}`);
  const raw = page.codec === codecIds.lz4 ? decompressLz4(stored, page.rawBytes) : decompressZstd(stored, page.rawBytes);
  if (raw === undefined) throw pageDamage(page, where, `${page.codec === codecIds.lz4 ? 'lz4' : 'zstd'} data is damaged`);
  return raw;
}
