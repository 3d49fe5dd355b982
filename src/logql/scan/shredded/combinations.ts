import type { ShreddedTemplate } from '../../../model/mod.ts';

/** Combinations of values that are told apart. */
const combinationsMax = 1 << 16;

/** The rows of a template by the combination of values that some columns, with few distinct values each, have. */
export interface Combinations {
  readonly size: number;
  /** For each place its combination. */
  readonly of: Uint32Array;
}

/** Null where a column has too many values. */
export function combinationsOf(template: ShreddedTemplate, columns: readonly number[]): Combinations | null {
  let size = 1;
  const sizes: number[] = [];
  for (const column of columns) {
    const dictionary = template.columns[column]!.dictionary();
    if (dictionary === null) return null;
    sizes.push(dictionary.size);
    size *= dictionary.size;
    if (size > combinationsMax || size > template.count) return null;
  }
  const of = new Uint32Array(template.count);
  for (const [i, column] of columns.entries()) {
    const codes = template.columns[column]!.codes();
    const factor = sizes[i]!;
    if (factor > 1) for (let place = 0; place < of.length; place++) of[place] = of[place]! * factor + codes[place]!;
  }
  return { size, of };
}
