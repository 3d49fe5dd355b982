import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnIds, encodingIds } from '../../src/chunks/format.ts';
import { decodeIntegers, rowsOf, sealIntegers, type Runs } from '../../src/chunks/integers.ts';
import { openPage } from '../../src/chunks/page.ts';

function runsOf(lengths: readonly number[]): Runs {
  const start = new Uint32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) start[i + 1] = start[i]! + length;
  return { count: lengths.length, start };
}

function roundTrip(values: readonly number[], runs: Runs, selected: readonly number[], isTime: boolean): { encoding: number; rawBytes: number } {
  const page = sealIntegers(columnIds.time, Float64Array.from(values), runs, isTime);
  const meta = { ...page.meta, offset: 0 };
  expect(meta.range).toEqual({ min: Math.min(...values), max: Math.max(...values) });
  const wanted = Uint32Array.from(selected);
  const out = new Float64Array(rowsOf(runs, wanted));
  // At an odd address, as pages stand in what was read.
  const moved = Buffer.alloc(page.data.length + 1);
  moved.set(page.data, 1);
  decodeIntegers(meta, openPage(meta, moved.subarray(1), 'test'), runs, wanted, out, 'test');
  expect([...out]).toEqual(selected.flatMap((run) => values.slice(runs.start[run], runs.start[run + 1])));
  return meta;
}

test('any numbers come back, of any runs in any order', () => {
  const value = fc.oneof(fc.nat(3), fc.nat(100_000), fc.maxSafeInteger().map(Math.abs), fc.nat(86_399).map((second) => second * 1e9));
  const cases = fc.array(fc.array(value, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 12 }).chain((perRun) =>
    fc.record({
      perRun: fc.constant(perRun),
      sorted: fc.boolean(),
      selected: fc.shuffledSubarray(perRun.map((_, i) => i)),
      isTime: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(cases, ({ perRun, sorted, selected, isTime }) => {
      const values = perRun.flatMap((values) => (sorted ? [...values].sort((a, b) => a - b) : values));
      roundTrip(values, runsOf(perRun.map((values) => values.length)), selected, isTime);
    }),
    { numRuns: 500 },
  );
});

describe('the encoding fits the numbers', () => {
  const many = 4096;
  const array = (of: (i: number) => number): number[] => Array.from({ length: many }, (_, i) => of(i));
  const cases: readonly (readonly [string, readonly number[], boolean, number, number])[] = [
    ['all equal: nothing is stored', array(() => 77), false, encodingIds.constant, 0],
    ['line lengths: two bytes', array((i) => (i * 7919) % 1000), false, encodingIds.frame, 24 + 2 * many],
    ['one more each: nothing per row', array((i) => 5_000_000 + i), false, encodingIds.delta, 48],
    ['whole milliseconds of a stream: one byte', array((i) => (i * 100 + (i % 7)) * 1e6), true, encodingIds.delta, 48 + many],
    ['nanoseconds within seconds: four bytes', array((i) => i * 1e9 + ((i * 7919) % 1000) * 999_983), true, encodingIds.delta, 48 + 4 * many],
    ['numbers at random', array((i) => (i * 7919 * 104_729) % 2 ** 39), false, encodingIds.frame, 24 + 5 * many],
  ];
  test.each(cases)('%s', (_, values, isTime, encoding, rawBytes) => {
    const meta = roundTrip(values, runsOf([many]), [0], isTime);
    expect(meta.encoding).toBe(encoding);
    expect(meta.rawBytes).toBe(rawBytes);
  });

  test('steps too far apart for exact arithmetic stay in the frame', () => {
    const values = array((i) => (i % 2 === 0 ? 0 : Number.MAX_SAFE_INTEGER));
    expect(roundTrip(values, runsOf([many]), [0], false).encoding).toBe(encodingIds.frame);
  });

  test('runs of one row each', () => {
    roundTrip(array((i) => i * 3), runsOf(array(() => 1)), array((i) => many - 1 - i), true);
  });
});

test('damage gives a coded error', () => {
  const runs = runsOf([3, 2]);
  const page = sealIntegers(columnIds.time, Float64Array.of(1, 2, 9, 4, 5), runs, true);
  const meta = { ...page.meta, offset: 40 };
  const decode = (change: Partial<typeof meta>, payload: Uint8Array = page.data): unknown => {
    try {
      decodeIntegers({ ...meta, ...change }, payload, runs, Uint32Array.of(0, 1), new Float64Array(5), 'a/segment');
      return 'no error';
    } catch (error) {
      return error;
    }
  };
  expect(decode({})).toBe('no error');
  for (const error of [
    decode({ values: 4 }), decode({ encoding: 9 }), decode({ encoding: encodingIds.constant }), decode({}, page.data.subarray(0, 16)), decode({}, Buffer.concat([page.data, Buffer.alloc(8)])),
    decode({ encoding: meta.encoding === encodingIds.frame ? encodingIds.delta : encodingIds.frame }),
  ])
    expect(error).toMatchObject({ code: 'corruption', details: { where: 'a/segment', offset: 40 } });
});
