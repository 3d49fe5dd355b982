import { detectFormat } from '../parse/detect.ts';
import { newRecord, type RecordFormat } from '../parse/record.ts';
import type { LogFile } from './file.ts';
import { gzipHead } from './gzip.ts';
import { readFully } from './identity.ts';

const peekBytes = 64 * 1024;

/** The format of an open file's first record (`raw` where it is in none); undefined while no record is complete. */
export function peekFormat(file: LogFile): RecordFormat | undefined {
  if (file.fd === null && !file.gzip) return undefined;
  let bytes: Buffer;
  try {
    bytes = file.fd === null ? gzipHead(file) : readStart(file.fd);
  } catch {
    return undefined;
  }
  const { length } = bytes;
  const newline = bytes.indexOf(0x0a);
  if (newline < 0) return file.gzip || length === peekBytes ? 'raw' : undefined;
  return detectFormat(bytes, 0, newline, newRecord()) ?? 'raw';
}

function readStart(fd: number): Buffer {
  const bytes = Buffer.allocUnsafe(peekBytes);
  return bytes.subarray(0, readFully(fd, bytes, peekBytes, 0));
}
