import type { HeadBlockMemory, TimeWindow } from '../ingester/mod.ts';
import type { SelectedChunk } from '../index/mod.ts';
import { dayLengthNs, dayOf, type LabelSet } from '../model/mod.ts';

/** Where rows lie: a row group of a segment, or a block of a head. One object per row group or block and query. */
export type Source = SegmentSource | HeadSource;

export interface SegmentSource {
  readonly kind: 'segment';
  readonly id: number;
  readonly segment: SelectedChunk['segment'];
  readonly rowGroup: number;
}

export interface HeadSource {
  readonly kind: 'head';
  readonly id: number;
  readonly block: HeadBlockMemory;
  /** First row wanted. */
  readonly fromRow: number;
  /** The row after the last one wanted. */
  readonly rows: number;
}

/** One stream's rows in one source. */
export interface Piece {
  readonly source: Source;
  /** Pieces with the same value hold no equal rows, as everything that one flush wrote. */
  readonly origin: number;
  /** In a segment: first row and number of rows in the row group. In a head `rowStart` is the stream's id. */
  readonly rowStart: number;
  readonly rows: number;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly bytes: number;
}

/** A piece as a worker gets it. */
export interface UnitPiece {
  /** Index into the unit's streams. */
  readonly slot: number;
  readonly rowStart: number;
  readonly rows: number;
  /** Null: all rows. */
  readonly windows: readonly TimeWindow[] | null;
}

/** Work that is done in one go. In a merge unit the sources may hold equal rows, of which only the first counts. */
export interface Unit {
  readonly merge: boolean;
  readonly streams: readonly LabelSet[];
  readonly sources: readonly { readonly source: Source; readonly pieces: readonly UnitPiece[] }[];
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly bytes: number;
}

/** Plain row groups of one segment are worked on together up to so many bytes: few where the first rows may be enough, more where all are looked at. */
const logUnitBytesMax = 8 * 2 ** 20;
const aggregateUnitBytesMax = 32 * 2 ** 20;

interface Range {
  /** First and last nanosecond. */
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Cuts the work of a scan into units in which every matching row stands exactly once: stretches of time in which pieces of different origin overlap
 * go to merge units over just those stretches; everything else is read where it lies.
 */
export class UnitPlanner {
  readonly #query: Range;
  readonly #plain = new Map<number, UnitBuilder>();
  readonly #merged = new Map<string, UnitBuilder>();

  /** Only rows with startNs ≤ time < endNs are wanted. */
  constructor(startNs: bigint, endNs: bigint) {
    this.#query = { from: startNs, to: endNs - 1n };
  }

  /** `count` takes what is known of a piece without reading it, where that is enough; it is asked for pieces that are wanted whole and hold no row twice. */
  addStream(labels: LabelSet, all: readonly Piece[], count: (labels: LabelSet, piece: Piece) => boolean = () => false): void {
    const pieces = all.filter((piece) => piece.maxNs >= this.#query.from && piece.minNs <= this.#query.to);
    if (!isByTime(pieces)) pieces.sort((a, b) => (a.minNs < b.minNs ? -1 : a.minNs > b.minNs ? 1 : 0));
    const shared = sharedRanges(pieces);
    if (shared.length === 0) {
      for (const piece of pieces) {
        const isWhole = piece.minNs >= this.#query.from && piece.maxNs <= this.#query.to;
        if (isWhole && piece.source.kind === 'segment' && count(labels, piece)) continue;
        const builder = this.#builder(this.#plain, piece.source.id, false);
        if (isWhole) builder.addWhole(labels, piece);
        else builder.add(labels, piece, [{ from: piece.minNs, to: piece.maxNs }], this.#query);
      }
      return;
    }
    for (const piece of pieces) {
      const own = subtract(piece, shared);
      const [first] = own;
      const isWhole = own.length === 1 && first !== undefined && first.from === piece.minNs && first.to === piece.maxNs && piece.minNs >= this.#query.from && piece.maxNs <= this.#query.to;
      if (isWhole && piece.source.kind === 'segment' && count(labels, piece)) continue;
      if (own.length > 0) this.#builder(this.#plain, piece.source.id, false).add(labels, piece, own, this.#query);
    }
    for (const range of shared) {
      const covering = pieces.filter((piece) => piece.minNs <= range.to && piece.maxNs >= range.from);
      const key = covering.map((piece) => piece.source.id).join();
      const builder = this.#builder(this.#merged, key, true);
      for (const piece of covering) builder.add(labels, piece, [intersect(piece, range)], this.#query);
    }
  }

  #builder<Key>(builders: Map<Key, UnitBuilder>, key: Key, merge: boolean): UnitBuilder {
    let builder = builders.get(key);
    if (builder === undefined) {
      builder = new UnitBuilder(merge);
      builders.set(key, builder);
    }
    return builder;
  }

  /** The units, those first that hold the rows wanted first; without a direction all are wanted. */
  finish(direction: 'forward' | 'backward' | null): Unit[] {
    const bytesMax = direction === null ? aggregateUnitBytesMax : logUnitBytesMax;
    const units = [...joinSmall([...this.#plain.values()].map((builder) => builder.finish()), bytesMax), ...[...this.#merged.values()].map((builder) => builder.finish())];
    const inOrder = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
    return direction !== 'backward' ? units.sort((a, b) => inOrder(a.minNs, b.minNs)) : units.sort((a, b) => inOrder(b.maxNs, a.maxNs));
  }
}

class UnitBuilder {
  readonly #merge: boolean;
  readonly #streams: LabelSet[] = [];
  readonly #slots = new Map<LabelSet, number>();
  readonly #sources = new Map<number, { source: Source; pieces: UnitPiece[]; places: Map<string, number> }>();
  #minNs: bigint | undefined;
  #maxNs: bigint | undefined;
  #bytes = 0;

  constructor(merge: boolean) {
    this.#merge = merge;
  }

  /** Adds a piece, which does not come again, with all of its rows. */
  addWhole(labels: LabelSet, piece: Piece): void {
    const { source, rowStart, rows, minNs, maxNs, bytes } = piece;
    this.#entry(source).pieces.push({ slot: this.#slot(labels), rowStart, rows, windows: null });
    this.#bytes += bytes;
    this.#cover(minNs, maxNs);
  }

  #slot(labels: LabelSet): number {
    let slot = this.#slots.get(labels);
    if (slot === undefined) {
      slot = this.#streams.length;
      this.#slots.set(labels, slot);
      this.#streams.push(labels);
    }
    return slot;
  }

  #entry(source: Source): { source: Source; pieces: UnitPiece[]; places: Map<string, number> } {
    let entry = this.#sources.get(source.id);
    if (entry === undefined) {
      entry = { source, pieces: [], places: new Map() };
      this.#sources.set(source.id, entry);
    }
    return entry;
  }

  #cover(from: bigint, to: bigint): void {
    if (this.#minNs === undefined || from < this.#minNs) this.#minNs = from;
    if (this.#maxNs === undefined || to > this.#maxNs) this.#maxNs = to;
  }

  add(labels: LabelSet, piece: Piece, ranges: readonly Range[], query: Range): void {
    const wanted = ranges.map((range) => intersectRanges(range, query)).filter((range) => range.from <= range.to);
    const [first] = wanted;
    const last = wanted.at(-1);
    if (first === undefined || last === undefined) return;
    const slot = this.#slot(labels);
    const entry = this.#entry(piece.source);
    const whole = wanted.length === 1 && first.from <= piece.minNs && first.to >= piece.maxNs;
    const windows = whole ? null : wanted.map((range) => timeWindow(range));
    const name = `${slot}/${piece.rowStart}`;
    const known = entry.places.get(name) ?? -1;
    const before = entry.pieces[known];
    if (before === undefined) {
      entry.places.set(name, entry.pieces.length);
      entry.pieces.push({ slot, rowStart: piece.rowStart, rows: piece.rows, windows });
      this.#bytes += piece.bytes;
    } else if (before.windows !== null) entry.pieces[known] = { ...before, windows: windows === null ? null : [...before.windows, ...windows] };
    this.#cover(first.from, last.to);
  }

  finish(): Unit {
    const sources = [...this.#sources.values()].map(({ source, pieces }) => ({ source, pieces }));
    return { merge: this.#merge, streams: this.#streams, sources, minNs: this.#minNs ?? 0n, maxNs: this.#maxNs ?? 0n, bytes: this.#bytes };
  }
}

/** Joins units of neighbouring row groups of one segment while they are small. */
function joinSmall(units: Unit[], bytesMax: number): Unit[] {
  const groups: Unit[][] = [];
  let bytes = 0;
  units.sort(byPlace);
  for (const unit of units) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group === undefined || last === undefined || bytes + unit.bytes > bytesMax || !sameSegment(last, unit)) {
      groups.push([unit]);
      bytes = 0;
    } else group.push(unit);
    bytes += unit.bytes;
  }
  return groups.map(joinUnits);
}

function byPlace(a: Unit, b: Unit): number {
  const left = a.sources[0]?.source;
  const right = b.sources[0]?.source;
  if (left?.kind !== 'segment' || right?.kind !== 'segment') return left?.kind === right?.kind ? 0 : left?.kind === 'segment' ? -1 : 1;
  if (left.segment.key !== right.segment.key) return left.segment.key < right.segment.key ? -1 : 1;
  return left.rowGroup - right.rowGroup;
}

function sameSegment(a: Unit, b: Unit): boolean {
  const left = a.sources[0]?.source;
  const right = b.sources[0]?.source;
  return left?.kind === 'segment' && right?.kind === 'segment' && left.segment.key === right.segment.key;
}

/** One unit, not of merging ones, that does the work of several (at least one); the rows of the first come first. */
export function joinUnits(units: readonly Unit[]): Unit {
  const [first] = units;
  if (first === undefined || units.length === 1) return first as Unit;
  let { minNs, maxNs } = first;
  let bytes = 0;
  const streams: LabelSet[] = [];
  const sources: { readonly source: Source; readonly pieces: readonly UnitPiece[] }[] = [];
  for (const unit of units) {
    const base = streams.length;
    for (const labels of unit.streams) streams.push(labels);
    for (const { source, pieces } of unit.sources) sources.push({ source, pieces: base === 0 ? pieces : pieces.map(({ slot, rowStart, rows, windows }) => ({ slot: slot + base, rowStart, rows, windows })) });
    minNs = minOf(minNs, unit.minNs);
    maxNs = maxOf(maxNs, unit.maxNs);
    bytes += unit.bytes;
  }
  return { merge: false, streams, sources, minNs, maxNs, bytes };
}

function isByTime(pieces: readonly Piece[]): boolean {
  for (let i = 1; i < pieces.length; i++) if ((pieces[i - 1] as Piece).minNs > (pieces[i] as Piece).minNs) return false;
  return true;
}

/** Stretches in which pieces of different origin overlap; `pieces` sorted by minNs. Disjoint, rising. */
function sharedRanges(pieces: readonly Piece[]): Range[] {
  const found: Range[] = [];
  const open: Piece[] = [];
  for (const piece of pieces) {
    let kept = 0;
    for (const earlier of open) {
      if (earlier.maxNs < piece.minNs) continue;
      open[kept++] = earlier;
      if (earlier.origin !== piece.origin) found.push({ from: piece.minNs, to: minOf(earlier.maxNs, piece.maxNs) });
    }
    open.length = kept;
    open.push(piece);
  }
  found.sort((a, b) => (a.from < b.from ? -1 : 1));
  const merged: { from: bigint; to: bigint }[] = [];
  for (const range of found) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) last.to = maxOf(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged;
}

/** What of a piece lies in none of the ranges, which are disjoint and rising. */
function subtract(piece: Piece, ranges: readonly Range[]): Range[] {
  const left: Range[] = [];
  let from = piece.minNs;
  for (const range of ranges) {
    if (range.to < from || range.from > piece.maxNs) continue;
    if (range.from > from) left.push({ from, to: range.from - 1n });
    from = range.to + 1n;
  }
  if (from <= piece.maxNs) left.push({ from, to: piece.maxNs });
  return left;
}

function intersect(piece: Piece, range: Range): Range {
  return intersectRanges({ from: piece.minNs, to: piece.maxNs }, range);
}

function intersectRanges(a: Range, b: Range): Range {
  return { from: maxOf(a.from, b.from), to: minOf(a.to, b.to) };
}

function timeWindow({ from, to }: Range): TimeWindow {
  const end = to + 1n;
  const fromDay = dayOf(from);
  const toDay = dayOf(end);
  return { fromDay, fromTime: Number(from - BigInt(fromDay) * dayLengthNs), toDay, toTime: Number(end - BigInt(toDay) * dayLengthNs) };
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
