import { filterBytes, type RequiredLiterals, type TextFilter } from '../regex/mod.ts';
import { rowsPerCheck, type Holding } from '../control.ts';
import type { BlockLines } from './block-lines.ts';

/** Where fewer rows than this part of a block are left, they are looked at one by one. */
const fewRows = 1 / 16;

/**
 * Line filters over whole blocks: texts are searched in all bytes at once and hits belong to the row they lie in.
 * Whether a row passes is decided as filterBytes decides it.
 */
export class LineSelector {
  readonly #filters: readonly TextFilter[];
  readonly #patterns = new Map<RequiredLiterals, RegExp>();

  constructor(filters: readonly TextFilter[]) {
    this.#filters = filters.filter((filter) => filter.kind !== 'true').toSorted((a, b) => costOf(a) - costOf(b));
  }

  /** Whether every row passes, so that lines need not be read. */
  get selectsAll(): boolean {
    return this.#filters.length === 0;
  }

  /** The rows that pass, ascending. Throws `query_cancelled` where `holding` says so. */
  select(lines: BlockLines, holding?: Holding): Uint32Array {
    const { rows } = lines;
    const alive = new Uint8Array(rows).fill(1);
    let count = rows;
    for (const filter of this.#filters) {
      if (count === 0) break;
      holding?.checkStop();
      count = this.#apply(filter, lines, alive, count, holding);
    }
    const selected = new Uint32Array(count);
    for (let row = 0, i = 0; i < count; row++) if (alive[row] === 1) selected[i++] = row;
    return selected;
  }

  /** Clears the mark of rows that do not pass; how many are left. */
  #apply(filter: TextFilter, lines: BlockLines, alive: Uint8Array, count: number, holding: Holding | undefined): number {
    const negated = filter.kind === 'not';
    const positive = negated ? filter.filter : filter;
    if (!lines.searchable || count < lines.rows * fewRows || !this.#canSearch(positive, lines)) return applyEach(filter, lines, alive, holding);
    const hits = new Uint8Array(lines.rows);
    this.#search(positive, lines, hits);
    let left = 0;
    for (let row = 0; row < lines.rows; row++) {
      if (alive[row] === 1 && (hits[row] === 1) !== negated) left++;
      else alive[row] = 0;
    }
    return left;
  }

  #canSearch(filter: TextFilter, lines: BlockLines): boolean {
    if (filter.kind === 'contains') return true;
    if (filter.kind === 'or') return this.#canSearch(filter.left, lines) && this.#canSearch(filter.right, lines);
    if (filter.kind !== 'regex') return false;
    const { literals } = filter.matcher;
    return literals !== null && !(literals.foldsWide && lines.foldsWide);
  }

  /** Marks the rows in which the filter holds. */
  #search(filter: TextFilter, lines: BlockLines, hits: Uint8Array): void {
    if (filter.kind === 'or') {
      this.#search(filter.left, lines, hits);
      this.#search(filter.right, lines, hits);
    } else if (filter.kind === 'contains') searchText(filter.bytes, lines, hits, null);
    else if (filter.kind === 'regex' && filter.matcher.literals !== null) {
      const { literals } = filter.matcher;
      const [only = ''] = literals.texts;
      if (literals.texts.length === 1 && !literals.fold) searchText(Buffer.from(only, 'latin1'), lines, hits, filter);
      else searchPattern(this.#patternOf(literals), lines, hits, filter);
    }
  }

  #patternOf(literals: RequiredLiterals): RegExp {
    let pattern = this.#patterns.get(literals);
    if (pattern === undefined) {
      const source = literals.texts.map((text) => text.replace(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`)).join('|');
      pattern = new RegExp(source, literals.fold ? 'gi' : 'g');
      this.#patterns.set(literals, pattern);
    }
    return pattern;
  }
}

function costOf(filter: TextFilter): number {
  if (filter.kind === 'not') return costOf(filter.filter);
  if (filter.kind === 'contains' || filter.kind === 'equal' || filter.kind === 'not_empty') return 0;
  if (filter.kind === 'or') return Math.max(costOf(filter.left), costOf(filter.right));
  return filter.kind === 'regex' && filter.matcher.literals !== null ? 1 : 2;
}

function applyEach(filter: TextFilter, lines: BlockLines, alive: Uint8Array, holding: Holding | undefined): number {
  let left = 0;
  for (let row = 0; row < lines.rows; row++) {
    if (row % rowsPerCheck === 0) holding?.checkStop();
    if (alive[row] === 0) continue;
    const start = lines.start[row]!;
    if (filterBytes(filter, lines.bytes, start, start + lines.length[row]!)) left++;
    else alive[row] = 0;
  }
  return left;
}

/** Marks rows that hold `needle`, and that `filter` confirms where one is given. */
function searchText(needle: Buffer, lines: BlockLines, hits: Uint8Array, filter: TextFilter | null): void {
  const bytes = lines.bytes.subarray(0, lines.to);
  let place = 0;
  let at = bytes.indexOf(needle, lines.from);
  while (at >= 0) {
    const found = lines.placeOf(at, place);
    let next = at + 1;
    if (found >= place) {
      const row = lines.rowAt(found);
      const start = lines.start[row]!;
      const end = start + lines.length[row]!;
      place = found;
      // A hit that reaches over the row's end is none.
      if (at + needle.length <= end) {
        if (filter === null || filterBytes(filter, bytes, start, end)) hits[row] = 1;
        next = Math.max(end, next);
        place = found + 1;
      }
    }
    if (place >= lines.rows) return;
    at = bytes.indexOf(needle, Math.max(next, lines.start[lines.rowAt(place)]!));
  }
}

/** Marks rows that hold one of the pattern's texts and that `filter` confirms. */
function searchPattern(pattern: RegExp, lines: BlockLines, hits: Uint8Array, filter: TextFilter): void {
  const { text, from } = lines;
  let place = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const at = match.index + from;
    const found = lines.placeOf(at, place);
    let next = match.index + 1;
    if (found >= place) {
      const row = lines.rowAt(found);
      const start = lines.start[row]!;
      const end = start + lines.length[row]!;
      // The row decides itself; what begins behind it is found in the next round.
      if (at < end && filterBytes(filter, lines.bytes, start, end)) hits[row] = 1;
      next = Math.max(end - from, next);
      place = found + 1;
    }
    if (place >= lines.rows) return;
    pattern.lastIndex = Math.max(next, lines.start[lines.rowAt(place)]! - from);
  }
}
