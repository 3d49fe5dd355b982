import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib';
import { ByteReader, ByteWriter, crc32c } from '../../../src/bytes/mod.ts';
import { labelSet } from '../../../src/model/mod.ts';
import type { Batch, StreamLabels } from '../batch.ts';

/** Version of records; docs/formats/agent-buffer.md. */
export const recordVersion = 1;
/** `SAB` and the version. */
export const recordMagic = Buffer.from([0x53, 0x41, 0x42, recordVersion]);
/** Magic, length of the body, length when decompressed, rows, checksum. */
export const recordHeaderBytes = 20;
/** Largest body, compressed or not. A batch is at most 16 MiB and a block. */
export const recordBodyMax = 64 * 2 ** 20;
export const recordRowsMax = 2 ** 22;
const streamsMax = 2 ** 20;
const labelsMax = 1024;
const textMax = 2 ** 20;

/** What a record's header says. */
export interface RecordHeader {
  readonly bodyBytes: number;
  readonly rawBytes: number;
  readonly rows: number;
  readonly checksum: number;
}

/** Reads a header at `at`; undefined where none stands there or a length is over its limit. */
export function readRecordHeader(bytes: Buffer, at: number): RecordHeader | undefined {
  if (at + recordHeaderBytes > bytes.length || bytes.compare(recordMagic, 0, 4, at, at + 4) !== 0) return undefined;
  const header = { bodyBytes: bytes.readUInt32LE(at + 4), rawBytes: bytes.readUInt32LE(at + 8), rows: bytes.readUInt32LE(at + 12), checksum: bytes.readUInt32LE(at + 16) };
  return header.bodyBytes > recordBodyMax || header.rawBytes > recordBodyMax || header.rows > recordRowsMax || header.rows === 0 ? undefined : header;
}

/** The checksum over a header's lengths and the body. */
export function recordChecksum(record: Buffer): number {
  return crc32c(record.subarray(recordHeaderBytes), crc32c(record.subarray(0, recordHeaderBytes - 4)));
}

/** A record with rows of a batch: header and compressed body. */
export function encodeRecord(batch: Batch, rows: Uint32Array): Buffer {
  const body = encodeRows(batch, rows);
  // One chunk each: pieces that are put together afterwards would be as much memory again.
  const compressed = zstdCompressSync(body, { chunkSize: Math.max(4096, body.length >> 2), params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const record = Buffer.allocUnsafeSlow(recordHeaderBytes + compressed.length);
  recordMagic.copy(record);
  record.writeUInt32LE(compressed.length, 4);
  record.writeUInt32LE(body.length, 8);
  record.writeUInt32LE(rows.length, 12);
  compressed.copy(record, recordHeaderBytes);
  discard(compressed);
  record.writeUInt32LE(recordChecksum(record), 16);
  return record;
}

/** Fills an empty batch with what encodeRecord wrote. Throws where the bytes are no such record; a checksum is not looked at here. */
export function decodeRecord(record: Buffer, batch: Batch): void {
  const header = readRecordHeader(record, 0);
  if (header === undefined || record.length !== recordHeaderBytes + header.bodyBytes) throw new Error('no record');
  const body = zstdDecompressSync(record.subarray(recordHeaderBytes), { chunkSize: Math.max(4096, header.rawBytes), maxOutputLength: Math.max(1, header.rawBytes) });
  try {
    decodeRows(body, header.rows, batch);
  } finally {
    discard(body);
  }
}

/**
 * Frees the memory of a buffer that nobody looks at any more, now. V8 would let 64 MiB of such come together before it collects them, which is half of what the agent may use. Does nothing where
 * the memory may be shared with other buffers.
 */
export function discard(bytes: Buffer): void {
  if (bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength > Math.max(Buffer.poolSize, discardBytesMin)) bytes.buffer.transfer(0);
}

/** Smaller ones cost nothing. (Pieces of Node's pool cannot be freed at all.) */
const discardBytesMin = 64 * 1024;

/** Numbers of four bytes for each row. */
const numbersPerRow = 4;
/** Where bodies are put together, one at a time. */
let scratch = Buffer.alloc(0);

function encodeRows(batch: Batch, rows: Uint32Array): Buffer {
  const used = new Map<number, number>();
  const streams = new Uint32Array(rows.length);
  let lineBytes = 0;
  let metadataBytes = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const stream = batch.stream[row] as number;
    let index = used.get(stream);
    if (index === undefined) used.set(stream, (index = used.size));
    streams[i] = index;
    lineBytes += (batch.lineStart[row + 1] as number) - (batch.lineStart[row] as number);
    metadataBytes += (batch.metadataStart[row + 1] as number) - (batch.metadataStart[row] as number);
  }
  const head = new ByteWriter(1024);
  head.varint(used.size);
  for (const stream of used.keys()) {
    const { labels, tenant } = batch.streams[stream] as StreamLabels;
    head.text(tenant ?? '').varint(labels.length);
    for (const { name, value } of labels) head.text(name).text(value);
  }
  head.varint(lineBytes).varint(metadataBytes);
  const columns = rows.length * (8 + 4 * numbersPerRow);
  const length = head.length + columns + lineBytes + metadataBytes;
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(Math.ceil(length * 1.25));
  const body = scratch.subarray(0, length);
  head.view().copy(body);
  let at = head.length;
  for (const row of rows) at = body.writeDoubleLE(batch.seconds[row] as number, at);
  for (const row of rows) at = body.writeUInt32LE(batch.nanos[row] as number, at);
  for (const stream of streams) at = body.writeUInt32LE(stream, at);
  for (const row of rows) at = body.writeUInt32LE((batch.lineStart[row + 1] as number) - (batch.lineStart[row] as number), at);
  for (const row of rows) at = body.writeUInt32LE((batch.metadataStart[row + 1] as number) - (batch.metadataStart[row] as number), at);
  for (const row of rows) at += batch.lines.copy(body, at, batch.lineStart[row], batch.lineStart[row + 1]);
  for (const row of rows) at += batch.metadata.copy(body, at, batch.metadataStart[row], batch.metadataStart[row + 1]);
  return body;
}

function decodeRows(body: Buffer, rows: number, batch: Batch): void {
  const reader = new ByteReader(body, 'a record of the buffer');
  const streamCount = reader.varint(streamsMax, 'streams');
  for (let i = 0; i < streamCount; i++) {
    const tenant = reader.text(textMax, 'tenant');
    const labelCount = reader.varint(labelsMax, 'labels');
    const pairs: [string, string][] = [];
    for (let n = 0; n < labelCount; n++) pairs.push([reader.text(textMax, 'label'), reader.text(textMax, 'value')]);
    batch.streams.push({ labels: labelSet(pairs), ...(tenant === '' ? {} : { tenant }) });
  }
  const lineBytes = reader.varint(recordBodyMax, 'bytes of lines');
  const metadataBytes = reader.varint(recordBodyMax, 'bytes of metadata');
  let at = body.length - reader.remaining;
  if (reader.remaining !== rows * (8 + 4 * numbersPerRow) + lineBytes + metadataBytes) throw new Error('lengths do not fit');
  batch.reserveRows(rows);
  for (let i = 0; i < rows; i++, at += 8) batch.seconds[i] = body.readDoubleLE(at);
  for (let i = 0; i < rows; i++, at += 4) batch.nanos[i] = body.readUInt32LE(at);
  for (let i = 0; i < rows; i++, at += 4) {
    const stream = body.readUInt32LE(at);
    if (stream >= streamCount) throw new Error('a row of no stream');
    batch.stream[i] = stream;
  }
  at = readStarts(body, at, rows, lineBytes, batch.lineStart);
  at = readStarts(body, at, rows, metadataBytes, batch.metadataStart);
  if (batch.lines.length < lineBytes) batch.lines = Buffer.allocUnsafeSlow(lineBytes);
  at += body.copy(batch.lines, 0, at, at + lineBytes);
  if (batch.metadata.length < metadataBytes) batch.metadata = Buffer.allocUnsafeSlow(metadataBytes);
  body.copy(batch.metadata, 0, at, at + metadataBytes);
  batch.rows = rows;
}

function readStarts(body: Buffer, from: number, rows: number, total: number, starts: Uint32Array): number {
  let at = from;
  let sum = 0;
  for (let i = 0; i < rows; i++, at += 4) {
    sum += body.readUInt32LE(at);
    if (sum > total) throw new Error('rows are longer than all of them');
    starts[i + 1] = sum;
  }
  if (sum !== total) throw new Error('rows do not fill their bytes');
  return at;
}
