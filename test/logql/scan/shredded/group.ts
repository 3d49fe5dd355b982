import type { ShreddedColumn, ShreddedRun, ShreddedTemplate } from '../../../../src/model/mod.ts';
import type { ShreddedGroup } from '../../../../src/chunks/mod.ts';
import { rowsOf } from './compare.ts';
import { shreddedOf, type PlainRow } from './rows.ts';

/** A row group of these lines, a second apart. */
export function groupOf(lines: readonly (string | Buffer)[], options: Parameters<typeof rowsOf>[1] = {}, wanted?: (run: ShreddedRun) => readonly ShreddedRun[]): ShreddedGroup {
  return shreddedOf(rowsOf(lines, options), wanted);
}

/** The template of a row group whose lines have one shape. */
export function templateOf(group: ShreddedGroup): ShreddedTemplate {
  const [template, ...others] = group.templates;
  if (template === undefined || others.length > 0) throw new TypeError(`${group.templates.length} templates instead of one`);
  return template;
}

/** A column of which only what the header says is known. */
export function headerOnly(bytes: string, lengthMin: number, lengthMax: number, kind = 'text'): ShreddedColumn {
  const alphabet = new Uint32Array(8);
  for (const byte of Buffer.from(bytes)) alphabet[byte >>> 5]! |= 1 << (byte & 31);
  const unasked = (): never => {
    throw new TypeError('only the header is known');
  };
  const column = { header: { kind, alphabet, lengthMin, lengthMax, range: null }, dictionary: () => null, codes: unasked, numbers: unasked, measured: unasked, texts: unasked, textsAt: unasked, candidates: unasked, mayHold: unasked };
  return column;
}

export type { PlainRow };
