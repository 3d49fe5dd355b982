import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayStartNs } from '../../src/model/mod.ts';
import { ceilMs, chunkExtent, floorMs, headExtent, shareOf } from '../../src/querier/volume-extents.ts';

describe('milliseconds', () => {
  it.each([
    [0n, 0, 0], [1n, 0, 1], [999_999n, 0, 1], [1_000_000n, 1, 1], [-1n, -1, 0], [-1_000_000n, -1, -1], [1_768_435_200_123_456_789n, 1_768_435_200_123, 1_768_435_200_124],
  ])('rounds %s', (timeNs, down, up) => {
    // 0 and -0 are the same time.
    expect([floorMs(timeNs) + 0, ceilMs(timeNs) + 0]).toEqual([down, up]);
  });
});

describe('extents', () => {
  it('takes the times of a chunk from its day', () => {
    const chunk = { segment: 0, rowGroup: 0, rowStart: 0, rows: 3, minOffset: 1_500_000, maxOffset: 2_000_001, bytes: 9 };
    expect(chunkExtent(chunk, dayStartNs(1))).toEqual({ min: 86_400_001, max: 86_400_003, rows: 3, bytes: 9 });
  });

  it('takes those of a head, which may cross midnight', () => {
    const extent = { minDay: 0, minTime: 86_399_999_999_999, maxDay: 1, maxTime: 1_000_000, rows: 2, bytes: 4, late: 0 };
    expect(headExtent(extent)).toEqual({ min: 86_399_999, max: 86_400_001, rows: 2, bytes: 4 });
  });
});

describe('shareOf', () => {
  const extent = { min: 100, max: 200, rows: 1, bytes: 1 };
  it.each([
    ['all of it', 0, 300, 1],
    ['exactly its time', 100, 200, 1],
    ['its first half', 50, 150, 0.5],
    ['its second half', 150, 250, 0.5],
    ['its middle', 125, 150, 0.25],
    ['what ends where it begins', 0, 100, 0],
    ['what begins where it ends', 200, 300, 0],
    ['what lies before', 0, 50, 0],
    ['what lies behind', 201, 300, 0],
  ])('gives the share of %s', (_what, from, to, share) => {
    expect(shareOf(extent, from, to)).toBe(share);
  });

  it('counts an extent of one time in full, unless the window ends there', () => {
    const point = { min: 100, max: 100, rows: 1, bytes: 1 };
    expect([shareOf(point, 100, 101), shareOf(point, 0, 100), shareOf(point, 101, 200)]).toEqual([1, 0, 0]);
  });

  it('gives windows that follow one another shares that add up to all of it', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.array(fc.integer({ min: -100, max: 2100 }), { maxLength: 10 }), (min, length, cuts) => {
        const edges = [-101, ...cuts.sort((a, b) => a - b), 2101];
        const total = edges.slice(1).reduce((sum, to, i) => sum + (edges[i] === to ? 0 : shareOf({ min, max: min + length, rows: 1, bytes: 1 }, edges[i] as number, to)), 0);
        expect(total).toBeCloseTo(1, 9);
      }),
    );
  });
});
