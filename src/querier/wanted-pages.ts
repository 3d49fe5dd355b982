import { frontPages, type PageMeta, type RowGroupMeta, type Shape } from '../chunks/mod.ts';

interface Seen {
  /** Row groups that had it. */
  groups: number;
  /** In how many of them a column was wanted. */
  readonly wanted: Map<number, number>;
}

/** Templates that are told apart; more than that have little in common with those of the next row group. */
const templatesMax = 4096;

/**
 * What a scan wanted of the row groups that it has seen, by which one knows what it will want of the next: the columns, of templates that are the same,
 * that were wanted more often than not.
 */
export class WantedPages {
  readonly #all: Seen = { groups: 0, wanted: new Map() };
  readonly #templates = new Map<string, Seen>();
  #pools = 0;

  /** A scan is through with a row group, of which it opened these pages. */
  note(rowGroup: RowGroupMeta, shapes: readonly Shape[], opened: ReadonlySet<PageMeta>, pool: boolean): void {
    this.#pools += pool ? 1 : 0;
    const columns = new Set(rowGroup.pages.filter((page) => opened.has(page)).map(({ column }) => column));
    count(this.#all, columns);
    for (const { key, columns: all } of shapes) {
      let seen = this.#templates.get(key);
      if (seen === undefined) {
        if (this.#templates.size >= templatesMax) continue;
        this.#templates.set(key, (seen = { groups: 0, wanted: new Map() }));
      }
      const wanted: number[] = [];
      for (const [i, { pages }] of all.entries()) if (pages.some((page) => opened.has(page))) wanted.push(i);
      count(seen, wanted);
    }
  }

  /** Whether values that row groups share will be wanted. */
  get wantsPool(): boolean {
    return this.#pools * 2 > this.#all.groups;
  }

  /** The pages of a row group that will be wanted, in file order. */
  of(rowGroup: RowGroupMeta, shapes: readonly Shape[]): PageMeta[] {
    const pages = this.#all.groups === 0 ? frontPages(rowGroup) : rowGroup.pages.filter(({ column }) => isWanted(this.#all, column));
    for (const { key, columns } of shapes) {
      const seen = this.#templates.get(key);
      if (seen === undefined) continue;
      for (const [i, column] of columns.entries()) if (isWanted(seen, i)) pages.push(...column.pages);
    }
    return pages.sort((a, b) => a.offset - b.offset);
  }
}

function count(seen: Seen, wanted: Iterable<number>): void {
  seen.groups += 1;
  for (const column of wanted) seen.wanted.set(column, (seen.wanted.get(column) ?? 0) + 1);
}

function isWanted({ groups, wanted }: Seen, column: number): boolean {
  return (wanted.get(column) ?? 0) * 2 > groups;
}
