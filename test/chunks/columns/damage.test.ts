import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../src/bytes/mod.ts';
import { segmentLimits } from '../../../src/chunks/limits.ts';
import type { Column, ColumnTexts, EncodedColumn } from '../../../src/chunks/columns/column.ts';
import { encodeColumn } from '../../../src/chunks/columns/encode.ts';
import { readHeader, writeHeader } from '../../../src/chunks/columns/header.ts';
import { openColumn } from '../../../src/chunks/columns/open.ts';
import { HexPool } from '../../../src/chunks/columns/pool.ts';
import { isSpoorError } from '../../../src/model/mod.ts';
import { contextOf, dayMs, valuesOf } from './values.ts';

const hex = (i: number, digits: number): string => (BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n).toString(16).padStart(40, '0').slice(-digits);
const rows = Array.from({ length: 300 }, (_, i) => i);
const columns: Readonly<Record<string, readonly string[]>> = {
  constant: rows.map(() => 'abc'),
  dictionary: rows.map((i) => ['info', 'warn', 'debug'][i % 3]!),
  'dictionary of numbers': rows.map((i) => ['200', '404', '500'][i % 3]!),
  'dictionary in a page': rows.map((i) => `a text that is long enough for a page, ${'x'.repeat(40 + (i % 20))}`),
  integer: rows.map((i) => String(i * i * 31 - 5000)),
  decimal: rows.map((i) => (i / 7).toFixed(3)),
  'trimmed decimal': rows.map((i) => String(Number((i / 7).toFixed(3)))),
  hex: rows.map((i) => hex(i, 16)),
  uuid: rows.map((i) => hex(i, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')),
  ipv4: rows.map((i) => `10.${i % 256}.${(i * 7) % 256}.1`),
  time: rows.map((i) => new Date(dayMs + i * 1000 + (i % 5)).toISOString()),
  clock: rows.map((i) => new Date(dayMs + i * 1000 + (i % 5) * 3000).toISOString().slice(11, 19)),
  'unix time': rows.map((i) => String(dayMs + i * 1000 + (i % 9))),
  pool: rows.map((i) => hex(i, 32)),
  same: rows.map((i) => hex(i, 12)),
  affix: rows.map((i) => `usr-${i * 7919}`),
  'affix of text': rows.map((i) => `message ${Buffer.from(hex(i, 14)).toString('base64').slice(i % 5)} end of it`),
  text: rows.map((i) => Buffer.from(hex(i, 14)).toString('base64').slice(i % 9)),
};

/** Asks a column for everything; what comes must be within bounds. */
function exercise(column: Column): void {
  const { count } = column.header;
  const within = ({ bytes, start, length }: ColumnTexts, wanted: number): void => {
    if (start.length < wanted || length.length < wanted) throw new Error('too few texts');
    for (let i = 0; i < wanted; i++) if (start[i]! + length[i]! > bytes.length) throw new Error('a text is out of bounds');
  };
  const places = Uint32Array.from([0, 1, count >>> 1, count - 1]).filter((place, i, all) => place < count && (i === 0 || place > all[i - 1]!));
  within(column.textsAt(places), places.length);
  const dictionary = column.dictionary();
  if (dictionary !== null) {
    within(dictionary.entries, dictionary.size);
    for (const code of column.codes()) if (code >= dictionary.size) throw new Error('a code is out of bounds');
  }
  const numbers = column.numbers();
  if (numbers !== null) {
    const { range } = column.header;
    for (const number of numbers) if (!Number.isFinite(number) || (range !== null && (number < range.min || number > range.max))) throw new Error('a number is out of bounds');
  }
  for (const needle of ['1', '2026', 'info', 'abcdef']) for (const place of column.candidates(Buffer.from(needle)) ?? []) if (place >= count) throw new Error('a place is out of bounds');
  within(column.texts(), count);
}

/** Bytes with one of them changed, some cut off or some added; sometimes as they were. */
function harm(bytes: Uint8Array, at: number, value: number, kind: number): Uint8Array {
  const copy = Buffer.from(bytes);
  if (kind === 0) return copy.subarray(0, at % (bytes.length + 1));
  if (kind === 1) return Buffer.concat([copy, Buffer.alloc(1 + (at % 9), value)]);
  if (copy.length > 0) copy[at % copy.length]! ^= value;
  return copy;
}

describe('damage is corruption, or does no harm', () => {
  test.each(Object.keys(columns))('%s', (name) => {
    const values = valuesOf(columns[name]!, rows.map((i) => i * 1e9));
    const around = { pool: name === 'pool' ? new HexPool() : null, earlier: name === 'same' ? [valuesOf(columns['same']!)] : [] };
    const encoded: EncodedColumn = encodeColumn(values, around);
    expect(encoded.header.kind).toBe(name.startsWith('trimmed') ? 'decimal' : name === 'clock' || name === 'unix time' ? 'time' : name.split(' ')[0]);
    const context = contextOf(values, around);
    const header = Buffer.from(headerBytes(encoded));
    fc.assert(
      fc.property(fc.nat(999_999), fc.integer({ min: 1, max: 255 }), fc.nat(4), fc.nat(encoded.pages.length), (at, value, kind, part) => {
        try {
          const reader = new ByteReader(part === 0 ? harm(header, at, value, kind) : header, 'header');
          const read = readHeader(reader);
          reader.end();
          const pages = encoded.pages.map((page, i) => (part === i + 1 ? harm(page, at, value, kind) : page));
          exercise(openColumn(read, (page) => pages[page] ?? new Uint8Array(0), context));
        } catch (error) {
          if (!isSpoorError(error, 'corruption')) throw error;
        }
      }),
      { numRuns: 700 },
    );
  });
});

function headerBytes(encoded: EncodedColumn): Uint8Array {
  const writer = new ByteWriter();
  writeHeader(writer, encoded.header);
  return writer.view();
}

test('random bytes are no header', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        const header = readHeader(new ByteReader(bytes, 'header'));
        exercise(openColumn(header, () => new Uint8Array(0), contextOf(valuesOf(rows.map(String)))));
      } catch (error) {
        if (!isSpoorError(error, 'corruption')) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

test('counts and lengths over a limit are told by its name', () => {
  const header = encodeColumn(valuesOf(['1', '22', '333']), { earlier: [], pool: null }).header;
  const read = (change: object): (() => unknown) => () => {
    const writer = new ByteWriter();
    writeHeader(writer, { ...header, ...change });
    return readHeader(new ByteReader(writer.view(), 'header'));
  };
  expect(read({ count: segmentLimits.rowGroupRowsMax + 1 })).toThrow('rowGroupRowsMax');
  expect(read({ lengthMax: segmentLimits.columnValueBytesMax + 1 })).toThrow('columnValueBytesMax');
  expect(read({ parameters: new Uint8Array(segmentLimits.columnParametersBytesMax + 1) })).toThrow('columnParametersBytesMax');
  expect(read({})).not.toThrow();
});
