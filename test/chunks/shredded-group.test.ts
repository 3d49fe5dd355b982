import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMetadata } from '../../src/bytes/mod.ts';
import { openSegment, segmentLimits, ShreddedGroup, type OpenedRowGroup, type RowGroupMeta } from '../../src/chunks/mod.ts';
import { columnIds } from '../../src/chunks/format.ts';
import { PageSource } from '../../src/chunks/page-source.ts';
import type { BytesColumn, RowBlock } from '../../src/model/mod.ts';
import { blockOf, readerOf, segmentOf, stream, type TestRow } from './rows.ts';
import { line, metadata } from './shred/lines.ts';

const rowOf = (i: number, text: Uint8Array | string, meta: Uint8Array = new Uint8Array(0), rows = 300): TestRow => ({
  stream: stream(`s${Math.floor((i * 3) / rows)}`), time: i * 1_000_003, position: 5 + (i >> 4), index: i % 16, partition: i % 2, line: Buffer.from(text), metadata: meta,
});

/** The row groups of one block, and the block. */
async function groupsOf(block: RowBlock): Promise<(OpenedRowGroup & { readonly group: ShreddedGroup })[]> {
  const { data } = segmentOf(block);
  const reader = await openSegment(readerOf(data), data.length, 'a/segment');
  const opened = await Promise.all(reader.footer.rowGroups.map(async (_, i) => await reader.openRowGroup(i)));
  return opened.map((one) => {
    if (one.group === null) throw new TypeError('a row group is not shredded');
    return { ...one, group: one.group };
  });
}

/** Values of a column as text, one character for each byte. */
function print({ bytes, start, length }: BytesColumn): string[] {
  return Array.from(start, (from, i) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', from, from + length[i]!));
}

const all = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, i) => i);

test('lines, metadata, times and order of all rows and of any', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(line, metadata), { minLength: 1, maxLength: 300, size: 'max' }), fc.infiniteStream(fc.boolean()), async (rows, wanted) => {
      const block = blockOf(9, rows.map(([text, meta], i) => rowOf(i, text, meta)));
      const lines = print(block.lines!);
      const pairs = print(block.metadata!);
      for (const once of [true, false]) {
        const { group } = (await groupsOf(block))[0]!;
        // With some rows first, single pages may be asked for; with all rows first, everything is there.
        if (once) expect([print(group.lines(all(block.rows))), print(group.metadata(all(block.rows)))]).toEqual([lines, pairs]);
        for (let i = 0; i < 3; i++) {
          const some = all(block.rows).filter(() => wanted.next().value === true);
          expect(print(group.lines(some))).toEqual(Array.from(some, (row) => lines[row]));
          expect(print(group.metadata(some))).toEqual(Array.from(some, (row) => pairs[row]));
        }
        expect(group.time()).toEqual(block.time);
        expect(group.order()).toEqual(block.order);
        expect(group.lineLength()).toEqual(block.lines!.length);
      }
    }),
    { numRuns: 200 },
  );
});

test('templates share out the rows, and their columns are as long', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(line, metadata), { minLength: 1, maxLength: 200, size: 'max' }), async (rows) => {
      const block = blockOf(9, rows.map(([text, meta], i) => rowOf(i, text, meta)));
      const { group } = (await groupsOf(block))[0]!;
      const seen = group.templates.flatMap((template, number) => {
        const own = [...template.rows()];
        expect(own.length).toBe(template.count);
        expect(own).toEqual([...own].sort((a, b) => a - b));
        for (const row of own) expect(group.templateOf()[row]).toBe(number);
        expect([...template.time()]).toEqual(own.map((row) => block.time[row]));
        for (const column of template.columns) expect(column.header.count).toBe(template.count);
        return own;
      });
      expect(seen.sort((a, b) => a - b)).toEqual([...all(block.rows)]);
      expect(new Set(group.templates.map(({ key }) => key)).size).toBe(group.templates.length);
      expect(group.bytes).toBe(block.lines!.length.reduce((a, b) => a + b, 0) + block.metadata!.length.reduce((a, b) => a + b, 0));
    }),
    { numRuns: 100 },
  );
});

describe('lines that are hard to take apart', () => {
  const words = (i: number): string => Array.from({ length: 1 + (i % 40) }, (_, k) => `w${(i * 31 + k) % 97}${',;|&'[(i >> k % 8) % 4]}`).join(' '.repeat(1 + (i % 3)));
  const cases: readonly (readonly [string, (i: number) => Uint8Array | string, number])[] = [
    ['more shapes than templates', (i) => `${'='.repeat(1 + (i % 700))} x${i}`, 3000],
    ['every line of another shape', (i) => i.toString(2).replaceAll('0', ' a').replaceAll('1', ',b'), 5000],
    ['keys that never come again', (i) => `{"key${i}":"value","n":${i}}`, 2000],
    ['more holes than there may be', (i) => `{${Array.from({ length: 250 + (i % 12) }, (_, k) => `"k${k}":${k * i}`).join(',')}}`, 300],
    ['objects in objects, too deep', (i) => `${'{"a":'.repeat(30 + (i % 6))}${i}${'}'.repeat(30 + (i % 6))}`, 300],
    ['text that does not vary, of 20 KB', (i) => `{"${'k'.repeat(20_000)}":${i}}`, 60],
    ['lines of a mebibyte', (i) => [`${'x'.repeat(1 << 20)}${i}`, `{"a":"${'y'.repeat(1 << 20)}","i":${i}}`, `a=1 b=${'z'.repeat(1 << 20)} c=${i}`, `${'p q '.repeat(1 << 18)}${i}`, Buffer.alloc(1 << 20, i)][i % 5]!, 15],
    ['words and separators of all kinds', words, 3000],
    ['nothing at all', () => '', 1000],
    ['mostly nothing', (i) => (i % 50 === 0 ? words(i) : ''), 3000],
    ['one line', (i) => `a="b" c=${i}`, 1],
  ];
  test.each(cases)('%s', async (_, of, rows) => {
    const block = blockOf(9, Array.from({ length: rows }, (__, i) => rowOf(i, of(i), undefined, rows)));
    const groups = await groupsOf(block);
    const lines = print(block.lines!);
    let from = 0;
    for (const { group, shapes, rowGroup } of groups) {
      expect(print(group.lines(all(group.rows)))).toEqual(lines.slice(from, from + group.rows));
      expect(shapes.length).toBeLessThanOrEqual(segmentLimits.templatesKept + segmentLimits.metadataShapesMax);
      expect(rowGroup.shapes!.rawBytes).toBeLessThan(600_000);
      from += group.rows;
    }
    expect(from).toBe(rows);
  });

  test('more lists of metadata names than are told apart', async () => {
    const rows = 3000;
    const of = (i: number): Uint8Array => Uint8Array.from(encodeMetadata([{ name: `name${i}`, value: `${i}` }]));
    const block = blockOf(9, Array.from({ length: rows }, (_, i) => rowOf(i, `line ${i}`, of(i), rows)));
    const { group, shapes } = (await groupsOf(block))[0]!;
    expect(shapes.length).toBeLessThanOrEqual(segmentLimits.templatesMax);
    expect(print(group.metadata(all(rows)))).toEqual(print(block.metadata!));
    expect(print(group.lines(all(rows)))).toEqual(print(block.lines!));
  });

  test('many small streams share templates', async () => {
    const rows = 20_000;
    const block = blockOf(9, Array.from({ length: rows }, (_, i) => ({ ...rowOf(0, `{"level":"info","n":${i}}`), stream: stream(`s${Math.floor(i / 5)}`), time: i })));
    const { group, rowGroup } = (await groupsOf(block))[0]!;
    expect(rowGroup.runs).toBe(4000);
    expect(group.templates.length).toBe(1);
    expect(print(group.lines(all(rows)))).toEqual(print(block.lines!));
  });
});

describe('what does not fit', () => {
  const block = blockOf(9, Array.from({ length: 200 }, (_, i) => rowOf(i, i % 2 === 0 ? `{"level":"info","n":${i}}` : `level=warn n=${i} x`, Uint8Array.from(encodeMetadata([{ name: 'a', value: `${i}` }])))));

  /** The group read from a directory that was changed. */
  async function changed(change: (rowGroup: RowGroupMeta) => RowGroupMeta, swap = false): Promise<ShreddedGroup> {
    const one = (await groupsOf(block))[0]!;
    const shapes = swap ? one.shapes.map((shape) => ({ ...shape, rows: shape.rows + (shape.template.kind === 'json' ? 1 : -1) })) : one.shapes;
    const source = new PageSource([one.range], [one.bytes], 'a/segment');
    const pool = (): never => {
      throw new TypeError('no pool here');
    };
    return new ShreddedGroup({ rowGroup: change(one.rowGroup), shapes, source, pool }, [], []);
  }
  const constant = (column: number, number: number) => (rowGroup: RowGroupMeta): RowGroupMeta => ({
    ...rowGroup, pages: rowGroup.pages.map((page) => (page.column === column ? { ...page, encoding: 1, codec: 0, storedBytes: 0, rawBytes: 0, crc: 0, range: { min: number, max: number } } : page)),
  });
  const damage = /damaged data in a\/segment at offset \d+/;

  test.each<[string, (rowGroup: RowGroupMeta) => RowGroupMeta, (group: ShreddedGroup) => unknown, RegExp]>([
    ['lines longer than all', constant(columnIds.lineLength, 10_000), (group) => group.lines(all(200)), /longer than the row group says/],
    ['lines of other lengths', constant(columnIds.lineLength, 12), (group) => group.lines(all(200)), /does not have the length of its line/],
    ['one template for all rows', constant(columnIds.template, 0), (group) => group.lines(all(200)), /rows instead of/],
    ['a template that is none', constant(columnIds.template, 2), (group) => group.templateOf(), /rows instead of/],
    ['times of another day', constant(columnIds.time, 86_399e9), (group) => group.time(), /times outside/],
    ['less metadata', (rowGroup) => ({ ...rowGroup, metadataBytes: 7 }), (group) => group.metadata(all(200)), /metadata is longer/],
  ])('%s', async (_, change, read, message) => {
    const group = await changed(change);
    expect(() => read(group)).toThrowError(message);
    expect(() => read(group)).toThrowError(damage);
  });

  test('templates with other numbers of rows', async () => {
    const group = await changed((rowGroup) => rowGroup, true);
    expect(() => group.templateOf()).toThrowError(/rows instead of/);
  });
});
