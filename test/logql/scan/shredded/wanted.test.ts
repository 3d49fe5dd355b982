import { describe, expect, it } from 'vitest';
import { WantedPlaces, eachRun } from '../../../../src/logql/scan/shredded/wanted.ts';
import { placesOf } from '../../../../src/logql/scan/shredded/marks.ts';
import { groupOf } from './group.ts';

const lines = Array.from({ length: 90 }, (_, i) => (i % 3 === 0 ? `a=${i} b=c` : `{"k":${i}}`));
const streams = [{ app: 'a' }, { app: 'b' }];

describe('wanted rows', () => {
  it.each([
    ['all', (from: number, to: number) => [[from, to]]],
    ['the first half of each run', (from: number, to: number) => [[from, (from + to) >> 1]]],
    ['two parts of each run', (from: number, to: number) => [[from + 1, from + 3], [to - 4, to - 1]]],
    ['one row', (from: number) => (from === 0 ? [[5, 6]] : [])],
    ['none', () => []],
  ] as const)('%s', (_name, parts: (from: number, to: number) => readonly (readonly number[])[]) => {
    const group = groupOf(lines, { streams }, ({ stream, from, to }) => parts(from, to).map(([first, last]) => ({ stream, from: first!, to: last! })));
    const places = new WantedPlaces(group);
    for (const template of group.templates) {
      const rows = template.rows();
      const wanted = [...rows].flatMap((row, place) => (group.runs.some(({ from, to }) => row >= from && row < to) ? [place] : []));
      const marked = placesOf(places.of(template), template.count);
      expect([...marked]).toEqual(wanted);
      const seen: number[] = [];
      eachRun(group, template, marked, (stream, from, to) => {
        for (const place of marked.subarray(from, to)) {
          const run = group.runs.find((one) => rows[place]! >= one.from && rows[place]! < one.to);
          expect(run?.stream).toBe(stream);
          seen.push(place);
        }
      });
      expect(seen).toEqual(wanted);
    }
  });
});
