import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSpoorError } from '../../src/model/mod.ts';
import { defaultPushBodyLimits } from '../../src/protocols/mod.ts';
import { GroupedRows } from '../../src/protocols/grouped-rows.ts';
import { plainRows } from './plain-rows.ts';

/** Builds a batch of entries with the given label values, whose lines are their numbers. */
function build(values: readonly (readonly [string, string])[], streamsMax = 100): { grouped: GroupedRows; bytes: Buffer } {
  const grouped = new GroupedRows(['a', 'b'], { ...defaultPushBodyLimits, streamsMax }, 4);
  const pieces: Buffer[] = [];
  let at = 0;
  const put = (text: string): [number, number] => {
    const piece = Buffer.from(text);
    pieces.push(piece);
    at += piece.length;
    return [at - piece.length, piece.length];
  };
  const places = values.map(([a, b], i) => [put(a), put(b), put(String(i)), put('n')] as const);
  const bytes = Buffer.concat(pieces);
  for (const [i, [a, b, line, name]] of places.entries()) {
    grouped.rows.addRow();
    grouped.clearSlots();
    grouped.setSlot(0, ...a);
    grouped.setSlot(1, ...b);
    grouped.rows.setLine(...line);
    grouped.rows.setTime(i, 0);
    if (i % 2 === 1) grouped.rows.addPair(...name, ...line);
    grouped.endRow(bytes);
  }
  return { grouped, bytes };
}

it('brings entries of one label set together, in the order in which they came, and says where each went', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('', 'x', 'y'), fc.constantFrom('', 'x', 'xy')), { maxLength: 60 }), (values) => {
      const { grouped, bytes } = build(values);
      const { batch, rowOf } = grouped.finish(bytes);
      const rows = plainRows(batch);
      expect(batch.streams.length).toBe(new Set(values.map((pair) => JSON.stringify(pair))).size);
      for (const [i, [a, b]] of values.entries()) {
        const row = rows[rowOf === null ? i : rowOf[i]!]!;
        expect(row).toEqual({
          labels: { ...(a === '' ? {} : { a }), ...(b === '' ? {} : { b }) },
          timeNs: BigInt(i) * 1_000_000_000n,
          line: String(i),
          metadata: i % 2 === 1 ? { n: String(i) } : {},
        });
      }
      for (const { firstRow, rows: count } of batch.streams) {
        const times = Array.from(batch.timeNs.subarray(firstRow, firstRow + count));
        expect(times.toSorted((x, y) => Number(x - y))).toEqual(times);
      }
    }),
  );
});

it('hands out one array for equal labels, also from batch to batch', () => {
  const labels = [0, 1].map(() => {
    const { grouped, bytes } = build([['one', 'two'], ['three', 'four'], ['one', 'two']]);
    return grouped.finish(bytes).batch.streams.map((stream) => stream.labels);
  });
  expect(labels[0]?.[0]).toBe(labels[1]?.[0]);
  expect(labels[0]?.[1]).toBe(labels[1]?.[1]);
});

it('refuses more label sets than streams may be', () => {
  let error: unknown;
  try {
    build([['1', ''], ['2', ''], ['3', '']], 2);
  } catch (thrown) {
    error = thrown;
  }
  expect(isSpoorError(error, 'push_too_many')).toBe(true);
});
