import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMetadata } from '../../src/bytes/mod.ts';
import { OrderedRows } from '../../src/ingester/mod.ts';
import { labelSet, type LabelSet, type RowBlock } from '../../src/model/mod.ts';
import { describeRows } from '../support/rows.ts';

interface Row {
  readonly stream: number;
  readonly time: number;
  readonly position: number;
  readonly index: number;
  readonly line: string;
  readonly metadata: string;
}

const streams: readonly LabelSet[] = ['a', 'b', 'c'].map((value) => labelSet([['app', value]]));

const row: fc.Arbitrary<Row> = fc.record({
  stream: fc.nat(2),
  time: fc.nat(4),
  position: fc.nat(3),
  index: fc.nat(1000),
  line: fc.constantFrom('', 'x', 'y', 'xy'),
  metadata: fc.constantFrom('', 'm'),
});

function toBlock(rows: readonly Row[]): RowBlock {
  const lines = rows.map(({ line }) => Buffer.from(line));
  const metadata = rows.map((each) => Buffer.from(encodeMetadata(each.metadata === '' ? [] : [{ name: 'k', value: each.metadata }])));
  const column = (parts: readonly Buffer[]) => {
    let at = 0;
    const start = Uint32Array.from(parts, (part) => (at += part.length) - part.length);
    return { bytes: Buffer.concat(parts), start, length: Uint32Array.from(parts, (part) => part.length) };
  };
  const lineColumn = column(lines);
  return {
    rows: rows.length,
    day: 3,
    streams,
    stream: Uint32Array.from(rows, (each) => each.stream),
    time: Float64Array.from(rows, (each) => each.time),
    order: {
      position: Float64Array.from(rows, (each) => each.position),
      index: Uint32Array.from(rows, (each) => each.index),
      partition: new Uint32Array(rows.length),
    },
    lineLength: lineColumn.length,
    lines: lineColumn,
    metadata: column(metadata),
  };
}

/** Sorts objects and compares each with all before it. */
function naive(rows: readonly Row[]): Row[] {
  const sorted = rows.toSorted((a, b) => a.stream - b.stream || a.time - b.time || a.position - b.position || a.index - b.index);
  const same = (a: Row, b: Row): boolean => a.stream === b.stream && a.time === b.time && a.line === b.line && a.metadata === b.metadata;
  return sorted.filter((each, i) => !sorted.slice(0, i).some((earlier) => same(earlier, each)));
}

describe('OrderedRows', () => {
  it('orders and drops equal rows as a naive sort does, over any split into blocks', () => {
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 60 }), { minLength: 1, maxLength: 4 }), (parts) => {
        const ordered = new OrderedRows(parts.map(toBlock), streams.length);
        const wanted = describeRows('t', toBlock(naive(parts.flat())));
        expect(describeRows('t', ordered.take(0, ordered.rows))).toEqual(wanted);
      }),
    );
  });

  it('takes portions of bounded size that join to the whole', () => {
    const rows = Array.from({ length: 100 }, (_, i): Row => ({ stream: i % 3, time: i, position: 1, index: i, line: 'x'.repeat(i % 7), metadata: '' }));
    const ordered = new OrderedRows([toBlock(rows)], streams.length);
    const joined: string[] = [];
    for (let from = 0; from < ordered.rows; ) {
      const to = ordered.portionEnd(from, 10, 12);
      const block = ordered.take(from, to);
      expect(block.rows).toBeLessThanOrEqual(10);
      expect(block.rows === 1 || block.lineLength!.reduce((sum, length) => sum + length, 0) <= 12).toBe(true);
      joined.push(...describeRows('t', block));
      from = to;
    }
    expect(joined).toEqual(describeRows('t', ordered.take(0, ordered.rows)));
  });

  it('finds equal rows among thousands of one time without comparing each with each', () => {
    const rows = Array.from({ length: 20_000 }, (_, i): Row => ({ stream: 0, time: 1, position: 1, index: i, line: `line ${i % 5000}`, metadata: '' }));
    expect(new OrderedRows([toBlock(rows)], streams.length).rows).toBe(5000);
  });
});
