import { SpoorError } from '../model/mod.ts';
import { columnName } from './format.ts';
import type { ByteRange, PageMeta } from './meta.ts';
import { checkPage, openPage } from './page.ts';
import { coalesce } from './ranges.ts';

/** Reads ranges of the segment there and then, in one go. */
export type ReadNow = (ranges: readonly ByteRange[]) => readonly Uint8Array[];

/** Finds pages in what was read of a segment. */
export class PageSource {
  readonly #ranges: ByteRange[];
  readonly #buffers: Uint8Array[];
  readonly #readNow: ReadNow | null;
  readonly #gapBytesMax: number | undefined;
  /** Names the segment in errors. */
  readonly where: string;
  /** The pages that were opened. */
  readonly opened = new Set<PageMeta>();

  /**
   * `readNow` reads what is missing when it is asked for, with gaps of up to `gapBytesMax` (rangeGapBytesMax); without it all that is asked for must be there. Throws `corruption` where a buffer is not as long as
   * its range: the segment is cut.
   */
  constructor(ranges: readonly ByteRange[], buffers: readonly Uint8Array[], where: string, readNow: ReadNow | null = null, gapBytesMax?: number) {
    this.#ranges = [];
    this.#buffers = [];
    this.#readNow = readNow;
    this.#gapBytesMax = gapBytesMax;
    this.where = where;
    this.#keep(ranges, buffers);
  }

  #keep(ranges: readonly ByteRange[], buffers: readonly Uint8Array[]): void {
    for (const [i, range] of ranges.entries()) {
      const buffer = buffers[i];
      if (buffer?.length !== range.length)
        throw new SpoorError('corruption', { where: this.where, offset: range.offset, reason: `${range.length} bytes wanted, ${buffer?.length ?? 0} there` });
      this.#ranges.push(range);
      this.#buffers.push(buffer);
    }
  }

  /** Reads those of the pages that are not there yet, in one go. */
  want(pages: readonly PageMeta[]): void {
    if (this.#readNow === null) return;
    const missing = pages.filter((page) => page.storedBytes > 0 && this.#find(page) === undefined);
    if (missing.length === 0) return;
    const ranges = coalesce(missing.toSorted((a, b) => a.offset - b.offset), this.#gapBytesMax);
    this.#keep(ranges, this.#readNow(ranges));
  }

  /** The raw bytes of a page, checked. Throws `internal` where the page was not read. */
  open(page: PageMeta): Uint8Array {
    this.opened.add(page);
    return openPage(page, this.#stored(page), this.where);
  }

  /** Checks a page's stored bytes without looking into them. */
  check(page: PageMeta): void {
    checkPage(page, this.#stored(page), this.where);
  }

  #stored(page: PageMeta): Uint8Array {
    if (page.storedBytes === 0) return new Uint8Array(0);
    const found = this.#find(page);
    if (found !== undefined) return found;
    if (this.#readNow === null) throw new SpoorError('internal', { reason: `page of ${columnName(page.column)} at ${page.offset} of ${this.where} was not read` });
    this.want([page]);
    return this.#find(page) ?? new Uint8Array(0);
  }

  #find(page: PageMeta): Uint8Array | undefined {
    for (const [i, range] of this.#ranges.entries()) {
      const at = page.offset - range.offset;
      if (at >= 0 && at + page.storedBytes <= range.length) return this.#buffers[i]!.subarray(at, at + page.storedBytes);
    }
    return undefined;
  }
}
