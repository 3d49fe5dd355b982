import type { PageMeta } from '../meta.ts';
import { pageDamage, sealPage, type SealedPage } from '../page.ts';

/** Every value is the same: it stands in the directory, the page has no bytes. */
export function sealConstant(column: number, encoding: number, value: number, values: number): SealedPage {
  return sealPage({ column, encoding, values, range: { min: value, max: value } }, new Uint8Array(0));
}

/** The one value of the page. */
export function openConstant(page: PageMeta, payload: Uint8Array, where: string): number {
  if (payload.length !== 0 || page.range === null || page.range.min !== page.range.max) throw pageDamage(page, where, 'is no constant');
  return page.range.min;
}
