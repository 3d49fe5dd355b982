import { expect, test } from 'vitest';
import { crc32c } from '../../src/bytes/mod.ts';
import { decodeFooter, footerBytesOf, segmentTrailerBytes } from '../../src/chunks/mod.ts';
import { encodeFooter } from '../../src/chunks/footer.ts';
import { blockOf, plainSegmentOf, stream } from './rows.ts';

const segment = plainSegmentOf(
  blockOf(-3, Array.from({ length: 50 }, (_, i) => ({ stream: stream(`s${i % 3}`), time: i * 1e9, position: i, index: 0, partition: 1, line: Buffer.from(`line ${i}`), metadata: new Uint8Array(i % 2) }))),
);
const { data, footerBytes } = segment;
const size = data.length;

test('it says its length', () => {
  expect(footerBytesOf(data.subarray(-segmentTrailerBytes), size, 'x')).toBe(footerBytes);
});

test('it can be written again', () => {
  const footer = decodeFooter(data, size, 'x');
  expect(encodeFooter(footer.tenants, footer.rowGroups, footer.pool).equals(data.subarray(-footerBytes))).toBe(true);
  expect(footer.rowGroups[0]!.day).toBe(-3);
});

test('more than the footer may be handed in', () => {
  expect(decodeFooter(data.subarray(-footerBytes), size, 'x')).toEqual(decodeFooter(data, size, 'x'));
});

const seal = (body: Buffer): Buffer => {
  const sealed = Buffer.from(body);
  sealed.writeUInt32LE(crc32c(sealed.subarray(0, sealed.length - 12)), sealed.length - 12);
  return sealed;
};
const changed = (at: number, write: (bytes: Buffer, at: number) => void): Buffer => {
  const copy = Buffer.from(data.subarray(-footerBytes));
  write(copy, at < 0 ? copy.length + at : at);
  return copy;
};

test.each([
  ['nothing', Buffer.alloc(0), 0, /too short/],
  ['too little', Buffer.from(data.subarray(-19)), size, /too short/],
  ['not all of the footer', Buffer.from(data.subarray(-footerBytes + 1)), size, /were read/],
  ['another end', changed(-1, (bytes, at) => bytes.writeUInt8(0, at)), size, /does not end as a segment/],
  ['a footer longer than the segment', changed(-20, (bytes, at) => bytes.writeUInt32LE(size, at)), size, /longer than the segment/],
  ['a footer over the limit', changed(-20, (bytes, at) => bytes.writeUInt32LE(0xffff_ffff, at)), size, /footerBytesMax/],
  ['a flipped bit', changed(3, (bytes, at) => bytes.writeUInt8(bytes[at]! ^ 4, at)), size, /checksum/],
  ['reserved bytes', seal(changed(-14, (bytes, at) => bytes.writeUInt16LE(1, at))), size, /reserved/],
  ['another size', Buffer.from(data), size - 1, /pages take/],
])('%s', (_, tail, segmentSize, message) => {
  expect(() => decodeFooter(tail, segmentSize, 'a/segment')).toThrowError(message);
  expect(() => decodeFooter(tail, segmentSize, 'a/segment')).toThrowError(expect.objectContaining({ code: 'corruption' }) as Error);
});

test('a newer version is told apart from damage', () => {
  const newer = seal(changed(-16, (bytes, at) => bytes.writeUInt16LE(3, at)));
  expect(() => decodeFooter(newer, size, 'a/segment')).toThrowError(expect.objectContaining({ code: 'format_version', details: { where: 'a/segment', version: 3, known: 2 } }) as Error);
});

const footer = decodeFooter(data, size, 'x');
const [group] = footer.rowGroups;
const pageOf = (column: number, change: object) => group!.pages.map((page) => (page.column === column ? { ...page, ...change } : page));
const twice = (column: number) => group!.pages.flatMap((page) => (page.column === column ? [page, page] : [page]));

test.each([
  ['no rows', { rows: 0, runs: 0 }, /no rows/],
  ['too many rows', { rows: 65_537 }, /over the limit/],
  ['more runs than rows', { runs: 51 }, /over the limit/],
  ['another number of rows', { rows: 49 }, /values instead of 49/],
  ['another number of runs', { runs: 2 }, /values instead of 2/],
  ['times after midnight', { maxTime: 86_400e9 }, /over the limit/],
  ['other times', { maxTime: 86_399e9 }, /range of time/],
  ['another tenant', { tenant: 3 }, /tenant 3/],
  ['a day out of reach', { day: 106_753 }, /over the limit/],
  ['other bytes of lines', { lineBytes: 7 }, /line has/],
  ['too many bytes of lines', { lineBytes: 9 << 20 }, /rowGroupLineBytesMax/],
  ['other bytes of metadata', { metadataBytes: 0 }, /metadata/],
  ['a column missing', { pages: group!.pages.filter((page) => page.column !== 4) }, /lineLength is missing/],
  ['a column twice', { pages: twice(10) }, /position is there twice/],
  ['codes without dictionary', { pages: group!.pages.filter((page) => page.column !== 9) }, /incomplete/],
  ['labels in a row group', { pages: [...group!.pages, footer.tenants[0]!.labels] }, /labels inside/],
  ['an unknown column', { pages: pageOf(10, { column: 63 }) }, /column 63 is unknown/],
  ['an unknown encoding', { pages: pageOf(5, { encoding: 99 }) }, /encoding 99 of line is unknown/],
  ['an encoding that is none of the column', { pages: pageOf(5, { encoding: 2 }) }, /encoding 2 is none for line/],
  ['an unknown codec', { pages: pageOf(5, { codec: 9 }) }, /codec 9 of line is unknown/],
  ['too many bytes for numbers', { pages: pageOf(3, { rawBytes: 1 << 20 }) }, /bytes for 50 numbers/],
  ['no range', { pages: pageOf(3, { range: null }) }, /no range/],
  ['a constant of two values', { pages: pageOf(12, { range: { min: 1, max: 2 } }) }, /no constant/],
  ['a page over the limit', { pages: pageOf(5, { rawBytes: 2 ** 30 }) }, /over the limit/],
  ['a page of no lines', { pages: [...group!.pages, { ...group!.pages.find((page) => page.column === 5)!, values: 0, storedBytes: 0, rawBytes: 0 }] }, /no values/],
  ['a dictionary larger than the metadata', { pages: pageOf(9, { rawBytes: 100_000 }) }, /dictionary of/],
])('a directory with %s', (_, change, message) => {
  const bytes = encodeFooter(footer.tenants, [{ ...group!, ...change }], null);
  const segmentSize = size - footerBytes + bytes.length;
  expect(() => decodeFooter(bytes, segmentSize, 'a/segment')).toThrowError(message);
});

test('columns that a reader may skip', () => {
  const pages = [...group!.pages, { ...group!.pages[0]!, column: 64, encoding: 200, codec: 200, storedBytes: 10 }];
  const bytes = encodeFooter(footer.tenants, [{ ...group!, pages }], null);
  const read = decodeFooter(bytes, size - footerBytes + 10 + bytes.length, 'x');
  expect(read.rowGroups[0]!.pages.at(-1)!.column).toBe(64);
});
