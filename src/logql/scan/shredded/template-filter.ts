import { asBuffer } from '../../../bytes/mod.ts';
import type { BytesColumn, ShreddedColumn, ShreddedRows, ShreddedTemplate } from '../../../model/mod.ts';
import { filterBytes, type RequiredLiterals, type TextFilter } from '../../regex/mod.ts';
import { BlockLines } from '../block-lines.ts';
import { LineSelector } from '../select.ts';
import { alignNeedle, type Alignments } from './alignments.ts';
import { searchColumn } from './column-search.ts';
import { foldConstants } from './folded.ts';
import { and, marksOf, not, or, placesOf, type Marks } from './marks.ts';
import { spreadNeedle, type Spread } from './spread.ts';
import type { WantedPlaces } from './wanted.ts';

/** Line filters over the rows of one template: lines are put together only where text and columns do not decide. */
export class TemplateFilter {
  readonly #rows: ShreddedRows;
  readonly #template: ShreddedTemplate;
  readonly #count: number;

  readonly #wanted: WantedPlaces;

  constructor(rows: ShreddedRows, template: ShreddedTemplate, wanted: WantedPlaces) {
    this.#wanted = wanted;
    this.#rows = rows;
    this.#template = template;
    this.#count = template.count;
  }

  /** Places whose lines pass all filters; of places that are not wanted some may be among them. */
  select(filters: readonly TextFilter[]): Marks {
    let marks: Marks = 'all';
    for (const filter of filters) {
      if (marks === 'none') return marks;
      marks = and(marks, this.#marks(filter, marks));
    }
    return marks;
  }

  /** Of the places `among` those whose lines pass; for others anything. */
  #marks(filter: TextFilter, among: Marks): Marks {
    switch (filter.kind) {
      case 'true':
        return 'all';
      case 'not_empty':
        return foldConstants(this.#template).template.text.some((piece) => piece.length > 0) ? 'all' : this.#eachLine(filter, among);
      case 'contains':
        return this.#holding(filter.bytes, false, among) ?? this.#eachLine(filter, among);
      case 'regex': {
        const candidates = filter.matcher.literals === null ? null : this.#candidates(filter.matcher.literals, among);
        return this.#eachLine(filter, candidates === null ? among : and(among, candidates));
      }
      case 'or':
        return or(this.#marks(filter.left, among), this.#marks(filter.right, among));
      case 'not':
        return not(this.#marks(filter.filter, among));
      case 'equal':
      case 'custom':
        return this.#eachLine(filter, among);
    }
  }

  /** Places whose lines hold one of the texts; null where that is not known. */
  #candidates(literals: RequiredLiterals, among: Marks): Marks | null {
    const { fold, foldsWide } = literals;
    // Letters outside ASCII may equal those of a text without case.
    if (fold && foldsWide && !this.#isAscii()) return null;
    // Of letters outside ASCII the bytes are not known without case.
    if (fold && literals.texts.some((text) => /[\u0080-\u00ff]/.test(text))) return null;
    let marks: Marks = 'none';
    for (const text of literals.texts) {
      const one = this.#holding(Buffer.from(text, 'latin1'), fold, among);
      if (one === null) return null;
      marks = or(marks, one);
      if (marks === 'all') break;
    }
    return marks;
  }

  #isAscii(): boolean {
    const { template, heads } = foldConstants(this.#template);
    return template.holes.every((_, hole) => heads[hole]!.header.alphabet.subarray(4).every((word) => word === 0)) && template.text.every((piece) => piece.every((byte) => byte < 0x80));
  }

  /** Places whose lines hold the needle; null where it may lie over several holes in too many ways. */
  #holding(needle: Buffer, fold: boolean, among: Marks): Marks | null {
    const { template, heads, numbers } = foldConstants(this.#template);
    const { always, asks, spills }: Alignments = alignNeedle(template, heads, needle, fold);
    if (always) return 'all';
    if (!spills && asks.every((own) => own.length === 0)) return 'none';
    const column = (hole: number): ShreddedColumn => this.#template.column(numbers[hole]!);
    const spreads = spills ? spreadNeedle(template, numbers.map((_, hole) => column(hole)), needle, fold) : [];
    if (spreads === null) return null;
    let marks: Marks = 'none';
    for (const [hole, own] of asks.entries()) {
      if (own.length === 0) continue;
      marks = or(marks, searchColumn(column(hole), this.#count, own, fold));
      if (marks === 'all' || (marks !== 'none' && and(among, not(marks)) === 'none')) return marks;
    }
    for (const spread of spreads) marks = or(marks, this.#spread(column, spread, fold));
    return marks;
  }

  /** Places whose holes are all as asked. */
  #spread(column: (hole: number) => ShreddedColumn, spread: Spread, fold: boolean): Marks {
    let marks: Marks = 'all';
    // Long texts are rare ones.
    for (const { hole, ask } of spread.toSorted((a, b) => b.ask.bytes.length - a.ask.bytes.length)) {
      marks = and(marks, searchColumn(column(hole), this.#count, [ask], fold));
      if (marks === 'none') break;
    }
    return marks;
  }

  /** Looks at the lines of the places `among`. */
  #eachLine(filter: TextFilter, among: Marks): Marks {
    if (among === 'none') return 'none';
    const places = placesOf(and(among, this.#wanted.of(this.#template)), this.#count);
    if (places.length === 0) return 'none';
    const all = this.#template.rows();
    const passed: number[] = [];
    for (let from = 0; from < places.length; from += linesAtOnce) {
      const some = places.subarray(from, from + linesAtOnce);
      const lines = this.#rows.lines(some.map((place) => all[place]!));
      for (const i of selectLines(filter, lines, some.length)) passed.push(some[i]!);
    }
    return marksOf(passed, this.#count);
  }
}

/** Lines that are put together at a time. */
const linesAtOnce = 8192;

function selectLines(filter: TextFilter, lines: BytesColumn, count: number): Uint32Array {
  if (count > 16) return new LineSelector([filter]).select(new BlockLines(lines, count));
  const bytes = asBuffer(lines.bytes);
  const passed: number[] = [];
  for (let i = 0; i < count; i++) if (filterBytes(filter, bytes, lines.start[i]!, lines.start[i]! + lines.length[i]!)) passed.push(i);
  return Uint32Array.from(passed);
}
