import { expect, it } from 'vitest';
import { bucketsOf } from '../../src/querier/volume-buckets.ts';

const ms = (value: number): bigint => BigInt(value) * 1_000_000n;

it('has one bucket without a step', () => {
  expect(bucketsOf(ms(1500), ms(4000), 0n)).toEqual([{ from: 1500, to: 4000, time: 4000 }]);
  // Loki counts steps in milliseconds.
  expect(bucketsOf(ms(1500), ms(4000), 999_999n)).toHaveLength(1);
});

it('cuts at multiples of the step, and stamps all but the last one millisecond before their ends', () => {
  expect(bucketsOf(ms(1500), ms(4000), ms(1000))).toEqual([
    { from: 1500, to: 2000, time: 1999 },
    { from: 2000, to: 3000, time: 2999 },
    { from: 3000, to: 4000, time: 4000 },
  ]);
  expect(bucketsOf(ms(1500), ms(3500), ms(3000))).toEqual([
    { from: 1500, to: 3000, time: 2999 },
    { from: 3000, to: 3500, time: 3500 },
  ]);
});

it('takes in the milliseconds that the range begins and ends in', () => {
  expect(bucketsOf(1_500_001n, 2_000_001n, 0n)).toEqual([{ from: 1, to: 3, time: 3 }]);
});

it('has no bucket where there is no time', () => {
  expect(bucketsOf(ms(2000), ms(2000), ms(1000))).toEqual([]);
  expect(bucketsOf(ms(2500), ms(2500), ms(1000))).toEqual([{ from: 2500, to: 2500, time: 2500 }]);
});
