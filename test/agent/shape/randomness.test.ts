import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineRandomness, Threshold, traceRandomness, type Randomness } from '../../../agent/shape/randomness.ts';

const of = (trace: string): bigint => {
  const out: Randomness = { high: 0, low: 0 };
  traceRandomness(trace, out);
  return BigInt(out.high) * 2n ** 28n + BigInt(out.low);
};
const kept = (trace: string, fraction: number): boolean => {
  const out: Randomness = { high: 0, low: 0 };
  traceRandomness(trace, out);
  return new Threshold(fraction).keeps(out);
};
const hex32 = fc.stringMatching(/^[0-9a-f]{32}$/);

describe('randomness of trace IDs', () => {
  test('is the low 56 bits, as in W3C Trace Context level 2', () => {
    fc.assert(fc.property(hex32, (trace) => {
      expect(of(trace)).toBe(BigInt(`0x${trace.slice(18)}`));
    }));
  });

  test('does not mind case, dashes, or 64-bit IDs', () => {
    expect(of('4BF92F35-77B3-4DA6-A3CE-929D0E0E4736')).toBe(of('4bf92f3577b34da6a3ce929d0e0e4736'));
    expect(of('a3ce929d0e0e4736')).toBe(of('4bf92f3577b34da6a3ce929d0e0e4736'));
    expect(of('1-5759e988-bd862e3fe1be46a994272793')).toBe(BigInt('0xbe46a994272793'));
  });

  test('is a hash of anything else, which is spread evenly', () => {
    let count = 0;
    for (let i = 0; i < 20_000; i++) if (kept(`request-${i}`, 0.25)) count++;
    expect(count / 20_000).toBeGreaterThan(0.23);
    expect(count / 20_000).toBeLessThan(0.27);
    expect(of('Request-1')).toBe(of('request-1'));
  });

  test.each([
    // OpenTelemetry: T = (1 − p) × 2^56, kept where R ≥ T.
    ['80000000000000', 0.5, true], ['7fffffffffffff', 0.5, false], ['c0000000000000', 0.25, true], ['bfffffffffffff', 0.25, false], ['00000000000000', 1, true], ['ffffffffffffff', 0, false],
    ['e6666666666668', 0.1, true], ['e6666666666000', 0.1, false],
  ])('the trace with randomness %s is kept with %d: %s', (randomness, fraction, expected) => {
    expect(kept(`${'0'.repeat(18)}${randomness}`, fraction)).toBe(expected);
  });

  test('what is kept with a fraction is kept with every larger one', () => {
    fc.assert(fc.property(hex32, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (trace, a, b) => {
      if (kept(trace, Math.min(a, b))) expect(kept(trace, Math.max(a, b))).toBe(true);
    }));
  });
});

describe('randomness of lines', () => {
  const fate = (text: string, nanos: number, stream = 0): Randomness => {
    const out: Randomness = { high: 0, low: 0 };
    const bytes = Buffer.from(`xx${text}yy`);
    lineRandomness(bytes, 2, bytes.length - 2, 1_800_000_000, nanos, stream, out);
    return out;
  };

  test('follows from text, time and stream alone', () => {
    expect(fate('a line', 5)).toEqual(fate('a line', 5));
    const different = [fate('a line', 5), fate('a line', 6), fate('b line', 5), fate('a line', 5, 1), fate('a line ', 5), fate('', 5)].map(({ high, low }) => `${high} ${low}`);
    expect(new Set(different).size).toBe(6);
  });

  test('is spread evenly in both halves', () => {
    let high = 0;
    let low = 0;
    for (let i = 0; i < 20_000; i++) {
      const at = fate(`line number ${i}`, i * 1000);
      if (at.high >= 2 ** 27) high++;
      if (at.low >= 2 ** 27) low++;
    }
    for (const count of [high, low]) expect(Math.abs(count / 20_000 - 0.5)).toBeLessThan(0.02);
  });
});
