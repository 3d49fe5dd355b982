import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inWindows } from '../../src/ingester/mod.ts';
import { dayOf, dayStartNs, labelSet } from '../../src/model/mod.ts';
import { UnitPlanner, type Piece, type Source } from '../../src/querier/units.ts';

/** A piece with the rows that a reader would find there: time and content. */
interface Written {
  readonly origin: number;
  readonly source: number;
  readonly rows: readonly { readonly time: number; readonly content: number }[];
}

const labels = labelSet([['app', 'a']]);
/** Times around a midnight, so that windows cross days. */
const base = dayStartNs(20_000) - 10n;

const written: fc.Arbitrary<Written> = fc.record({
  origin: fc.nat(3),
  source: fc.nat(1_000_000),
  rows: fc.array(fc.record({ time: fc.nat(25), content: fc.nat(2) }), { minLength: 1, maxLength: 6 }),
});

function source(id: number): Source {
  return { kind: 'segment', id, segment: { key: `s${id % 7}`, size: 1, footerBytes: 1 }, rowGroup: id };
}

function toPiece({ origin, source: id, rows }: Written): Piece {
  const times = rows.map(({ time }) => time);
  const minNs = base + BigInt(Math.min(...times));
  const maxNs = base + BigInt(Math.max(...times));
  return { source: source(id), origin, rowStart: 0, rows: rows.length, minNs, maxNs, bytes: 100 };
}

/** One flush holds no two equal rows: drops those, and pieces that this empties. */
function distinctPerOrigin(all: readonly Written[]): Written[] {
  const seen = new Set<string>();
  const sources = new Set<number>();
  const fresh = all.filter(({ source: id }) => !sources.has(id) && sources.add(id));
  return fresh
    .map((piece) => ({
      ...piece,
      rows: piece.rows.filter(({ time, content }) => {
        const key = `${piece.origin}/${time}/${content}`;
        return !seen.has(key) && seen.add(key);
      }),
    }))
    .filter(({ rows }) => rows.length > 0);
}

describe('UnitPlanner', () => {
  it('puts every row of the range into units exactly once, equal rows of different flushes together', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 12 }), fc.nat(25), fc.nat(26), (raw, from, length) => {
        const all = distinctPerOrigin(raw);
        const planner = new UnitPlanner(base + BigInt(from), base + BigInt(from + length));
        planner.addStream(labels, all.map(toPiece));
        const found: string[] = [];
        for (const unit of planner.finish('forward')) {
          const inUnit: string[] = [];
          for (const { source: { id }, pieces } of unit.sources) {
            const rows = all.find((piece) => piece.source === id)?.rows ?? [];
            for (const { windows } of pieces) {
              for (const { time, content } of rows) {
                const ns = base + BigInt(time);
                const day = dayOf(ns);
                if (windows === null || inWindows(windows, day, Number(ns - dayStartNs(day)))) inUnit.push(`${time}/${content}`);
              }
            }
          }
          found.push(...(unit.merge ? new Set(inUnit) : inUnit));
        }
        const wanted = new Set(all.flatMap(({ rows }) => rows.filter(({ time }) => time >= from && time < from + length).map(({ time, content }) => `${time}/${content}`)));
        expect(found.sort()).toEqual([...wanted].sort());
      }),
      { numRuns: 2000 },
    );
  });

  it('reads pieces that do not overlap without merging, and orders units by direction', () => {
    const pieces = [0, 1, 2].map((i) => toPiece({ origin: i, source: i, rows: [{ time: i * 5, content: 0 }, { time: i * 5 + 4, content: 0 }] }));
    const plan = (direction: 'forward' | 'backward') => {
      const planner = new UnitPlanner(base, base + 100n);
      planner.addStream(labels, pieces);
      return planner.finish(direction);
    };
    expect(plan('forward').every((unit) => !unit.merge && unit.sources.every(({ pieces: [piece] }) => piece?.windows === null))).toBe(true);
    expect(plan('forward').map(({ minNs }) => minNs)).toEqual([base, base + 5n, base + 10n]);
    expect(plan('backward').map(({ maxNs }) => maxNs)).toEqual([base + 14n, base + 9n, base + 4n]);
  });

  it('does not merge what one flush wrote', () => {
    const planner = new UnitPlanner(base, base + 100n);
    planner.addStream(labels, [0, 1].map((i) => toPiece({ origin: 1, source: i, rows: [{ time: 3, content: i }, { time: 9, content: i }] })));
    expect(planner.finish('forward').some(({ merge }) => merge)).toBe(false);
  });
});
