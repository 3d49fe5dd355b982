import { SpoorError } from '../model/mod.ts';
import { columnName } from './format.ts';
import type { ByteRange, PageMeta } from './meta.ts';
import { checkPage, openPage } from './page.ts';

/** Finds pages in what was read of a segment. */
export class PageSource {
  readonly #ranges: readonly ByteRange[];
  readonly #buffers: readonly Uint8Array[];
  /** Names the segment in errors. */
  readonly where: string;

  /** Throws `corruption` where a buffer is not as long as its range: the segment is cut. */
  constructor(ranges: readonly ByteRange[], buffers: readonly Uint8Array[], where: string) {
    this.#ranges = ranges;
    this.#buffers = buffers;
    this.where = where;
    for (const [i, range] of ranges.entries()) {
      const length = buffers[i]?.length ?? 0;
      if (length !== range.length) throw new SpoorError('corruption', { where, offset: range.offset, reason: `${range.length} bytes wanted, ${length} there` });
    }
  }

  /** The raw bytes of a page, checked. Throws `internal` where the page was not read. */
  open(page: PageMeta): Uint8Array {
    return openPage(page, this.#stored(page), this.where);
  }

  /** Checks a page's stored bytes without looking into them. */
  check(page: PageMeta): void {
    checkPage(page, this.#stored(page), this.where);
  }

  #stored(page: PageMeta): Uint8Array {
    if (page.storedBytes === 0) return new Uint8Array(0);
    for (const [i, range] of this.#ranges.entries()) {
      const at = page.offset - range.offset;
      if (at >= 0 && at + page.storedBytes <= range.length) return this.#buffers[i]!.subarray(at, at + page.storedBytes);
    }
    throw new SpoorError('internal', { reason: `page of ${columnName(page.column)} at ${page.offset} of ${this.where} was not read` });
  }
}
