import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScanner, mergePartials, type Partial, type ScanTask } from '../../src/logql/mod.ts';
import { dayStartNs, dayOf, labelSet, type LabelSet, type RowBlock } from '../../src/model/mod.ts';
import { CountedPieces } from '../../src/querier/counted-pieces.ts';
import { UnitPlanner, type Piece } from '../../src/querier/units.ts';
import { found, tasksOf } from '../logql/scan/shredded/compare.ts';
import { testDay } from '../logql/scan/shredded/rows.ts';

const day = dayStartNs(testDay);
const second = 1_000_000_000;
const streams = [labelSet([['app', 'a']]), labelSet([['app', 'b'], ['pod', 'p']])];

/** A chunk with the times of its rows in milliseconds since the test day; a flush writes several, none of them across midnight. */
const chunk = fc.record({ stream: fc.nat(streams.length - 1), origin: fc.nat(3), times: fc.array(fc.nat(900_000), { minLength: 1, maxLength: 8 }), previousDay: fc.boolean() });
const query = fc.record({
  op: fc.constantFrom('count_over_time', 'rate', 'absent_over_time'),
  by: fc.constantFrom('', '', 'sum by (app) ', 'sum by (pod) ', 'sum '),
  range: fc.constantFrom('1s', '7s', '1m', '5m', '90s', '1h'),
  offset: fc.constantFrom('', '', ' offset 30s', ' offset -1m', ' offset 1h'),
  start: fc.nat(600),
  length: fc.constantFrom(0, 60, 600),
  step: fc.constantFrom(1, 7, 60, 300),
});

interface Counted {
  readonly labels: LabelSet;
  readonly piece: Piece;
  readonly times: readonly bigint[];
}

/** One number of rows per time: equal times in pieces of different flushes are equal rows. */
function piecesOf(chunks: readonly { readonly stream: number; readonly origin: number; readonly times: readonly number[]; readonly previousDay: boolean }[]): Counted[] {
  const written = new Set<string>();
  return chunks.flatMap(({ stream, origin, times, previousDay }, id) => {
    const own = times.map((ms) => day + BigInt(ms) * 1_000_000n - (previousDay ? 1_000_000_000_000n : 0n)).filter((time) => !written.has(`${stream}/${origin}/${time}`) && written.add(`${stream}/${origin}/${time}`));
    if (own.length === 0) return [];
    own.sort((a, b) => (a < b ? -1 : 1));
    const piece: Piece = { source: { kind: 'segment', id, segment: { key: `s${origin}-${id}`, size: 1, footerBytes: 1 }, rowGroup: 0 }, origin, rowStart: 0, rows: own.length, minNs: own[0]!, maxNs: own.at(-1)!, bytes: 10 * own.length };
    return [{ labels: streams[stream]!, piece, times: own }];
  });
}

function blockOf(labels: LabelSet, times: readonly bigint[]): RowBlock {
  const own = dayOf(times[0]!);
  return {
    rows: times.length, day: own, streams: [labels], stream: new Uint32Array(times.length), time: Float64Array.from(times, (time) => Number(time - dayStartNs(own))), order: null,
    lineLength: null, lines: null, metadata: null,
  };
}

/** Scans rows in the range of the task, equal ones of a stream once. */
function byRows(task: ScanTask, pieces: readonly Counted[]): Partial {
  const scanner = createScanner(task);
  for (const labels of streams) {
    const times = [...new Set(pieces.filter((one) => one.labels === labels).flatMap((one) => one.times))].filter((time) => time >= task.startNs && time < task.endNs).sort((a, b) => (a < b ? -1 : 1));
    for (const some of [times.filter((time) => time < day), times.filter((time) => time >= day)]) if (some.length > 0) scanner.add(blockOf(labels, some));
  }
  return scanner.finish() as Partial;
}

/** Counts what the index can tell, and scans the rest. */
function byIndex(task: ScanTask, pieces: readonly Counted[]): { readonly partial: Partial; readonly chunks: number } {
  const counted = new CountedPieces(task);
  const planner = new UnitPlanner(task.startNs, task.endNs);
  const taken = new Set<Piece>();
  for (const labels of streams) planner.addStream(labels, pieces.filter((one) => one.labels === labels).map(({ piece }) => piece), (own, piece) => counted.count(own, piece) && taken.add(piece) !== undefined);
  if (task.output.kind !== 'aggregate') throw new TypeError('an aggregation');
  return { partial: mergePartials(task.output.aggregation, [...counted.finish(null), byRows(task, pieces.filter(({ piece }) => !taken.has(piece)))]), chunks: counted.chunks };
}

const runs = Number(process.env['SPOOR_EQUALITY_RUNS'] ?? 300);

describe('CountedPieces', () => {
  it('counts what rows count', { timeout: 600_000 }, () => {
    let chunks = 0;
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 10 }), query, (some, { op, by, range, offset, start, length, step }) => {
        const pieces = piecesOf(some);
        const [task] = tasksOf(`${op === 'absent_over_time' ? '' : by}(${op}({app=~".+"} [${range}]${offset}))`, { time: { start, end: start + length, step } });
        // Rows have no metadata here, so that more may be counted than the scan knows.
        const index = byIndex(task!, pieces);
        chunks += index.chunks;
        expect(found(task!, index.partial)).toEqual(found(task!, byRows(task!, pieces)));
      }),
      { numRuns: runs },
    );
    expect(chunks).toBeGreaterThan(0);
  });

  const times = [10, 20, 30].map((at) => day + BigInt(at * second));
  const piece: Piece = { source: { kind: 'segment', id: 0, segment: { key: 's-0', size: 1, footerBytes: 1 }, rowGroup: 0 }, origin: 0, rowStart: 0, rows: 3, minNs: times[0]!, maxNs: times[2]!, bytes: 30 };
  it.each([
    ['sum(count_over_time({app="a"} [1m]))', true],
    ['sum by (app) (rate({app="a"} [1m]))', true],
    ['absent_over_time({app="a"} [1m])', true],
    // Other windows may begin between the rows.
    ['sum(count_over_time({app="a"} [50s]))', false],
    // Lines, lengths, metadata, labels and order are not in the index.
    ['sum(count_over_time({app="a"} |= "x" [1m]))', false],
    ['sum(bytes_over_time({app="a"} [1m]))', false],
    ['sum by (pod) (count_over_time({app="a"} [1m]))', false],
    ['sum by (level) (count_over_time({app="a"} | json [1m]))', false],
    ['last_over_time({app="a"} | unwrap n [1m]) by (app)', false],
    ['{app="a"}', false],
  ])('%s: %s', (text, expected) => {
    const counted = new CountedPieces(tasksOf(text, { time: { start: 60, end: 600, step: 60 } })[0]!);
    expect(counted.count(streams[0]!, piece)).toBe(expected);
    expect(counted.chunks).toBe(expected ? 1 : 0);
    expect([...counted.finish(null)]).toHaveLength(expected ? 1 : 0);
  });
});
