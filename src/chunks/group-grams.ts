import { SpoorError } from '../model/mod.ts';
import { AffixColumn } from './columns/affix.ts';
import type { ColumnTexts, ColumnValues, EncodedColumn } from './columns/column.ts';
import { hasEntriesPage } from './columns/dictionary.ts';
import { openColumn } from './columns/open.ts';
import { GramFilterBuilder } from './grams.ts';

/** A column whose texts the filter may have. */
interface Candidate<C> {
  readonly column: C;
  readonly texts: ColumnTexts;
  readonly count: number;
  /** Bytes of its pages in the segment. */
  readonly storedBytes: number;
}

/** Gathers the texts of a row group that only pages tell about, for its filter: texts, also inside an affix, and dictionaries that do not stand in the header. */
export class GroupGrams<C> {
  readonly #candidates: Candidate<C>[] = [];

  /** `column` stands for the column in the answer. */
  add(column: C, encoded: EncodedColumn, values: ColumnValues, storedBytes: number): void {
    const texts = textsOf(encoded, values);
    if (texts !== null) this.#candidates.push({ column, ...texts, storedBytes });
  }

  /**
   * The filter, and the columns whose texts it has; null where it is not worth it. Columns come by their size: what small ones repeat of big ones costs nothing.
   */
  finish(): { readonly filter: Uint8Array; readonly columns: ReadonlySet<C> } | null {
    if (this.#candidates.length === 0) return null;
    const builder = new GramFilterBuilder(this.#candidates.reduce((sum, { storedBytes }) => sum + storedBytes, 0));
    const columns = new Set<C>();
    for (const { column, texts, count, storedBytes } of this.#candidates.sort((a, b) => b.storedBytes - a.storedBytes)) if (builder.add(texts, count, storedBytes)) columns.add(column);
    const filter = builder.finish();
    return filter === null ? null : { filter, columns };
  }
}

/** The distinct texts of a column where the filter may have them, or all. */
function textsOf(encoded: EncodedColumn, values: ColumnValues): { readonly texts: ColumnTexts; readonly count: number } | null {
  const { header, pages } = encoded;
  if (header.kind === 'text') return { texts: values, count: values.count };
  const isAffix = header.kind === 'affix';
  if (!isAffix && !(header.kind === 'dictionary' && hasEntriesPage(header))) return null;
  const opened = openColumn(header, (page) => pages[page]!, { time: () => values.time, day: values.day, earlier: unknown, pool: unknown, grams: null, where: 'a column just written' });
  if (isAffix) return opened instanceof AffixColumn && opened.inner.header.kind === 'text' ? { texts: values, count: values.count } : null;
  const dictionary = opened.dictionary();
  return dictionary === null ? null : { texts: dictionary.entries, count: dictionary.size };
}

function unknown(): never {
  throw new SpoorError('internal', { reason: 'texts depend on no other column' });
}
