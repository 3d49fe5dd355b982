import { asBuffer, ByteReader, ByteWriter, crc32c } from '../bytes/mod.ts';
import { dayLengthNsNumber, SpoorError } from '../model/mod.ts';
import { checkRowGroup } from './check.ts';
import { codecIds, columnIds, columnName, encodingIds, firstOptionalColumn, segmentMagic, segmentTrailerBytes, segmentVersion } from './format.ts';
import { segmentLimits } from './limits.ts';
import type { PageMeta, RowGroupMeta, SegmentFooter, TenantMeta } from './meta.ts';

// Places are not stored: row groups, their pages, then pools, label sections and shapes stand one after another from the segment's first byte on.

/** Writes footer and trailer. */
export function encodeFooter(tenants: readonly TenantMeta[], rowGroups: readonly RowGroupMeta[], pool: PageMeta | null): Buffer {
  const writer = new ByteWriter(4096);
  writer.varint(tenants.length);
  for (const tenant of tenants) {
    writer.text(tenant.tenant);
    writePage(writer, tenant.labels);
  }
  writer.varint(rowGroups.length);
  for (const group of rowGroups) {
    writer.varint(group.tenant).varint(group.day < 0 ? -2 * group.day - 1 : 2 * group.day).varint(group.rows).varint(group.runs);
    writer.varint(group.minTime).varint(group.maxTime - group.minTime).varint(group.lineBytes).varint(group.metadataBytes).varint(group.pages.length);
    for (const page of group.pages) writePage(writer, page);
    writer.u8(group.shapes === null ? 0 : 1);
    if (group.shapes === null) continue;
    writer.varint(group.storedBytes - bytesOf(group.pages));
    writePage(writer, group.shapes);
  }
  writer.u8(pool === null ? 0 : 1);
  if (pool !== null) writePage(writer, pool);
  const length = writer.length;
  if (length > segmentLimits.footerBytesMax)
    throw new SpoorError('internal', { reason: `a segment's footer has ${length} bytes, over the limit of ${segmentLimits.footerBytesMax} (footerBytesMax)` });
  writer.u32(length).u16(segmentVersion).u16(0);
  return writer.u32(crc32c(writer.view())).bytes(segmentMagic).view();
}

function bytesOf(pages: readonly PageMeta[]): number {
  return pages.reduce((bytes, page) => bytes + page.storedBytes, 0);
}

function writePage(writer: ByteWriter, page: PageMeta): void {
  writer.varint(page.column).u8(page.encoding).u8(page.codec).varint(page.values).varint(page.rawBytes).varint(page.storedBytes).u32(page.crc);
  writer.u8(page.range === null ? 0 : 1);
  if (page.range !== null) writer.varint(page.range.min).varint(page.range.max - page.range.min);
}

/** Bytes of footer and trailer, from the last segmentTrailerBytes bytes of a segment. Throws `corruption`. */
export function footerBytesOf(trailer: Uint8Array, segmentSize: number, where: string): number {
  const damage = (reason: string): SpoorError => new SpoorError('corruption', { where, offset: Math.max(0, segmentSize - segmentTrailerBytes), reason });
  if (trailer.length < segmentTrailerBytes || segmentSize < segmentTrailerBytes) throw damage('too short for a segment');
  const bytes = asBuffer(trailer.subarray(trailer.length - segmentTrailerBytes));
  if (!bytes.subarray(12).equals(segmentMagic)) throw damage('does not end as a segment does');
  const length = bytes.readUInt32LE(0);
  if (length > segmentLimits.footerBytesMax) throw damage(`footer of ${length} bytes, over the limit of ${segmentLimits.footerBytesMax} (footerBytesMax)`);
  if (length + segmentTrailerBytes > segmentSize) throw damage(`footer of ${length} bytes is longer than the segment`);
  return length + segmentTrailerBytes;
}

/**
 * Reads the footer. `tail` is the end of the segment, at least the footerBytes that the manifest or footerBytesOf tell; `where` names the segment in errors.
 * Throws `corruption` where anything does not fit, `format_version` for a newer format.
 */
export function decodeFooter(tail: Uint8Array, segmentSize: number, where: string): SegmentFooter {
  const footerBytes = footerBytesOf(tail, segmentSize, where);
  const footerStart = segmentSize - footerBytes;
  if (tail.length < footerBytes) throw new SpoorError('corruption', { where, offset: footerStart, reason: `footer has ${footerBytes} bytes, ${tail.length} were read` });
  const all = asBuffer(tail.subarray(tail.length - footerBytes));
  const checked = footerBytes - 12;
  if (crc32c(all.subarray(0, checked)) !== all.readUInt32LE(checked)) throw new SpoorError('corruption', { where, offset: footerStart, reason: 'checksum of the footer does not match' });
  const version = all.readUInt16LE(footerBytes - segmentTrailerBytes + 4);
  if (version < 1 || version > segmentVersion) throw new SpoorError('format_version', { where, version, known: segmentVersion });
  const reader = new ByteReader(all.subarray(0, footerBytes - segmentTrailerBytes), `${where}, footer`);
  if (all.readUInt16LE(footerBytes - segmentTrailerBytes + 6) !== 0) throw reader.damage('reserved bytes are not 0');

  const names: string[] = [];
  const sections: PageMeta[] = [];
  for (let left = reader.varint(segmentLimits.tenantsMax, 'number of tenants'); left > 0; left--) {
    names.push(reader.text(segmentLimits.tenantBytesMax, 'tenant'));
    const section = readPage(reader, 0);
    if (section.column !== columnIds.labels) throw reader.damage('a tenant has no label section');
    if (section.values > segmentLimits.streamsMax) throw reader.damage(`${section.values} streams, over the limit of ${segmentLimits.streamsMax} (streamsMax)`);
    sections.push(section);
  }
  const unplaced: { readonly group: RowGroupMeta; readonly shapes: PageMeta | null }[] = [];
  const groupsOf: number[][] = names.map(() => []);
  let offset = 0;
  for (let left = reader.varint(segmentLimits.rowGroupsMax, 'number of row groups'); left > 0; left--) {
    const { group, shapes } = readRowGroup(reader, offset, version);
    const groups = groupsOf[group.tenant];
    if (groups === undefined) throw reader.damage(`row group of tenant ${group.tenant}, there are ${names.length}`);
    groups.push(unplaced.length);
    unplaced.push({ group, shapes });
    offset += group.storedBytes;
  }
  let pool: PageMeta | null = null;
  if (version > 1 && readFlag(reader)) {
    pool = readPage(reader, offset);
    if (pool.column !== columnIds.pool || pool.encoding !== encodingIds.pool) throw reader.damage('a pool is none');
    if (pool.rawBytes > poolBytesMax) throw reader.damage(`a pool of ${pool.rawBytes} bytes, over the limit of ${poolBytesMax} (hexPoolEntriesMax, hexPoolDigitsMax)`);
    offset += pool.storedBytes;
  }
  const tenants = names.map((tenant, i): TenantMeta => {
    const labels = { ...sections[i]!, offset };
    offset += labels.storedBytes;
    return { tenant, streams: labels.values, labels, rowGroups: groupsOf[i]! };
  });
  const rowGroups = unplaced.map(({ group, shapes }): RowGroupMeta => {
    if (shapes === null) return group;
    const placed = { ...group, shapes: { ...shapes, offset } };
    offset += shapes.storedBytes;
    return placed;
  });
  reader.end();
  if (offset !== footerStart) throw reader.damage(`pages take ${offset} bytes, there are ${footerStart} before the footer`);
  return { version, segmentBytes: segmentSize, footerBytes, tenants, rowGroups, pool };
}

/** Values of two digits to a byte, and two bytes that say how to read them. */
const poolBytesMax = (segmentLimits.hexPoolEntriesMax * segmentLimits.hexPoolDigitsMax) / 2 + 2;

function readFlag(reader: ByteReader): boolean {
  const flag = reader.u8();
  if (flag > 1) throw reader.damage(`flag ${flag} is neither 0 nor 1`);
  return flag === 1;
}

/** A row group; its shapes, which stand behind all row groups, have no place yet. */
function readRowGroup(reader: ByteReader, offset: number, version: number): { readonly group: RowGroupMeta; readonly shapes: PageMeta | null } {
  const tenant = reader.varint(segmentLimits.tenantsMax, 'tenant of a row group');
  const zigzag = reader.varint(2 * segmentLimits.dayMax, 'day');
  const rows = reader.varint(segmentLimits.rowGroupRowsMax, 'rows of a row group');
  const runs = reader.varint(rows, 'runs of a row group');
  const minTime = reader.varint(dayLengthNsNumber - 1, 'first time');
  const maxTime = minTime + reader.varint(dayLengthNsNumber - 1 - minTime, 'last time');
  const lineBytes = reader.varint(segmentLimits.pageRawBytesMax, 'bytes of lines');
  const metadataBytes = reader.varint(segmentLimits.pageRawBytesMax, 'bytes of metadata');
  const pages: PageMeta[] = [];
  let at = offset;
  for (let left = reader.varint(segmentLimits.pagesPerRowGroupMax, 'pages of a row group'); left > 0; left--) {
    const page = readPage(reader, at);
    pages.push(page);
    at += page.storedBytes;
  }
  const day = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  let shapes: PageMeta | null = null;
  if (version > 1 && readFlag(reader)) {
    at += reader.varint(Number.MAX_SAFE_INTEGER - at, 'bytes of columns');
    shapes = readPage(reader, 0);
    if (shapes.column !== columnIds.shapes || shapes.encoding !== encodingIds.shapes) throw reader.damage('a row group has no shapes');
    if (shapes.rawBytes > segmentLimits.shapesBytesMax) throw reader.damage(`shapes of ${shapes.rawBytes} bytes, over the limit of ${segmentLimits.shapesBytesMax} (shapesBytesMax)`);
  }
  const group = { tenant, day, rows, runs, minTime, maxTime, lineBytes, metadataBytes, offset, storedBytes: at - offset, pages, shapes };
  const wrong = checkRowGroup(group);
  if (wrong !== undefined) throw reader.damage(wrong);
  return { group, shapes };
}

const knownColumns = new Set<number>(Object.values(columnIds));
const knownEncodings = new Set<number>(Object.values(encodingIds));
const knownCodecs = new Set<number>(Object.values(codecIds));

function readPage(reader: ByteReader, offset: number): PageMeta {
  const column = reader.varint(Number.MAX_SAFE_INTEGER, 'column');
  const encoding = reader.u8();
  const codec = reader.u8();
  const values = reader.varint(Number.MAX_SAFE_INTEGER, 'values of a page');
  const rawBytes = reader.varint(segmentLimits.pageRawBytesMax, 'raw bytes of a page');
  const storedBytes = reader.varint(segmentLimits.pageRawBytesMax, 'bytes of a page');
  const crc = reader.u32();
  const flags = reader.u8();
  if (flags > 1) throw reader.damage(`flags ${flags} of a page are unknown`);
  if (column < firstOptionalColumn) {
    if (!knownColumns.has(column)) throw reader.damage(`column ${column} is unknown`);
    if (!knownEncodings.has(encoding)) throw reader.damage(`encoding ${encoding} of ${columnName(column)} is unknown`);
    if (!knownCodecs.has(codec)) throw reader.damage(`codec ${codec} of ${columnName(column)} is unknown`);
  }
  let range: PageMeta['range'] = null;
  if (flags === 1) {
    const min = reader.varint();
    range = { min, max: min + reader.varint(Number.MAX_SAFE_INTEGER - min, 'range of a page') };
  }
  return { column, encoding, codec, values, offset, storedBytes, rawBytes, crc, range };
}
