import { ByteReader, ByteWriter } from '../bytes/mod.ts';
import { packBits, packedBytes, unpackBits } from './columns/bits.ts';
import type { ColumnHeader } from './columns/column.ts';
import { readHeader, writeHeader } from './columns/header.ts';
import { codecIds, columnIds, encodingIds } from './format.ts';
import { isGramFilterSize } from './grams.ts';
import { segmentLimits } from './limits.ts';
import type { PageMeta, RowGroupMeta } from './meta.ts';
import { columnCount, holeKinds, templateKey, templateKinds, type HoleKind, type Template, type TemplateKind } from './shred/template.ts';

/** What stands about one column of a template. */
export interface ShapeColumn {
  readonly header: ColumnHeader;
  readonly pages: readonly PageMeta[];
  /** The filter that has the grams of its values; the row group has one at most. */
  readonly grams: GramPlace | null;
}

/** Where the filter over the grams of a row group's texts stands: in the directory, or in a page. */
export type GramPlace = { readonly kind: 'inline'; readonly bytes: Uint8Array } | { readonly kind: 'page'; readonly page: PageMeta };

const gramForms = { none: 0, inline: 1, page: 2 } as const;

/** A template with its rows and columns, as the directory of a shredded row group has it. */
export interface Shape {
  readonly template: Template;
  /** templateKey(template). */
  readonly key: string;
  readonly rows: number;
  readonly columns: readonly ShapeColumn[];
}

/** Writes the directory of a shredded row group; offsets of pages count from the first byte behind the pages of the row group's directory. */
export function encodeShapes(shapes: readonly Omit<Shape, 'key'>[]): Buffer {
  const writer = new ByteWriter(4096);
  writer.varint(shapes.length);
  for (const { template, rows, columns } of shapes) {
    writeTemplate(writer, template);
    writer.varint(rows);
    for (const { header, pages } of columns) {
      writeHeader(writer, header);
      writer.varint(pages.length);
      for (const page of pages) writePage(writer, page);
    }
  }
  writeGrams(writer, shapes.flatMap((shape) => shape.columns));
  return writer.view();
}

function writePage(writer: ByteWriter, page: PageMeta): void {
  writer.varint(page.offset).varint(page.storedBytes).varint(page.rawBytes).u8(page.codec).u32(page.crc);
}

/** The filter, and which columns are in it. */
function writeGrams(writer: ByteWriter, columns: readonly ShapeColumn[]): void {
  const grams = columns.find((column) => column.grams !== null)?.grams ?? null;
  if (grams === null) {
    writer.u8(gramForms.none);
    return;
  }
  writer.u8(gramForms[grams.kind]).bytes(packBits(Uint32Array.from(columns, (column) => (column.grams === null ? 0 : 1)), columns.length, 1));
  if (grams.kind === 'inline') writer.varint(grams.bytes.length).bytes(grams.bytes);
  else writePage(writer, grams.page);
}

function writeTemplate(writer: ByteWriter, { kind, text, holes, metadata }: Template): void {
  writer.u8(templateKinds[kind]).varint(holes.length);
  for (const hole of holes) writer.u8(holeKinds[hole]);
  for (const piece of text) writer.varint(piece.length).bytes(piece);
  writer.varint(metadata === null ? 0 : metadata.length + 1);
  for (const name of metadata ?? []) writer.text(name);
}

const kindNames = new Map<number, TemplateKind>(Object.entries(templateKinds).map(([name, id]) => [id, name as TemplateKind]));
const holeNames = new Map<number, HoleKind>(Object.entries(holeKinds).map(([name, id]) => [id, name as HoleKind]));

/** Reads what encodeShapes wrote. Throws `corruption` where it makes no sense for the row group. */
export function decodeShapes(raw: Uint8Array, rowGroup: RowGroupMeta, where: string): readonly Shape[] {
  const reader = new ByteReader(raw, `${where}, shapes`);
  const shapes: Shape[] = [];
  const first = rowGroup.pages.reduce((at, page) => at + page.storedBytes, rowGroup.offset);
  const bytes = rowGroup.offset + rowGroup.storedBytes - first;
  let rows = 0;
  let left = bytes;
  for (let count = reader.varint(segmentLimits.templatesMax, 'number of templates (templatesMax)'); count > 0; count--) {
    const template = readTemplate(reader);
    const own = reader.varint(rowGroup.rows - rows, 'rows of a template');
    if (own === 0) throw reader.damage('a template has no rows');
    rows += own;
    const columns: ShapeColumn[] = [];
    const rawBytesMax = rowGroup.lineBytes + rowGroup.metadataBytes + own * valueBytesMax + pageBytesMax;
    for (let column = columnCount(template); column > 0; column--) {
      const read = readColumn(reader, { rows: own, first, bytes, rawBytesMax });
      for (const page of read.pages) left -= page.storedBytes;
      columns.push(read);
    }
    shapes.push({ template, key: templateKey(template), rows: own, columns });
  }
  if (rows !== rowGroup.rows) throw reader.damage(`templates have ${rows} rows instead of ${rowGroup.rows}`);
  const grams = readGrams(reader, shapes.reduce((count, { columns }) => count + columns.length, 0), first, bytes);
  if (grams?.place.kind === 'page') left -= grams.place.page.storedBytes;
  if (left !== 0) throw reader.damage(`pages of columns take ${bytes - left} bytes instead of ${bytes}`);
  reader.end();
  if (grams === null) return shapes;
  let column = 0;
  return shapes.map((shape) => ({ ...shape, columns: shape.columns.map((own) => (grams.columns[column++] === 1 ? { ...own, grams: grams.place } : own)) }));
}

/** The filter, and for each column 1 if it is in it. */
function readGrams(reader: ByteReader, columns: number, first: number, bytes: number): { readonly place: GramPlace; readonly columns: Uint8Array } | null {
  const form = reader.u8();
  if (form === gramForms.none) return null;
  if (form !== gramForms.inline && form !== gramForms.page) throw reader.damage(`form ${form} of a filter is unknown`);
  const members = new Uint8Array(columns);
  unpackBits(reader.bytes(packedBytes(columns, 1)), columns, 1, members);
  if (form === gramForms.inline) {
    const filter = reader.bytes(reader.varint(segmentLimits.gramFilterInlineBytesMax, 'bytes of a filter (gramFilterInlineBytesMax)'));
    if (!isGramFilterSize(filter.length)) throw reader.damage(`a filter has ${filter.length} bytes`);
    return { place: { kind: 'inline', bytes: filter }, columns: members };
  }
  const page = readPage(reader, { rows: 0, first, bytes, rawBytesMax: segmentLimits.gramFilterBytesMax });
  if (!isGramFilterSize(page.rawBytes)) throw reader.damage(`a filter has ${page.rawBytes} bytes`);
  return { place: { kind: 'page', page: { ...page, column: columnIds.grams, encoding: encodingIds.grams } }, columns: members };
}

/** What a page of a column has at most, besides the bytes of the values: for each value a length, code or number; and whatever says how to read them. */
const valueBytesMax = 8;
const pageBytesMax = 64;

function readTemplate(reader: ByteReader): Template {
  const kind = kindNames.get(reader.u8());
  if (kind === undefined) throw reader.damage('kind of a template is unknown');
  const holes: HoleKind[] = [];
  for (let left = reader.varint(segmentLimits.holesMax, 'number of holes (holesMax)'); left > 0; left--) {
    const hole = holeNames.get(reader.u8());
    if (hole === undefined) throw reader.damage('kind of a hole is unknown');
    holes.push(hole);
  }
  const text: Buffer[] = [];
  for (let i = 0; i <= holes.length; i++) text.push(reader.bytes(reader.varint(segmentLimits.pageRawBytesMax, 'bytes of a template')));
  const names = reader.varint(segmentLimits.holesMax + 1, 'names of metadata (holesMax)');
  const metadata = names === 0 ? null : Array.from({ length: names - 1 }, () => reader.text(segmentLimits.labelBytesMax, 'name of metadata'));
  return { kind, text, holes, metadata };
}

/** What a column must fit into. */
interface ColumnPlace {
  readonly rows: number;
  /** Where the columns of the row group begin, and what they take together. */
  readonly first: number;
  readonly bytes: number;
  /** Raw bytes of any page. */
  readonly rawBytesMax: number;
}

function readColumn(reader: ByteReader, place: ColumnPlace): ShapeColumn {
  const header = readHeader(reader);
  if (header.count !== place.rows) throw reader.damage(`a column has ${header.count} values for ${place.rows} rows`);
  const pages: PageMeta[] = [];
  for (let left = reader.varint(segmentLimits.pagesPerRowGroupMax, 'pages of a column (pagesPerRowGroupMax)'); left > 0; left--) pages.push(readPage(reader, place));
  return { header, pages, grams: null };
}

function readPage(reader: ByteReader, { rows, first, bytes, rawBytesMax }: ColumnPlace): PageMeta {
  const offset = reader.varint(bytes, 'offset of a page');
  const storedBytes = reader.varint(bytes - offset, 'bytes of a page');
  const rawBytes = reader.varint(rawBytesMax, 'raw bytes of a page');
  const codec = reader.u8();
  if (codec > codecIds.zstd) throw reader.damage(`codec ${codec} is unknown`);
  return { column: columnIds.value, encoding: encodingIds.value, codec, values: rows, offset: first + offset, storedBytes, rawBytes, crc: reader.u32(), range: null };
}
