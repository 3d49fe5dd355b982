import { describe, expect, it } from 'vitest';
import { columnIds } from '../../src/chunks/format.ts';
import type { PageMeta, RowGroupMeta, Shape } from '../../src/chunks/mod.ts';
import { WantedPages } from '../../src/querier/wanted-pages.ts';

const page = (column: number, offset: number): PageMeta => ({ column, encoding: 0, codec: 0, values: 1, offset, storedBytes: 10, rawBytes: 10, crc: 0, range: null });

/** A row group from `offset` on with a page for each of these columns, and templates of these names, with one page in each of two columns. */
function groupOf(offset: number, columns: readonly number[], templates: readonly string[]): { readonly meta: RowGroupMeta; readonly shapes: readonly Shape[]; readonly values: readonly PageMeta[] } {
  const pages = columns.map((column, i) => page(column, offset + 10 * i));
  const values = templates.flatMap((_, i) => [page(columnIds.value, offset + 1000 + 20 * i), page(columnIds.value, offset + 1010 + 20 * i)]);
  const shapes = templates.map((key, i) => ({ key, rows: 1, columns: [{ pages: [values[2 * i]!] }, { pages: [values[2 * i + 1]!] }] }) as unknown as Shape);
  return { meta: { pages } as unknown as RowGroupMeta, shapes, values };
}

const columns = [columnIds.runStream, columnIds.runRows, columnIds.time, columnIds.lineLength, columnIds.template];
const places = (pages: readonly PageMeta[]): number[] => pages.map(({ offset }) => offset);

describe('WantedPages', () => {
  it('begins with what every scan wants first', () => {
    const { meta, shapes } = groupOf(0, columns, ['x']);
    expect(places(new WantedPages().of(meta, shapes))).toEqual([10, 20, 40]);
  });

  it('wants of the same templates what was wanted of them more often than not', () => {
    const wanted = new WantedPages();
    const first = groupOf(0, columns, ['x', 'y', 'z']);
    wanted.note(first.meta, first.shapes, new Set([first.meta.pages[1]!, first.values[1]!, first.values[4]!]), true);
    // In another order, with one that is new and without another.
    const next = groupOf(10_000, columns, ['z', 'new', 'x']);
    expect(places(wanted.of(next.meta, next.shapes))).toEqual([10_010, 11_000, 11_050]);
    expect(wanted.wantsPool).toBe(true);
    wanted.note(next.meta, next.shapes, new Set([next.meta.pages[1]!]), false);
    expect(places(wanted.of(next.meta, next.shapes))).toEqual([10_010]);
    expect(wanted.wantsPool).toBe(false);
  });

  it('wants nothing of a row group where nothing was wanted of the others', () => {
    const wanted = new WantedPages();
    const { meta, shapes } = groupOf(0, columns, ['x']);
    wanted.note(meta, shapes, new Set(), false);
    expect(wanted.of(meta, shapes)).toEqual([]);
  });
});
