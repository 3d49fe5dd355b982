import { inAlphabet, type ColumnHead, type LineTemplate, type ShreddedTemplate } from '../../../model/mod.ts';
import { compileStage } from '../../stages/compile.ts';
import { LabelsBuilder } from '../../stages/labels-builder.ts';
import { Row } from '../../stages/stage.ts';
import type { Stage } from '../../syntax/mod.ts';
import { foldConstants } from './folded.ts';
import { isSettled } from './settled.ts';

/** A label that a parser makes of every line of a template, in the order in which it makes them. */
export interface TracedLabel {
  readonly name: string;
  readonly from: LabelOrigin;
}

export type LabelOrigin =
  /** The same for all lines. */
  | { readonly kind: 'text'; readonly bytes: Buffer }
  /** What fills a hole. */
  | { readonly kind: 'hole'; readonly hole: number }
  /** Neither: holes and text, or a part of one. */
  | { readonly kind: 'mixed' };

/** Fills holes: what it is does not matter, only that it is of the hole's kind. */
const fillers = { string: Buffer.from('v'), token: Buffer.from('1'), array: Buffer.alloc(0), bare: Buffer.from('v'), word: Buffer.from('v'), any: Buffer.from('v') } as const;
/** For `| pattern`: a byte that no text of a query holds, because these are UTF-8. */
const patternFiller = Buffer.from([0xff]);
const noBytes = Buffer.alloc(0);
const nullBytes = Buffer.from('null');

/**
 * Which labels a parser stage makes of the lines of a template, found out by letting it parse one line; null where what it finds depends on more than what fills
 * single holes, so that it must see each line.
 */
export function traceParser(stage: Stage, stored: ShreddedTemplate): readonly TracedLabel[] | null {
  const { template, heads, key } = stored;
  if (stage.kind === 'json') {
    if (template.kind !== 'json' || stage.extractions.length > 0) return null;
    // A null makes no label.
    return traceOmitted(stage, template, key, template.holes.map((hole, i) => (hole === 'token' && mayBeNull(heads[i]!) ? nullBytes : null)));
  }
  if (stage.kind === 'logfmt') {
    // Escapes may be wrong, which only the stage itself tells.
    if (template.kind !== 'logfmt' || stage.extractions.length > 0 || (stage.strict && template.holes.some((hole, i) => hole === 'string' && hasByte(heads[i]!, 0x5c)))) return null;
    // An empty value makes no label.
    return traceOmitted(stage, template, key, template.holes.map((_, i) => (heads[i]!.header.lengthMin === 0 && !stage.keepEmpty ? noBytes : null)));
  }
  if (stage.kind !== 'pattern') return null;
  const folded = foldConstants(stored);
  // Nothing is found in an empty line.
  if (folded.template.text.every((piece) => piece.length === 0) && folded.heads.every(({ header }) => header.lengthMin === 0)) return null;
  if (!isSettled(stage.pattern, folded.template, folded.heads)) return null;
  const texts = folded.template.text.map((piece) => `${piece.length}:${piece.toString('latin1')}`).join(';');
  const labels = parseFilled(stage, folded.template, texts, () => patternFiller);
  return labels === null ? null : labels.map(({ name, from }) => ({ name, from: from.kind === 'hole' ? { kind: 'hole', hole: folded.numbers[from.hole]! } : from }));
}

/** Labels of a parser that makes none of holes filled in some way (`omitted`): then no other key may take their name. */
function traceOmitted(stage: Stage, template: LineTemplate, key: string, omitted: readonly (Buffer | null)[]): readonly TracedLabel[] | null {
  const labels = parseFilled(stage, template, key, () => null);
  if (labels === null) return null;
  // Only holes that labels come from: what would follow a label under the same name must show.
  const holes = new Set(labels.flatMap(({ from }) => (from.kind === 'hole' && (omitted[from.hole] ?? null) !== null ? [from.hole] : [])));
  if (holes.size === 0) return labels;
  const others = parseFilled(stage, template, `${[...holes].join()};${key}`, (hole) => (holes.has(hole) ? omitted[hole]! : null));
  const left = labels.filter(({ from }) => from.kind !== 'hole' || !holes.has(from.hole));
  return others !== null && others.length === left.length && others.every(({ name }, i) => name === left[i]!.name) ? labels : null;
}

/** Whether a byte may occur in a column. */
export function hasByte({ header }: ColumnHead, byte: number): boolean {
  return inAlphabet(header.alphabet, byte);
}

function mayBeNull(column: ColumnHead): boolean {
  return column.header.range === null && hasByte(column, 0x6e) && hasByte(column, 0x75) && hasByte(column, 0x6c);
}

/** What stages made of lines, by stage and line: the same templates come in row group after row group. */
const parsed = new Map<string, readonly TracedLabel[] | null>();
const parsedMax = 4096;

/** Lets the stage parse a line whose holes are filled; null where it finds a fault. The line is told by `key`. */
function parseFilled(stage: Stage, template: LineTemplate, key: string, other: (hole: number) => Buffer | null): readonly TracedLabel[] | null {
  const name = `${JSON.stringify(stage)};${key}`;
  let labels = parsed.get(name);
  if (labels === undefined) {
    if (parsed.size >= parsedMax) parsed.clear();
    labels = parseLine(stage, template, other);
    parsed.set(name, labels);
  }
  return labels;
}

function parseLine(stage: Stage, template: LineTemplate, other: (hole: number) => Buffer | null): readonly TracedLabel[] | null {
  const parts: Buffer[] = [];
  const start: number[] = [];
  const end: number[] = [];
  let length = 0;
  for (const [i, piece] of template.text.entries()) {
    parts.push(piece);
    length += piece.length;
    const kind = template.holes[i];
    if (kind === undefined) break;
    const filler = other(i) ?? fillers[kind];
    parts.push(filler);
    start.push(length);
    length += filler.length;
    end.push(length);
  }
  const line = Buffer.concat(parts);
  const builder = new LabelsBuilder();
  builder.resetStream([]);
  builder.resetRow(null, 0, 0);
  const row = new Row(builder);
  row.replaceLine(line);
  if (!compileStage(stage, builder).process(row) || builder.hasError) return null;
  const traced = builder.traced();
  if (traced === null) return null;
  return traced.map(({ name, start: from, end: to }) => ({ name, from: originOf(line, from, to, start, end) }));
}

function originOf(line: Buffer, from: number, to: number, start: readonly number[], end: readonly number[]): LabelOrigin {
  for (let hole = 0; hole < start.length; hole++) {
    if (start[hole] === from && end[hole] === to && to > from) return { kind: 'hole', hole };
    if (start[hole]! < to && end[hole]! > from) return { kind: 'mixed' };
    // An empty hole has no bytes to overlap with.
    if (start[hole] === end[hole] && start[hole]! >= from && start[hole]! <= to) return { kind: 'mixed' };
  }
  return { kind: 'text', bytes: line.subarray(from, to) };
}
