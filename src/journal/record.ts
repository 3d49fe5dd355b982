import { hash } from 'node:crypto';
import { asBuffer, ByteReader, ByteWriter } from '../bytes/mod.ts';
import { SpoorError, type BatchStream, type EntryBatch, type Label, type LabelSet } from '../model/mod.ts';
import type { LabelSets } from './label-sets.ts';

/** Largest record that is written or read, in bytes. */
export const recordBytesMax = 64 * 2 ** 20;

/** `SPRR`, little-endian. */
const recordMagic = 0x52525053;
const recordVersion = 1;
/** Bytes of the header of a record. */
export const headerBytes = 32;

/**
 * Writes a batch as a journal record (docs/formats/record.md): header, then the columns at offsets that suit their width, so that decodeRecord
 * needs no copies. Equal batches give equal bytes. The result owns its memory. Throws `body_too_large` above {@link recordBytesMax}.
 */
export function encodeRecord(batch: EntryBatch): Uint8Array {
  const { rows, streams } = batch;
  const lineBase = batch.lineStart[0] ?? 0;
  const metadataBase = batch.metadataStart[0] ?? 0;
  const lineBytes = (batch.lineStart[rows] ?? 0) - lineBase;
  const metadataBytes = (batch.metadataStart[rows] ?? 0) - metadataBase;
  const labels = encodeLabels(batch);
  const columnsEnd = headerBytes + rows * 8 + (rows + 1) * 8 + streams.length * 4;
  const total = columnsEnd + labels.length + lineBytes + metadataBytes;
  if (total > recordBytesMax) throw new SpoorError('body_too_large', { limit: recordBytesMax, name: 'journal record' });
  let streamRows = 0;
  for (const stream of streams) streamRows += stream.rows;
  if (streamRows !== rows) throw new SpoorError('internal', { reason: `a batch of ${rows} rows has streams of ${streamRows}` });

  const record = Buffer.allocUnsafeSlow(total);
  writeHeader(record, { rows, streams: streams.length, labelBytes: labels.length, lineBytes, metadataBytes });
  let at = headerBytes;
  new BigInt64Array(record.buffer, at, rows).set(batch.timeNs.subarray(0, rows));
  at += rows * 8;
  copyOffsets(new Uint32Array(record.buffer, at, rows + 1), batch.lineStart, lineBase);
  at += (rows + 1) * 4;
  copyOffsets(new Uint32Array(record.buffer, at, rows + 1), batch.metadataStart, metadataBase);
  at += (rows + 1) * 4;
  for (const stream of streams) at = record.writeUInt32LE(stream.rows, at);
  record.set(labels, at);
  at += labels.length;
  record.set(batch.lines.subarray(lineBase, lineBase + lineBytes), at);
  at += lineBytes;
  record.set(batch.metadata.subarray(metadataBase, metadataBase + metadataBytes), at);
  return record;
}

/** What the header of a record says. */
interface RecordCounts {
  readonly rows: number;
  readonly streams: number;
  readonly labelBytes: number;
  readonly lineBytes: number;
  readonly metadataBytes: number;
}

/** Writes the header of a record to its beginning. */
export function writeHeader(record: Buffer, { rows, streams, labelBytes, lineBytes, metadataBytes }: RecordCounts): void {
  let at = 0;
  for (const value of [recordMagic, recordVersion, rows, streams, labelBytes, lineBytes, metadataBytes, 0]) at = record.writeUInt32LE(value, at);
}

/** A tenant's name as the label section of its records begins with it. */
export function encodeTenant(tenant: string): Buffer {
  return new ByteWriter(64).text(tenant).view();
}

/** The labels of a stream as they stand in the label section. */
export function encodeStreamLabels(labels: LabelSet): Buffer {
  const writer = new ByteWriter(128).varint(labels.length);
  for (const label of labels) writer.text(label.name).text(label.value);
  return Buffer.from(writer.view());
}

function encodeLabels(batch: EntryBatch): Uint8Array {
  return Buffer.concat([encodeTenant(batch.tenant), ...batch.streams.map((stream) => encodeStreamLabels(stream.labels))]);
}

function copyOffsets(into: Uint32Array, from: Uint32Array, base: number): void {
  into.set(from.subarray(0, into.length));
  if (base !== 0) for (let i = 0; i < into.length; i++) into[i] = into[i]! - base;
}

/**
 * Reads what encodeRecord wrote. The columns are views of `data` where that begins at a multiple of 8 in its buffer, as it does when it comes from
 * encodeRecord or the disk journal; otherwise they are views of one copy. `where` names the record in errors. Equal labels are one array by `known`.
 * Throws `corruption` where counts, offsets or lengths do not fit one another; the bytes of lines and metadata are not looked at (the
 * journal's checksum covers them).
 */
export function decodeRecord(data: Uint8Array, where: string, known?: LabelSets): EntryBatch {
  const reader = new ByteReader(data, where);
  if (data.length > recordBytesMax) throw reader.damage(`record has ${data.length} bytes, over the limit of ${recordBytesMax}`);
  if (reader.u32() !== recordMagic) throw reader.damage('not a journal record');
  const version = reader.u32();
  if (version !== recordVersion) throw reader.damage(`record version ${version} is not known`);
  const rows = reader.u32();
  const streamCount = reader.u32();
  const labelBytes = reader.u32();
  const lineBytes = reader.u32();
  const metadataBytes = reader.u32();
  if (reader.u32() !== 0) throw reader.damage('reserved field is not zero');
  const columnsEnd = headerBytes + rows * 8 + (rows + 1) * 8 + streamCount * 4;
  const total = columnsEnd + labelBytes + lineBytes + metadataBytes;
  if (total !== data.length) throw reader.damage(`record is ${data.length} bytes long, its header says ${total}`);

  const bytes = data.byteOffset % 8 === 0 ? data : Uint8Array.from(data);
  const base = bytes.byteOffset;
  const timeNs = new BigInt64Array(bytes.buffer, base + headerBytes, rows);
  let at = headerBytes + rows * 8;
  const lineStart = new Uint32Array(bytes.buffer, base + at, rows + 1);
  checkOffsets(lineStart, lineBytes, where, at, 'lines');
  at += (rows + 1) * 4;
  const metadataStart = new Uint32Array(bytes.buffer, base + at, rows + 1);
  checkOffsets(metadataStart, metadataBytes, where, at, 'metadata');
  at += (rows + 1) * 4;
  const streamRows = new Uint32Array(bytes.buffer, base + at, streamCount);
  at += streamCount * 4;
  const { tenant, streams } = decodeLabels(bytes.subarray(0, at + labelBytes), at, streamRows, rows, where, known);
  at += labelBytes;
  return {
    tenant, streams, rows, timeNs, lineStart, metadataStart,
    lines: bytes.subarray(at, at + lineBytes),
    metadata: bytes.subarray(at + lineBytes, total),
  };
}

function checkOffsets(offsets: Uint32Array, length: number, where: string, at: number, what: string): void {
  let before = 0;
  let falling = offsets[0] !== 0;
  for (let i = 1; i < offsets.length; i++) {
    const offset = offsets[i]!;
    falling ||= offset < before;
    before = offset;
  }
  if (falling || before !== length) throw new SpoorError('corruption', { where, offset: at, reason: `offsets of ${what} do not fit the ${length} bytes there are` });
}

function decodeLabels(bytes: Uint8Array, at: number, streamRows: Uint32Array, rows: number, where: string, known: LabelSets | undefined): { tenant: string; streams: BatchStream[] } {
  const reader = new ByteReader(bytes, where, at);
  const buffer = asBuffer(bytes);
  const tenant = reader.text(reader.remaining, 'tenant');
  const streams: BatchStream[] = [];
  let total = 0;
  for (const rowsHere of streamRows) {
    const start = reader.offset;
    const labels = known === undefined ? readLabels(reader) : known.get(buffer, start, skipLabels(reader), () => readLabels(new ByteReader(bytes, where, start)));
    streams.push({ labels, rows: rowsHere });
    total += rowsHere;
  }
  reader.end();
  if (total !== rows) throw reader.damage(`streams have ${total} rows, the record ${rows}`);
  return { tenant, streams };
}

function labelCount(reader: ByteReader): number {
  // A pair takes at least its two lengths.
  return reader.varint(reader.remaining / 2, 'number of labels');
}

function readLabels(reader: ByteReader): LabelSet {
  const labels: Label[] = [];
  for (let count = labelCount(reader); count > 0; count--) {
    const name = reader.text(reader.remaining, 'label name');
    labels.push({ name, value: reader.text(reader.remaining, 'label value') });
  }
  return labels;
}

/** Where the labels end that begin here. */
function skipLabels(reader: ByteReader): number {
  for (let count = labelCount(reader); count > 0; count--) {
    reader.skip(reader.varint(reader.remaining, 'length of label name'));
    reader.skip(reader.varint(reader.remaining, 'length of label value'));
  }
  return reader.offset;
}

/**
 * The append id of a record: the first 128 bits of its SHA-256, in hex. encodeRecord gives equal bytes for equal batches, so a client that
 * repeats a push makes the same id.
 */
export function recordId(data: Uint8Array): string {
  return hash('sha256', data, 'hex').slice(0, 32);
}
