import { expect, test } from 'vitest';
import { powerGo } from '../../../src/logql/syntax/power.ts';

// What Go's math.Pow gives.
test.each([
  [1000, 86, 1.0000000000000003e258],
  [1e3, -86, 9.999999999999997e-259],
  [2, 10, 1024],
  [-2, 3, -8],
  [-8, 1 / 3, Number.NaN],
  [2, 1023, 8.98846567431158e307],
  [2, -1074, 5e-324],
  [10, 400, Infinity],
  [10, -400, 0],
  [1, Number.NaN, 1],
  [-1, Infinity, 1],
  [0, -1, Infinity],
  [0, 0, 1],
  [9, 0.5, 3],
])('%d ^ %d', (base, exponent, want) => {
  const got = powerGo(base, exponent);
  if (Number.isNaN(want) || got === want) expect(got).toBe(want);
  else expect(Math.abs(got - want) / want).toBeLessThan(3e-16);
});
