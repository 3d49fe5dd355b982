import { expect } from 'vitest';
import { ByteReader, ByteWriter } from '../../../src/bytes/mod.ts';
import { alphabetOf } from '../../../src/chunks/columns/alphabet.ts';
import type { Column, ColumnHeader, ColumnTexts, ColumnValues, EncodedColumn } from '../../../src/chunks/columns/column.ts';
import type { ColumnContext } from '../../../src/chunks/columns/base.ts';
import { encodeColumn } from '../../../src/chunks/columns/encode.ts';
import { readHeader, writeHeader } from '../../../src/chunks/columns/header.ts';
import { openColumn } from '../../../src/chunks/columns/open.ts';
import { HexPoolReader, type HexPool } from '../../../src/chunks/columns/pool.ts';
import { SpoorError } from '../../../src/model/mod.ts';

/** 2026-11-20. */
export const day = 20_777;
export const dayMs = day * 86_400_000;

/** Values as a shredder gives them: in a buffer with other bytes between them. `times` are nanoseconds since the start of the day. */
export function valuesOf(texts: readonly (string | Uint8Array)[], times: ArrayLike<number> = texts.map((_, i) => i * 1e6), gap = 1): ColumnValues {
  const parts = texts.map((text) => (typeof text === 'string' ? Buffer.from(text) : text));
  const bytes = Buffer.alloc(parts.reduce((sum, part) => sum + part.length + gap, 0), 0x7e);
  const start = new Uint32Array(parts.length);
  const length = new Uint32Array(parts.length);
  let at = 0;
  for (const [i, part] of parts.entries()) {
    bytes.set(part, at);
    start[i] = at;
    length[i] = part.length;
    at += part.length + gap;
  }
  return { bytes, start, length, count: parts.length, time: Float64Array.from(times), day };
}

/** The values as latin1, one char for each byte. */
export function textsOf(texts: ColumnTexts, count = texts.start.length): string[] {
  return Array.from({ length: count }, (_, i) => texts.bytes.toString('latin1', texts.start[i], texts.start[i]! + texts.length[i]!));
}

export interface Around {
  readonly earlier?: readonly ColumnValues[];
  readonly pool?: HexPool | null;
}

/** Opens what was encoded; its header has gone through bytes. `opened` counts the pages that were asked for. */
export function open(encoded: EncodedColumn, values: ColumnValues, around: Around = {}): { readonly column: Column; readonly opened: number[] } {
  const opened: number[] = [];
  const pages = (page: number): Uint8Array => {
    opened.push(page);
    return Uint8Array.from(encoded.pages[page]!);
  };
  return { column: openColumn(throughBytes(encoded.header), pages, contextOf(values, around)), opened };
}

export function contextOf(values: ColumnValues, { earlier = [], pool = null }: Around = {}): ColumnContext {
  return {
    time: () => values.time,
    grams: null,
    day: values.day,
    earlier: (index) => {
      const other = earlier[index];
      if (other === undefined) throw new SpoorError('corruption', { where: 'column', offset: 0, reason: `column ${index} does not exist` });
      return open(encodeColumn(other, { earlier: [], pool: null }), other).column;
    },
    pool: () => new HexPoolReader(pool!.bytes(), 'pool'),
    where: 'column',
  };
}

export function throughBytes(header: ColumnHeader): ColumnHeader {
  const writer = new ByteWriter();
  writeHeader(writer, header);
  const reader = new ByteReader(Buffer.from(writer.view()), 'header');
  const read = readHeader(reader);
  reader.end();
  expect({ ...read, parameters: Buffer.from(read.parameters) }).toEqual({ ...header, parameters: Buffer.from(header.parameters) });
  return read;
}

/** Compares quickly; what differs is told by expect. */
function expectSame<T>(found: readonly T[], wanted: readonly T[], what = ''): void {
  if (found.length !== wanted.length || found.some((value, i) => !Object.is(value, wanted[i]))) expect(found, what).toEqual(wanted);
}

/** Encodes, opens, and compares all that a column can tell with the values. */
export function roundTrip(values: ColumnValues, around: Around = {}, needles: readonly Uint8Array[] = []): EncodedColumn {
  const encoded = encodeColumn(values, { earlier: around.earlier ?? [], pool: around.pool ?? null });
  const { header } = encoded;
  const wanted = textsOf(values, values.count);
  expect(header.count).toBe(values.count);
  const lengths = wanted.map((text) => text.length);
  expect(header.lengthMin).toBe(lengths.length === 0 ? 0 : lengths.reduce((a, b) => Math.min(a, b)));
  expect(header.lengthMax).toBe(lengths.reduce((a, b) => Math.max(a, b), 0));
  const set = alphabetOf(Buffer.from(wanted.join(''), 'latin1'));
  const missing = set.map((word, i) => word & ~header.alphabet[i]!);
  expect([...missing]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  const fresh = (): Column => open(encoded, values, around).column;
  const all = fresh();
  expectSame(textsOf(all.texts(), values.count), wanted);

  const places = Uint32Array.from(wanted.keys()).filter((place) => place % 3 === 1 || place === values.count - 1);
  const some = Array.from(places, (place) => wanted[place]);
  expectSame(textsOf(fresh().textsAt(places)), some);
  expectSame(textsOf(all.textsAt(places)), some);
  expect(textsOf(fresh().textsAt(new Uint32Array(0)))).toEqual([]);

  const column = fresh();
  const dictionary = column.dictionary();
  if (dictionary !== null) {
    const entries = textsOf(dictionary.entries, dictionary.size);
    expectSame(Array.from(column.codes(), (code) => entries[code]), wanted);
    const few = fresh();
    few.codes();
    expectSame(textsOf(few.textsAt(places)), some);
  }
  const numbers = fresh().numbers();
  if (header.kind !== 'same') expect(numbers === null).toBe(header.range === null || values.count === 0);
  if (numbers !== null) {
    expectSame(Array.from(numbers), wanted.map(Number));
    if (header.range !== null && values.count > 0) expect(header.range).toEqual({ min: numbers.reduce((a, b) => Math.min(a, b)), max: numbers.reduce((a, b) => Math.max(a, b)) });
    const few = fresh();
    few.numbers();
    expectSame(textsOf(few.textsAt(places)), some);
  }
  for (const needle of [...needles, ...cutNeedles(wanted)]) {
    const text = Buffer.from(needle).toString('latin1');
    const found = fresh().candidates(needle);
    if (found !== null) expectSame(Array.from(found), [...wanted.keys()].filter((place) => wanted[place]!.includes(text)), text);
  }
  return encoded;
}

/** Parts of some values, and what is near to them. */
function cutNeedles(texts: readonly string[]): Uint8Array[] {
  const needles = [Buffer.from('#'), Buffer.from('1'), Buffer.alloc(0)];
  for (const place of texts.length > 5000 ? [texts.length >>> 1] : [0, texts.length >>> 1, texts.length - 1]) {
    const text = Buffer.from(texts[place] ?? '', 'latin1');
    const [third, half] = [Math.floor(text.length / 3), text.length >>> 1];
    needles.push(text.subarray(0, 64), text.subarray(third, third + 64), text.subarray(half, half + 3), text.subarray(-7), text.subarray(1, 2), Buffer.concat([text.subarray(-3), Buffer.from('x')]));
    if (text.length < 500) needles.push(text);
  }
  return needles;
}
