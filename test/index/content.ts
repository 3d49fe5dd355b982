import fc from 'fast-check';
import { dayStartNs, labelSet, type LabelSet } from '../../src/model/mod.ts';
import type { ChunkEntry, IndexContent } from '../../src/index/mod.ts';

const dayNs = 86_400_000_000_000;
const names = fc.constantFrom('app', 'env', 'pod', 'level', 'a', 'zone', '__name__', 'größe');
const values = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'prod', 'dev', '1', '2', '3', '10', 'x-1', 'x-2') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }) },
);

export const labels: fc.Arbitrary<LabelSet> = fc.array(fc.tuple(names, values), { maxLength: 6 }).map((pairs) => labelSet(pairs));

/** Offsets within the day that meet one another often, at its edges too. */
export const offset = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: dayNs - 20, max: dayNs - 1 }), fc.integer({ min: 0, max: 86_399 }).map((s) => s * 1e9), fc.integer({ min: 0, max: dayNs - 1 }));

export const day = fc.oneof(fc.constantFrom(0, -1, 1, 20_454, -106_751, 106_751 - 1), fc.integer({ min: -106_751, max: 106_750 }));

/** What goes into an index file: few label sets with many chunks, or many with few. */
export const content: fc.Arbitrary<IndexContent> = fc.tuple(day, fc.integer({ min: 1, max: 3 }), fc.array(labels, { minLength: 1, maxLength: 40 })).chain(([dayNumber, segments, streams]) =>
  fc
    .array(
      fc.record({
        labels: fc.constantFrom(...streams),
        segment: fc.integer({ min: 0, max: segments - 1 }),
        rowGroup: fc.nat({ max: 300 }),
        rowStart: fc.nat({ max: 70_000 }),
        rows: fc.integer({ min: 1, max: 65_536 }),
        times: fc.tuple(offset, offset),
        bytes: fc.nat(),
      }),
      { minLength: 1, maxLength: 80 },
    )
    .map((chunks) => ({
      tenant: 'acme',
      day: dayNumber,
      segments: Array.from({ length: segments }, (_, i) => ({ key: `segments/${i}`, size: 1000 + i, footerBytes: 10 + i })),
      chunks: chunks.map(({ times, ...chunk }): ChunkEntry => {
        const start = dayStartNs(dayNumber);
        return { ...chunk, minNs: start + BigInt(Math.min(...times)), maxNs: start + BigInt(Math.max(...times)) };
      }),
    })),
);
