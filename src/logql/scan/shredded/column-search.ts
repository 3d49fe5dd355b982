import type { ShreddedColumn } from '../../../model/mod.ts';
import { BlockLines } from '../block-lines.ts';
import { answers, type Ask } from './alignments.ts';
import { marksOf, or, type Marks } from './marks.ts';

/** Places of a column (of `count`) whose values are as one of the asks wants; with `fold` without the case of ASCII letters. Pages are read only where a filter does not rule it out. */
export function searchColumn(column: ShreddedColumn, count: number, wanted: readonly Ask[], fold: boolean): Marks {
  const asks = wanted.filter(({ bytes }) => bytes.length === 0 || column.mayHold(bytes, fold));
  if (asks.length === 0) return 'none';
  const dictionary = column.dictionary();
  if (dictionary !== null) {
    const { entries, size } = dictionary;
    const good = new Uint8Array(size);
    let found = 0;
    for (let i = 0; i < size; i++) {
      const start = entries.start[i]!;
      if (asks.some((ask) => answers(ask, fold, entries.bytes, start, start + entries.length[i]!))) {
        good[i] = 1;
        found++;
      }
    }
    if (found === 0) return 'none';
    if (found === size) return 'all';
    const codes = column.codes();
    const marks = new Uint8Array(count);
    for (let place = 0; place < count; place++) marks[place] = good[codes[place]!]!;
    return marks;
  }
  let marks: Marks = 'none';
  for (const ask of asks) marks = or(marks, fold ? searchFolded(column, count, ask) : searchExactly(column, count, ask));
  return marks;
}

/** As searchExactly, without the case of ASCII letters. */
function searchFolded(column: ShreddedColumn, count: number, ask: Ask): Marks {
  if (ask.kind !== 'contains' || count === 0) return searchEach(column, count, ask, true);
  const { bytes, start, length } = column.texts();
  const lines = new BlockLines({ bytes, start, length }, count);
  if (!lines.searchable || !isRising(start, count)) return searchEach(column, count, ask, true);
  const pattern = new RegExp(ask.bytes.toString('latin1').replace(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`), 'gi');
  const places: number[] = [];
  let place = 0;
  for (let match = pattern.exec(lines.text); match !== null; match = pattern.exec(lines.text)) {
    const at = match.index + lines.from;
    const found = lines.rowAt(lines.placeOf(at, place));
    place = found;
    if (at + ask.bytes.length > start[found]! + length[found]!) {
      pattern.lastIndex = match.index + 1;
      continue;
    }
    places.push(found);
    if (++place >= count) break;
    pattern.lastIndex = start[place]! - lines.from;
  }
  return marksOf(places, count);
}

function searchExactly(column: ShreddedColumn, count: number, ask: Ask): Marks {
  if (ask.bytes.length > 0) {
    const candidates = column.candidates(ask.bytes);
    if (candidates !== null) {
      if (candidates.length === 0) return 'none';
      const { bytes, start, length } = column.textsAt(candidates);
      return marksOf(candidates.filter((_, i) => answers(ask, false, bytes, start[i]!, start[i]! + length[i]!)), count);
    }
    if (ask.kind === 'contains') return searchAll(column, count, ask.bytes);
  }
  return searchEach(column, count, ask, false);
}

function searchEach(column: ShreddedColumn, count: number, ask: Ask, fold: boolean): Marks {
  const { bytes, start, length } = column.texts();
  const places: number[] = [];
  for (let place = 0; place < count; place++) if (answers(ask, fold, bytes, start[place]!, start[place]! + length[place]!)) places.push(place);
  return marksOf(places, count);
}

function isRising(start: Uint32Array, count: number): boolean {
  for (let place = 1; place < count; place++) if (start[place]! < start[place - 1]!) return false;
  return true;
}

/** Looks through all bytes of a column at once, if values stand one after another. */
function searchAll(column: ShreddedColumn, count: number, needle: Buffer): Marks {
  const { bytes, start, length } = column.texts();
  if (!isRising(start, count)) return searchEach(column, count, { kind: 'contains', bytes: needle }, false);
  const places: number[] = [];
  let place = 0;
  const end = count === 0 ? 0 : start[count - 1]! + length[count - 1]!;
  const all = bytes.subarray(0, end);
  for (let at = all.indexOf(needle, count === 0 ? 0 : start[0]!); at >= 0;) {
    // The value in which the hit begins.
    let low = place;
    let high = count;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (start[middle]! <= at) low = middle;
      else high = middle;
    }
    place = low;
    if (at >= start[place]! && at + needle.length <= start[place]! + length[place]!) {
      places.push(place);
      if (++place >= count) break;
      at = all.indexOf(needle, start[place]);
    } else at = all.indexOf(needle, at + 1);
  }
  return marksOf(places, count);
}
