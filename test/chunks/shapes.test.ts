import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/bytes/mod.ts';
import { decodeShapes, segmentLimits, type RowGroupMeta, type Shape } from '../../src/chunks/mod.ts';
import { encodeColumn } from '../../src/chunks/columns/encode.ts';
import { writeHeader } from '../../src/chunks/columns/header.ts';
import { columnIds, encodingIds } from '../../src/chunks/format.ts';
import type { PageMeta } from '../../src/chunks/meta.ts';
import { encodeShapes, type GramPlace } from '../../src/chunks/shapes.ts';
import { templateKey, type Template } from '../../src/chunks/shred/template.ts';
import { isSpoorError } from '../../src/model/mod.ts';
import { valuesOf } from './columns/values.ts';

const pageAt = (offset: number, storedBytes: number, values: number): PageMeta => ({
  column: columnIds.value, encoding: encodingIds.value, codec: 1, values, offset, storedBytes, rawBytes: 2 * storedBytes, crc: 0xdead_beef, range: null,
});
const header = (texts: readonly string[]): Shape['columns'][number]['header'] => encodeColumn(valuesOf(texts), { earlier: [], pool: null }).header;
const shapeOf = (template: Template, rows: number, columns: Shape['columns']): Omit<Shape, 'key'> => ({ template, rows, columns });

const object: Template = { kind: 'json', text: ['{"a":"', '","b":', '}'].map((piece) => Buffer.from(piece)), holes: ['string', 'token'], metadata: ['level'] };
const words: Template = { kind: 'text', text: [Buffer.from([0xff, 0x00]), Buffer.alloc(0)], holes: ['any'], metadata: null };
const same = header(['x', 'x', 'x']);
const numbers = header(['1', '22', '333']);
const shapes: readonly Omit<Shape, 'key'>[] = [
  shapeOf(object, 3, [{ header: same, pages: [], grams: null }, { header: numbers, pages: [pageAt(0, 40, 3)], grams: null }, { header: same, pages: [], grams: null }]),
  shapeOf(words, 2, [{ header: header(['', 'y']), pages: [pageAt(50, 10, 2), pageAt(40, 10, 2)], grams: null }, { header: header(['', '']), pages: [], grams: null }]),
];

/** A row group that begins at 1000, with 100 bytes of pages and 60 of columns. */
const group: RowGroupMeta = {
  tenant: 0, day: 1, rows: 5, runs: 1, minTime: 0, maxTime: 1, lineBytes: 100, metadataBytes: 20, offset: 1000, storedBytes: 160,
  pages: [pageAt(1000, 60, 5), pageAt(1060, 40, 5)], shapes: pageAt(5000, 1, 2),
};

test('templates and columns come back, with the places of their pages in the segment', () => {
  const read = decodeShapes(encodeShapes(shapes), group, 'x');
  expect(read.map(({ template, key, rows }) => ({ template, key, rows }))).toEqual(shapes.map(({ template, rows }) => ({ template, key: templateKey(template), rows })));
  expect(read.flatMap(({ columns }) => columns.map((column) => column.header))).toEqual(
    shapes.flatMap(({ columns }) => columns.map((column) => ({ ...column.header, parameters: Buffer.from(column.header.parameters) }))),
  );
  expect(read.flatMap(({ columns }) => columns.map(({ pages }) => pages.map((page) => page.offset)))).toEqual([[], [1100], [], [1150, 1140], []]);
  expect(read[0]!.columns[1]!.pages[0]).toEqual(pageAt(1100, 40, 3));
});

/** With a filter over the columns that are not constant. */
const withGrams = (grams: GramPlace): readonly Omit<Shape, 'key'>[] => shapes.map((shape) => ({ ...shape, columns: shape.columns.map((column) => (column.pages.length > 0 ? { ...column, grams } : column)) }));
const gramsPage = (change: Partial<PageMeta> = {}): GramPlace => ({ kind: 'page', page: { ...pageAt(60, 600, 0), column: columnIds.grams, encoding: encodingIds.grams, rawBytes: 1024, ...change } });
const largerGroup: RowGroupMeta = { ...group, storedBytes: 760 };

test.each<[string, GramPlace, RowGroupMeta]>([['in the directory', { kind: 'inline', bytes: Buffer.alloc(64, 7) }, group], ['in a page', gramsPage(), largerGroup]])('a filter %s comes back, with its columns', (_, grams, own) => {
  const read = decodeShapes(encodeShapes(withGrams(grams)), own, 'x').flatMap(({ columns }) => columns.map((column) => column.grams));
  const there: GramPlace = grams.kind === 'inline' ? grams : { kind: 'page', page: { ...grams.page, offset: 1160 } };
  expect(read).toEqual([null, there, null, there, null]);
  expect(read[3]).toBe(read[1]);
});

test.each<[string, GramPlace, RegExp]>([
  ['of too many bytes', { kind: 'inline', bytes: Buffer.alloc(1024) }, /gramFilterInlineBytesMax/],
  ['of bytes that are no power of two', { kind: 'inline', bytes: Buffer.alloc(65) }, /a filter has 65 bytes/],
  ['in a page of too many bytes', gramsPage({ rawBytes: 2 * segmentLimits.gramFilterBytesMax }), /raw bytes of a page/],
  ['in a page of bytes that are no power of two', gramsPage({ rawBytes: 1000 }), /a filter has 1000 bytes/],
  ['in a page behind the columns', gramsPage({ offset: 761 }), /offset of a page is 761/],
  ['in a page that takes less', gramsPage({ storedBytes: 599 }), /take 659 bytes instead of 660/],
])('a filter %s is damage', (_, grams, message) => {
  expect(() => decodeShapes(encodeShapes(withGrams(grams)), largerGroup, 'a/segment')).toThrowError(message);
});

describe('what makes no sense for the row group', () => {
  const with1 = (change: object): readonly Omit<Shape, 'key'>[] => shapes.map((shape, i) => (i === 0 ? { ...shape, ...change } : shape));
  const page = (change: object): readonly Omit<Shape, 'key'>[] =>
    with1({ columns: shapes[0]!.columns.map((column) => ({ ...column, pages: column.pages.map((own) => ({ ...own, ...change })) })) });
  test.each<[string, readonly Omit<Shape, 'key'>[], RegExp]>([
    ['too few rows', shapes.slice(1), /rows instead of 5/],
    ['no templates', [], /0 rows instead of 5/],
    ['too many rows', [...shapes, shapes[1]!], /over the limit of 0/],
    ['a template of no rows', with1({ rows: 0 }), /no rows/],
    ['a column of other rows', with1({ rows: 2 }), /3 values for 2 rows/],
    ['a page behind the columns', page({ offset: 61 }), /offset of a page is 61/],
    ['a page that ends behind them', page({ offset: 30 }), /bytes of a page is 40, over the limit of 30/],
    ['pages that take less', page({ storedBytes: 39 }), /take 59 bytes instead of 60/],
    ['a page of more bytes than the lines have', page({ rawBytes: 100 + 20 + 3 * 8 + 65 }), /raw bytes of a page is 209, over the limit of 208/],
    ['an unknown codec', page({ codec: 3 }), /codec 3 is unknown/],
  ])('%s', (_, changed, message) => {
    expect(() => decodeShapes(encodeShapes(changed), group, 'a/segment')).toThrowError(message);
    expect(() => decodeShapes(encodeShapes(changed), group, 'a/segment')).toThrowError(/damaged data in a\/segment, shapes at offset \d+/);
  });

  const template = (write: (writer: ByteWriter) => ByteWriter): Buffer => write(new ByteWriter().varint(1)).view();
  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /1 bytes wanted, 0 left/],
    ['too many templates', new ByteWriter().varint(segmentLimits.templatesMax + 1).view(), /templatesMax/],
    ['an unknown kind of template', template((writer) => writer.u8(9)), /kind of a template/],
    ['too many holes', template((writer) => writer.u8(1).varint(segmentLimits.holesMax + 1)), /holesMax/],
    ['an unknown kind of hole', template((writer) => writer.u8(1).varint(1).u8(7)), /kind of a hole/],
    ['a text longer than all', template((writer) => writer.u8(1).varint(0).varint(50)), /50 bytes wanted, 0 left/],
    ['too many names', template((writer) => writer.u8(3).varint(0).varint(0).varint(segmentLimits.holesMax + 2)), /names of metadata/],
    ['too many pages', template((writer) => {
      writer.u8(4).varint(1).u8(6).varint(0).varint(0).varint(1).varint(5);
      writeHeader(writer, header(['a', 'a', 'a', 'a', 'a']));
      return writer.varint(segmentLimits.pagesPerRowGroupMax + 1);
    }), /pagesPerRowGroupMax/],
    ['an unknown form of a filter', Buffer.concat([encodeShapes(shapes).subarray(0, -1), Buffer.of(3)]), /form 3 of a filter/],
    ['bytes left over', Buffer.concat([encodeShapes(shapes), Buffer.alloc(1)]), /1 bytes left over/],
  ])('%s', (_, raw, message) => {
    expect(() => decodeShapes(raw, group, 'a/segment')).toThrowError(message);
  });
});

test('random and changed bytes give corruption only', () => {
  const good = encodeShapes(shapes);
  const decode = (raw: Uint8Array): void => {
    try {
      decodeShapes(raw, group, 'x');
    } catch (error) {
      if (!isSpoorError(error, 'corruption')) throw error;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(good.length), (noise, changes, cut) => {
      decode(noise);
      const copy = Buffer.from(good);
      for (const [at, value] of changes) copy[at] = value;
      decode(copy);
      decode(copy.subarray(0, cut));
      decode(Buffer.concat([copy.subarray(0, cut), noise]));
    }),
    { numRuns: 5000 },
  );
});
