import { describe, expect, it } from 'vitest';
import type { LabelSet } from '../../src/model/mod.ts';
import { packUnit, UnitUnpacker } from '../../src/querier/mod.ts';
import type { LoadedUnit } from '../../src/querier/scan-session.ts';
import type { SegmentSource } from '../../src/querier/units.ts';

const labels: readonly LabelSet[] = [
  [{ name: 'app', value: 'shop "one"\n' }, { name: 'zone', value: '\ud800 half, \0 and ü' }],
  [],
  [{ name: 'a.b-c', value: 'x' }],
];
const windows = [{ fromDay: 1, fromTime: 2, toDay: 3, toTime: 4 }];
const source: SegmentSource = { kind: 'segment', id: 7, segment: { key: 'k', size: 9, footerBytes: 8 }, rowGroup: 3 };

function loaded(): LoadedUnit {
  return {
    unit: {
      merge: true, streams: labels, minNs: -5n, maxNs: 5n, bytes: 77,
      sources: [
        { source, pieces: [{ slot: 0, rowStart: 5, rows: 6, windows: null }, { slot: 2, rowStart: 2 ** 31, rows: 1, windows }] },
        { source: { ...source, id: 8 }, pieces: [] },
      ],
    },
    needs: { order: true, lineLength: false, lines: true, metadata: false },
    ahead: [source],
  };
}

describe('units that cross threads', () => {
  it('are the same on the other side', () => {
    const unpacker = new UnitUnpacker();
    for (let i = 0; i < 2; i++) expect(unpacker.unpack(structuredClone(packUnit(loaded())))).toEqual(loaded());
  });

  it('have label sets that are one object each', () => {
    const unpacker = new UnitUnpacker();
    const [first, second] = [unpacker.unpack(packUnit(loaded())), unpacker.unpack(packUnit(loaded()))];
    expect(first.unit.streams.map((set, i) => set === second.unit.streams[i])).toEqual([true, true, true]);
  });

  it('keep no more label sets than there is room for', () => {
    const unpacker = new UnitUnpacker();
    const { unit, ...rest } = loaded();
    const of = (name: string): LoadedUnit => ({ ...rest, unit: { ...unit, streams: [[{ name, value: 'x'.repeat(2 ** 20) }]] } });
    const first = unpacker.unpack(packUnit(of('a'))).unit.streams[0];
    expect(unpacker.unpack(packUnit(of('a'))).unit.streams[0]).toBe(first);
    for (let i = 0; i < 8; i++) unpacker.unpack(packUnit(of(`b${i}`)));
    const again = unpacker.unpack(packUnit(of('a'))).unit.streams[0];
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });
});
