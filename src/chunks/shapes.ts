import { ByteReader, ByteWriter } from '../bytes/mod.ts';
import type { ColumnHeader } from './columns/column.ts';
import { readHeader, writeHeader } from './columns/header.ts';
import { codecIds, columnIds, encodingIds } from './format.ts';
import { segmentLimits } from './limits.ts';
import type { PageMeta, RowGroupMeta } from './meta.ts';
import { columnCount, holeKinds, templateKey, templateKinds, type HoleKind, type Template, type TemplateKind } from './shred/template.ts';

/** What stands about one column of a template. */
export interface ShapeColumn {
  readonly header: ColumnHeader;
  readonly pages: readonly PageMeta[];
}

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
      for (const page of pages) writer.varint(page.offset).varint(page.storedBytes).varint(page.rawBytes).u8(page.codec).u32(page.crc);
    }
  }
  return writer.view();
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
  if (left !== 0) throw reader.damage(`pages of columns take ${bytes - left} bytes instead of ${bytes}`);
  reader.end();
  return shapes;
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

function readColumn(reader: ByteReader, { rows, first, bytes, rawBytesMax }: ColumnPlace): ShapeColumn {
  const header = readHeader(reader);
  if (header.count !== rows) throw reader.damage(`a column has ${header.count} values for ${rows} rows`);
  const pages: PageMeta[] = [];
  for (let left = reader.varint(segmentLimits.pagesPerRowGroupMax, 'pages of a column (pagesPerRowGroupMax)'); left > 0; left--) {
    const offset = reader.varint(bytes, 'offset of a page');
    const storedBytes = reader.varint(bytes - offset, 'bytes of a page');
    const rawBytes = reader.varint(rawBytesMax, 'raw bytes of a page');
    const codec = reader.u8();
    if (codec > codecIds.zstd) throw reader.damage(`codec ${codec} is unknown`);
    pages.push({ column: columnIds.value, encoding: encodingIds.value, codec, values: rows, offset: first + offset, storedBytes, rawBytes, crc: reader.u32(), range: null });
  }
  return { header, pages };
}
