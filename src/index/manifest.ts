import { Packr } from 'msgpackr';
import { ByteReader, ByteWriter, crc32c } from '../bytes/mod.ts';
import { dayLengthNs, dayStartNs, reasonOf, SpoorError, timeNsMax, timeNsMin } from '../model/mod.ts';
import { checkKey } from '../objects/mod.ts';

/** A segment that a flush wrote. */
export interface SegmentRef {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly rows: number;
  /** Times of its first and last entry. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
}

/** An index file that a flush wrote: one tenant, one UTC day. */
export interface IndexRef {
  readonly key: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly tenant: string;
  readonly day: number;
  /** Times of the first and last entry that it points at. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly rows: number;
  readonly streams: number;
  /** Raw bytes of lines, and of metadata as statistics count them (countMetadataBytes). */
  readonly bytes: number;
}

/** What one flush made of a run of a partition's positions. The entries of these positions are in its segments, and nowhere else. */
export interface Manifest {
  readonly version: 1;
  readonly partition: number;
  /** First and last journal position, both included. */
  readonly first: bigint;
  readonly last: bigint;
  /** Lease epoch of the writer. */
  readonly epoch: bigint;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly segments: readonly SegmentRef[];
  readonly indexes: readonly IndexRef[];
}

export const partitionsMax = 100_000;
/** Longest manifest, frame included. */
export const manifestBytesMax = 64 * 2 ** 20;
/** Bytes of a manifest that say how long it is. */
export const manifestFrameBytes = 16;

const magic = Buffer.from('SPMF', 'latin1');
const frameVersion = 1;
const positionMax = 2n ** 63n - 1n;
const entriesMax = 2 ** 20;

/** Key under which the manifest of a partition's positions from `first` on stands. */
export function manifestKey(partition: number, first: bigint): string {
  if (!isCount(partition) || partition >= partitionsMax || first < 1n || first > positionMax) throw new SpoorError('internal', { reason: `no manifest can be of partition ${partition}, position ${first}` });
  return `manifests/${String(partition).padStart(5, '0')}/${String(first).padStart(20, '0')}`;
}

/** Whether a key looks like one that manifestKey makes. */
export function isManifestKey(key: string): boolean {
  return /^manifests\/\d{5}\/\d{20}$/.test(key);
}

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint', variableMapSize: true });

/** A manifest as bytes: `SPMF`, version u32, payload length u32, its CRC-32C u32, then the fields as a msgpack map. Throws `internal` where one makes no sense. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const fault = faultOf(manifest);
  if (fault !== undefined) throw new SpoorError('internal', { reason: `a manifest ${fault}` });
  const payload = packr.pack(manifest);
  if (payload.length > manifestBytesMax - manifestFrameBytes) throw new SpoorError('internal', { reason: `a manifest of ${payload.length} bytes is over the limit of ${manifestBytesMax}` });
  const writer = new ByteWriter(payload.length + manifestFrameBytes);
  writer.bytes(magic).u32(frameVersion).u32(payload.length).u32(crc32c(payload)).bytes(payload);
  return new Uint8Array(writer.view());
}

/** Length of the whole manifest that begins with these bytes. Throws `corruption`. */
export function manifestLength(head: Uint8Array, key: string): number {
  return readFrame(head, key).length + manifestFrameBytes;
}

/** Reads what encodeManifest wrote. Throws `corruption` where anything is not exactly as it should be. */
export function decodeManifest(bytes: Uint8Array, key: string): Manifest {
  const { reader, length, crc } = readFrame(bytes, key);
  if (reader.remaining !== length) throw reader.damage(`${reader.remaining} of ${length} bytes are there`);
  const payload = reader.bytes(length);
  if (crc32c(payload) !== crc) throw reader.damage('the checksum is wrong');
  let value: unknown;
  try {
    value = packr.unpack(payload);
  } catch (error) {
    throw reader.damage(`it does not unpack: ${reasonOf(error)}`);
  }
  const fault = faultOf(value);
  if (fault !== undefined) throw reader.damage(`it ${fault}`);
  return value as Manifest;
}

function readFrame(bytes: Uint8Array, key: string): { readonly reader: ByteReader; readonly length: number; readonly crc: number } {
  const reader = new ByteReader(bytes, `manifest ${key}`);
  if (!reader.bytes(magic.length).equals(magic)) throw reader.damage('it does not begin like a manifest');
  const version = reader.u32();
  if (version !== frameVersion) throw reader.damage(`version ${version} is unknown; this spoor reads version ${frameVersion}`);
  const length = reader.u32();
  if (length > manifestBytesMax - manifestFrameBytes) throw reader.damage(`it claims ${length} bytes, over the limit of ${manifestBytesMax}`);
  return { reader, length, crc: reader.u32() };
}

type Check = (value: unknown) => boolean;

const times = { minNs: isTime, maxNs: isTime };
const segmentFields: Readonly<Record<keyof SegmentRef, Check>> = { key: isKey, size: isCount, rows: isCount, ...times };
const indexFields: Readonly<Record<keyof IndexRef, Check>> = { key: isKey, size: isCount, tenant: isName, day: isDay, rows: isCount, streams: isCount, bytes: isCount, ...times };
const manifestFields: Readonly<Record<keyof Manifest, Check>> = {
  version: (value) => value === 1,
  partition: (value) => isCount(value) && value < partitionsMax,
  first: isPosition,
  last: isPosition,
  epoch: (value) => typeof value === 'bigint' && value >= 0n && value <= positionMax,
  createdMs: isCount,
  segments: (value) => Array.isArray(value) && value.length <= entriesMax,
  indexes: (value) => Array.isArray(value) && value.length <= entriesMax,
};

/** What is wrong with a manifest; undefined if nothing is. */
function faultOf(value: unknown): string | undefined {
  const fault = fieldFault(value, manifestFields, '');
  if (fault !== undefined) return fault;
  const manifest = value as Manifest;
  if (manifest.first > manifest.last) return `goes from position ${manifest.first} to ${manifest.last}`;
  for (const [i, segment] of manifest.segments.entries()) {
    const inside = fieldFault(segment, segmentFields, `segments[${i}].`) ?? spanFault(segment, `segments[${i}]`);
    if (inside !== undefined) return inside;
  }
  for (const [i, index] of manifest.indexes.entries()) {
    const inside = fieldFault(index, indexFields, `indexes[${i}].`) ?? spanFault(index, `indexes[${i}]`);
    if (inside !== undefined) return inside;
    const start = dayStartNs(index.day);
    if (index.minNs < start || index.maxNs >= start + dayLengthNs) return `has times outside of day ${index.day} in indexes[${i}]`;
  }
  return undefined;
}

function fieldFault(value: unknown, fields: Readonly<Record<string, Check>>, path: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `has no fields${path === '' ? '' : ` in ${path.slice(0, -1)}`}`;
  const names = Object.keys(value);
  for (const name of names) if (!Object.hasOwn(fields, name)) return `has the unknown field ${path}${name}`;
  for (const [name, check] of Object.entries(fields)) {
    if (!check((value as Record<string, unknown>)[name])) return `has no valid ${path}${name}`;
  }
  return undefined;
}

function spanFault(span: { readonly minNs: bigint; readonly maxNs: bigint }, path: string): string | undefined {
  return span.minNs > span.maxNs ? `has times that go back in ${path}` : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isDay(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) < 2 ** 31;
}

function isTime(value: unknown): boolean {
  return typeof value === 'bigint' && value >= timeNsMin && value <= timeNsMax;
}

function isPosition(value: unknown): boolean {
  return typeof value === 'bigint' && value >= 1n && value <= positionMax;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= 1024 && value.isWellFormed();
}

function isKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    checkKey(value);
    return true;
  } catch {
    return false;
  }
}
