import type { LineTemplate, ShreddedColumn, ShreddedTemplate } from '../../../model/mod.ts';

/** A template in which what is the same in all its lines is text, also where it fills a hole. */
export interface FoldedTemplate {
  readonly template: LineTemplate;
  /** Columns of the holes that are left. */
  readonly columns: readonly ShreddedColumn[];
  /** Their numbers in the template as it is stored. */
  readonly numbers: readonly number[];
}

const known = new WeakMap<ShreddedTemplate, FoldedTemplate>();

export function foldConstants(stored: ShreddedTemplate): FoldedTemplate {
  let folded = known.get(stored);
  if (folded === undefined) {
    folded = fold(stored);
    known.set(stored, folded);
  }
  return folded;
}

function fold({ template, columns }: ShreddedTemplate): FoldedTemplate {
  const text: Buffer[] = [];
  const numbers: number[] = [];
  let parts: Buffer[] = [];
  for (const [i, piece] of template.text.entries()) {
    parts.push(piece);
    if (i === template.holes.length) break;
    const entries = columns[i]!.header.kind === 'constant' ? columns[i]!.dictionary()?.entries : undefined;
    if (entries !== undefined) {
      parts.push(entries.bytes.subarray(entries.start[0], entries.start[0]! + entries.length[0]!));
      continue;
    }
    text.push(joined(parts));
    parts = [];
    numbers.push(i);
  }
  text.push(joined(parts));
  return { template: { ...template, text, holes: numbers.map((i) => template.holes[i]!) }, columns: numbers.map((i) => columns[i]!), numbers };
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
