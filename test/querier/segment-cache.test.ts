import { beforeEach, describe, expect, it } from 'vitest';
import { encodeMetadata } from '../../src/bytes/mod.ts';
import { decodeFooter, SegmentWriter, type ByteRange, type Segment } from '../../src/chunks/mod.ts';
import { labelSet, type LabelSet } from '../../src/model/mod.ts';
import { SegmentCache } from '../../src/querier/mod.ts';
import type { SegmentIo } from '../../src/querier/ports.ts';
import type { SegmentSource, UnitPiece } from '../../src/querier/units.ts';
import { WantedPages } from '../../src/querier/wanted-pages.ts';
import { blockOf } from '../chunks/rows.ts';

const labels = labelSet([['app', 'a']]);
const streams: readonly LabelSet[] = [labels];
const key = 'segments/k';
const rowsEach = 600;
const groups = 5;

/** A segment of row groups alike, one for each day. */
function segmentOf(): Segment {
  const writer = new SegmentWriter();
  for (let day = 0; day < groups; day++) {
    const rows = Array.from({ length: rowsEach }, (_, i) => ({
      stream: labels, time: i * 1e9, position: i, index: 0, partition: 0, metadata: encodeMetadata(labelSet([['pod', `p${i % 7}`]])),
      line: Buffer.from(i % 3 === 0 ? `{"level":"info","id":"${String((i * 7919) % 9973)}","note":"${'n'.repeat(i % 40)}${i}"}` : `took ${i * 13}ms at ${(i * 31) % 1009}`),
    }));
    writer.add('t', blockOf(20_000 + day, rows));
  }
  return writer.finish();
}

const segment = segmentOf();
const at = { key, size: segment.data.length, footerBytes: segment.footerBytes };
const sourceOf = (rowGroup: number): SegmentSource => ({ kind: 'segment', id: rowGroup, segment: at, rowGroup });
const pieces: readonly UnitPiece[] = [{ slot: 0, rowStart: 0, rows: rowsEach, windows: null }];

/** An object store far away, which keeps account of what is asked of it. */
class FarIo implements SegmentIo {
  readonly isRemote = true;
  readonly gapBytesMax = 0;
  readonly asked: (readonly ByteRange[])[] = [];
  readonly near: ByteRange[] = [];
  readonly forgotten: string[] = [];
  data: Uint8Array = segment.data;

  read(_key: string, ranges: readonly ByteRange[]): readonly Uint8Array[] {
    const missing = ranges.filter((range) => this.readNear(key, range) === undefined);
    if (missing.length > 0) this.asked.push(missing);
    return ranges.map((range) => this.#slice(range));
  }

  readNear(_key: string, range: ByteRange): Uint8Array | undefined {
    return this.near.some(({ offset, length }) => offset <= range.offset && offset + length >= range.offset + range.length) ? this.#slice(range) : undefined;
  }

  bringNear(_key: string, ranges: readonly ByteRange[]): void {
    this.near.push(...ranges);
  }

  forget(of: string): void {
    this.forgotten.push(of);
  }

  #slice({ offset, length }: ByteRange): Uint8Array {
    return this.data.slice(offset, offset + length);
  }
}

const allRows = Uint32Array.from({ length: rowsEach }, (_, row) => row);

/** Reads times, and lines of one of two templates only. */
function use(cache: SegmentCache, rowGroup: number): string {
  const group = cache.shredded(sourceOf(rowGroup), pieces, streams)!;
  const template = group.templates.findIndex(({ key: name }) => name.includes('level'));
  const rows = group.templates[template]!.rows();
  const { bytes, start, length } = group.lines(rows);
  return `${group.time()[1]} ${[...start].map((from, i) => bytes.subarray(from, from + length[i]!).toString()).join(' ')}`;
}

let io: FarIo;
let cache: SegmentCache;
beforeEach(() => {
  io = new FarIo();
  cache = new SegmentCache(io, 2 ** 20);
  cache.serve({ isStopped: () => false, wanted: new WantedPages() });
});

const plain = (): SegmentCache => new SegmentCache({ read: (_, ranges) => ranges.map(({ offset, length }) => segment.data.slice(offset, offset + length)) }, 2 ** 20);

describe('SegmentCache far from the store', () => {
  it('asks at once for what it wanted before, and for nothing else', () => {
    const expected = Array.from({ length: groups }, (_, group) => use(plain(), group));
    const asks: number[] = [];
    const bytes: number[] = [];
    for (let group = 0; group < groups; group++) {
      const before = io.asked.length;
      expect(use(cache, group)).toBe(expected[group]);
      asks.push(io.asked.length - before);
      bytes.push(io.asked.slice(before).flat().reduce((sum, { length }) => sum + length, 0));
    }
    // The first one brings the segment's tail, and tells what is wanted.
    expect(asks[0]).toBeGreaterThan(2);
    expect(asks.slice(1)).toEqual([1, 1, 1, 1]);
    for (const read of bytes.slice(1)) expect(read).toBeLessThanOrEqual(bytes[0]!);
    const footer = decodeFooter(segment.data.subarray(-segment.footerBytes), segment.data.length, key);
    expect(bytes[1]).toBeLessThan(footer.rowGroups[1]!.storedBytes);
  });

  it('brings near what will be wanted, the tail of a segment first, so that nothing is left to ask for', () => {
    expect(cache.bringNear(sourceOf(0))).toBe(false);
    expect(io.near).toEqual([{ offset: at.size - at.footerBytes, length: at.footerBytes }]);
    use(cache, 0);
    cache.noteWanted();
    for (let group = 1; group < groups; group++) expect(cache.bringNear(sourceOf(group))).toBe(true);
    const before = io.asked.length;
    for (let group = 1; group < groups; group++) use(cache, group);
    expect(io.asked.length).toBe(before);
    // Another thread, which knows nothing of what is wanted, brings what every scan wants first.
    const other = new SegmentCache(io, 2 ** 20);
    expect(other.bringNear(sourceOf(0))).toBe(true);
  });

  it('fails where something is damaged, and reads it again once that is forgotten', () => {
    const good = use(plain(), 2);
    const { offset, storedBytes } = decodeFooter(segment.data.subarray(-segment.footerBytes), segment.data.length, key).rowGroups[2]!;
    io.data = segment.data.map((byte, i) => (i >= offset && i < offset + storedBytes ? byte ^ 1 : byte));
    expect(() => use(cache, 2)).toThrow(expect.objectContaining({ code: 'corruption' }));
    cache.forget([key]);
    expect(io.forgotten).toEqual([key]);
    io.data = segment.data;
    expect(use(cache, 2)).toBe(good);
    // Damage that reading ahead meets is left to whoever needs it.
    io.data = segment.data.map((byte) => byte ^ 1);
    io.near.push({ offset: 0, length: at.size });
    const other = new SegmentCache(io, 2 ** 20);
    expect(other.bringNear(sourceOf(1))).toBe(true);
    expect(() => use(other, 1)).toThrow(expect.objectContaining({ code: 'corruption' }));
  });

  it('lets a read stop when its user shall', () => {
    const stopped = new Error('stopped');
    const stopping = new SegmentCache({
      read: (_, ranges, isStopped) => {
        if (isStopped?.() === true) throw stopped;
        return io.read(key, ranges);
      },
    }, 2 ** 20);
    let is = false;
    stopping.serve({ isStopped: () => is, wanted: new WantedPages() });
    expect(stopping.shredded(sourceOf(0), pieces, streams)!.lines(allRows).start).toHaveLength(rowsEach);
    is = true;
    expect(() => use(stopping, 1)).toThrow(stopped);
  });
});

describe('SegmentCache and filters', () => {
  const texts = new SegmentWriter();
  let state = 7;
  const letters = (): string => Array.from({ length: 9 }, () => String.fromCharCode(0x61 + ((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) % 26)).join('');
  const words = Array.from({ length: 200 }, letters);
  const word = (): string => words[(state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % 197]!;
  texts.add('t', blockOf(20_000, Array.from({ length: 3000 }, (_, i) => ({ stream: labels, time: i * 1e9, position: i, index: 0, partition: 0, metadata: new Uint8Array(0), line: Buffer.from(JSON.stringify({ msg: Array.from({ length: 12 }, word).join(' ') })) }))));
  const { data, footerBytes } = texts.finish();
  const source: SegmentSource = { kind: 'segment', id: 0, segment: { key: 'texts', size: data.length, footerBytes }, rowGroup: 0 };
  const all: readonly UnitPiece[] = [{ slot: 0, rowStart: 0, rows: 3000, windows: null }];

  it.each<[string, number, number]>([['keeps them where there is room', 2 ** 20, 0], ['forgets no segment for them', 1024, 1]])('%s', (_, bytesMax, again) => {
    let reads = 0;
    const kept = new SegmentCache({
      read: (_key, ranges) => {
        reads += ranges.length;
        return ranges.map(({ offset, length }) => data.slice(offset, offset + length));
      },
    }, bytesMax);
    const mayHold = (): boolean[] => kept.shredded(source, all, streams)!.templates.flatMap(({ columns }) => columns.map((column) => column.mayHold(Buffer.from('qqqqqqqqq'), false)));
    const first = mayHold();
    expect(first).toEqual([false]);
    const before = reads;
    expect(mayHold()).toEqual(first);
    expect(reads - before).toBe(again);
  });
});
