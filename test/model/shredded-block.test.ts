import { describe, expect, it } from 'vitest';
import { shreddedBlock, someShreddedRows } from '../../src/model/mod.ts';
import { shreddedOf, testDay } from '../logql/scan/shredded/rows.ts';
import { rowsOf } from '../logql/scan/shredded/compare.ts';

const plain = rowsOf(Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? `{"n":${i}}` : `a=${i} b=c`)), { streams: [{ app: 'a' }, { app: 'b' }], metadata: [{}, { pod: 'p' }] });
const needs = { order: true, lineLength: true, lines: true, metadata: true };
const texts = (column: { bytes: Uint8Array; start: Uint32Array; length: Uint32Array }, rows: number): string[] => Array.from({ length: rows }, (_, i) => Buffer.from(column.bytes).toString('latin1', column.start[i], column.start[i]! + column.length[i]!));
/** As rows of a segment stand: by stream, then time. */
const sorted = [0, 1].flatMap((slot) => plain.filter((_, i) => i % 2 === slot));

describe('shreddedBlock', () => {
  it('puts all rows together', () => {
    const block = shreddedBlock(shreddedOf(plain), needs);
    expect([block.rows, block.day]).toEqual([40, testDay]);
    expect(texts(block.lines!, 40)).toEqual(sorted.map(({ line }) => line.toString()));
    expect([...block.time]).toEqual(sorted.map(({ time }) => time));
    expect([...block.lineLength!]).toEqual(sorted.map(({ line }) => line.length));
    expect([...block.stream]).toEqual([...Array.from({ length: 20 }, () => 0), ...Array.from({ length: 20 }, () => 1)]);
    expect([...block.order!.position]).toEqual(sorted.map((row) => plain.indexOf(row) + 1));
    expect([...block.metadata!.length].map((length) => length > 0)).toEqual(sorted.map(({ metadata }) => 'pod' in metadata));
  });

  it('takes the runs that are wanted', () => {
    const block = shreddedBlock(shreddedOf(plain, ({ stream, from }) => [{ stream, from: from + 1, to: from + 3 }]), needs);
    expect(texts(block.lines!, 4)).toEqual([1, 2, 21, 22].map((row) => sorted[row]!.line.toString()));
    expect([...block.stream]).toEqual([0, 0, 1, 1]);
  });

  it('reads only what is needed', () => {
    const block = shreddedBlock(shreddedOf(plain), { order: false, lineLength: false, lines: false, metadata: false });
    expect([block.order, block.lineLength, block.lines, block.metadata]).toEqual([null, null, null, null]);
    expect(shreddedBlock(shreddedOf(plain), { order: false, lineLength: true, lines: false, metadata: false }).lineLength).toHaveLength(40);
  });

  it('takes single rows', () => {
    const block = someShreddedRows(shreddedOf(plain), Uint32Array.of(3, 25, 39), Uint32Array.of(0, 1, 1), needs);
    expect(texts(block.lines!, 3)).toEqual([3, 25, 39].map((row) => sorted[row]!.line.toString()));
    expect([...block.order!.index]).toEqual([0, 0, 0]);
  });
});
