import type { ColumnHead, LineTemplate, ShreddedTemplate } from '../../../model/mod.ts';

/** A template in which what is the same in all its lines is text, also where it fills a hole. */
export interface FoldedTemplate {
  readonly template: LineTemplate;
  /** Of the holes that are left. */
  readonly heads: readonly ColumnHead[];
  /** Their numbers in the template as it is stored. */
  readonly numbers: readonly number[];
}

/** By the heads of a template, which are kept with the segment's directory. */
const known = new WeakMap<readonly ColumnHead[], FoldedTemplate>();

export function foldConstants(stored: ShreddedTemplate): FoldedTemplate {
  let folded = known.get(stored.heads);
  if (folded === undefined) {
    folded = fold(stored);
    known.set(stored.heads, folded);
  }
  return folded;
}

function fold(stored: ShreddedTemplate): FoldedTemplate {
  const { template, heads } = stored;
  const text: Buffer[] = [];
  const numbers: number[] = [];
  let parts: Buffer[] = [];
  for (const [i, piece] of template.text.entries()) {
    parts.push(piece);
    if (i === template.holes.length) break;
    const entries = heads[i]!.header.kind === 'constant' ? stored.columns[i]!.dictionary()?.entries : undefined;
    if (entries !== undefined) {
      parts.push(entries.bytes.subarray(entries.start[0], entries.start[0]! + entries.length[0]!));
      continue;
    }
    text.push(joined(parts));
    parts = [];
    numbers.push(i);
  }
  text.push(joined(parts));
  return { template: { ...template, text, holes: numbers.map((i) => template.holes[i]!) }, heads: numbers.map((i) => heads[i]!), numbers };
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
