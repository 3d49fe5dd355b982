import { keepShape } from '../../model/mod.ts';
import { viewOf } from '../columns/texts.ts';
import { segmentLimits } from '../limits.ts';
import { WordArena } from '../word-arena.ts';
import { cutJson } from './cut-json.ts';
import { cutLogfmt } from './cut-logfmt.ts';
import { cutText } from './cut-text.ts';
import { Cuts } from './cuts.ts';
import { matchTemplate } from './match.ts';
import { MetadataShapes, type MetadataShape } from './metadata-shapes.ts';
import { columnCount, type Template } from './template.ts';

/** A template with fewer rows, or fewer bytes of lines, is not worth its columns, where there are more templates than templatesFew. */
const templateRowsMin = 4;
const templateBytesMin = 4096;
const templatesFew = 12;

/** Byte strings of the rows of a row group, in one buffer. */
export interface RowTexts {
  readonly bytes: Buffer;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
}

/** The rows of one template. Hole h of its i-th row is `start[i * width + h]` … of the line, or of the metadata from `lineColumns` on. */
export interface TemplateRows {
  readonly template: Template;
  /** Rows of the row group, ascending. */
  readonly rows: Uint32Array;
  readonly width: number;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
}

/** Finds the templates of rows. One for each row group. What it gives stands in arrays of the arena. */
export class Shredder {
  readonly #arena: WordArena;
  readonly #cuts = new Cuts();
  readonly #metadata = new MetadataShapes();
  readonly #groups: Group[] = [];
  /** By hash of what does not vary. */
  readonly #byHash = new Map<number, Group[]>();
  /** The last group by shape of the metadata. */
  readonly #last: (Group | undefined)[] = [];
  readonly #plain: (Group | undefined)[] = [];
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(arena: WordArena) {
    this.#arena = arena;
  }

  /** Takes all rows apart. */
  shred(lines: RowTexts, metadata: RowTexts, rows: number): readonly TemplateRows[] {
    this.#view = viewOf(lines.bytes);
    this.#cutRows(lines, metadata, rows);
    return this.#finish(lines, metadata);
  }

  /** A function of its own, so that V8 compiles it once: code that it replaces inside a running loop is thrown away when the loop ends. */
  #cutRows(lines: RowTexts, metadata: RowTexts, rows: number): void {
    for (let row = 0; row < rows; row++) {
      const shape = this.#metadata.cut(metadata.bytes, metadata.start[row]!, metadata.length[row]!);
      const start = lines.start[row]!;
      const group = this.#groupOf(lines.bytes, start, start + lines.length[row]!, shape);
      group.add(row, lines.length[row]!, this.#cuts, this.#metadata);
    }
  }

  #groupOf(bytes: Buffer, start: number, end: number, shape: MetadataShape): Group {
    const last = this.#last[shape.id];
    if (last !== undefined && matchTemplate(last.template, last.pieces, bytes, this.#view, start, end, this.#cuts)) return last;
    const group = this.#cut(bytes, start, end, shape);
    // Any line would match what is kept whole.
    if (group.template.kind !== 'plain') this.#last[shape.id] = group;
    return group;
  }

  #cut(bytes: Buffer, start: number, end: number, shape: MetadataShape): Group {
    const cuts = this.#cuts;
    let first = start;
    while (first < end && bytes[first]! <= 0x20) first++;
    if (first < end && bytes[first] === 0x7b && cutJson(bytes, start, end, cuts)) return this.#find(bytes, start, end, shape);
    if (!cutLogfmt(bytes, start, end, cuts)) cutText(bytes, start, end, cuts);
    return this.#find(bytes, start, end, shape);
  }

  #find(bytes: Buffer, start: number, end: number, shape: MetadataShape): Group {
    const hash = hashText(bytes, start, end, this.#cuts) ^ shape.id;
    const known = this.#byHash.get(hash);
    if (known !== undefined) for (const group of known) if (group.shape === shape && group.holds(bytes, start, end, this.#cuts)) return group;
    if (this.#groups.length >= segmentLimits.templatesKept || textBytes(start, end, this.#cuts) > segmentLimits.templateTextBytesMax) return this.#whole(start, end, shape);
    const group = new Group(templateOf(bytes, start, end, this.#cuts, shape), shape, this.#arena);
    this.#groups.push(group);
    if (known === undefined) this.#byHash.set(hash, [group]);
    else known.push(group);
    return group;
  }

  /** The group of lines that are kept whole. */
  #whole(start: number, end: number, shape: MetadataShape): Group {
    const group = this.#plainGroup(shape);
    this.#cuts.begin('plain');
    this.#cuts.add('any', start, end);
    return group;
  }

  #plainGroup(shape: MetadataShape): Group {
    let group = this.#plain[shape.id];
    if (group === undefined) {
      group = new Group({ kind: 'plain', text: [Buffer.alloc(0), Buffer.alloc(0)], holes: ['any'], metadata: shape.names }, shape, this.#arena);
      this.#plain[shape.id] = group;
    }
    return group;
  }

  #finish(lines: RowTexts, metadata: RowTexts): readonly TemplateRows[] {
    const kept: Group[] = [];
    const small: Group[] = [];
    const few = this.#groups.length <= templatesFew;
    for (const group of this.#groups) (few || (group.lineBytes >= templateBytesMin && group.rows.length >= templateRowsMin) ? kept : small).push(group);
    for (const [shape, groups] of Map.groupBy(small, (group) => group.shape)) {
      const plain = this.#plainGroup(shape);
      const merged = new Group(plain.template, shape, this.#arena);
      for (const row of sortedRows([...groups, plain])) {
        const start = lines.start[row]!;
        this.#cuts.begin('plain');
        this.#cuts.add('any', start, start + lines.length[row]!);
        this.#metadata.cut(metadata.bytes, metadata.start[row]!, metadata.length[row]!);
        merged.add(row, lines.length[row]!, this.#cuts, this.#metadata);
      }
      this.#plain[shape.id] = merged;
    }
    for (const group of this.#plain) if (group !== undefined) kept.push(group);
    return kept.map((group) => group.finish());
  }
}

/** Room that a template has at first. */
const rowsFirst = 16;

class Group {
  readonly template: Template;
  readonly shape: MetadataShape;
  /** The template's texts, to be compared four bytes at a time. */
  readonly pieces: readonly DataView[];
  readonly #arena: WordArena;
  readonly #width: number;
  readonly #lineColumns: number;
  lineBytes = 0;
  #count = 0;
  #rows: Uint32Array;
  #start: Uint32Array;
  #length: Uint32Array;

  constructor(template: Template, shape: MetadataShape, arena: WordArena) {
    this.template = template;
    this.shape = shape;
    this.pieces = template.text.map(viewOf);
    this.#arena = arena;
    this.#lineColumns = template.holes.length;
    this.#width = columnCount(template);
    this.#rows = arena.take(rowsFirst);
    this.#start = arena.take(rowsFirst * this.#width);
    this.#length = arena.take(rowsFirst * this.#width);
  }

  get rows(): Uint32Array {
    return this.#rows.subarray(0, this.#count);
  }

  add(row: number, lineLength: number, cuts: Cuts, metadata: MetadataShapes): void {
    const width = this.#width;
    const count = this.#count++;
    if (count === this.#rows.length) this.#grow();
    this.#rows[count] = row;
    this.lineBytes += lineLength;
    let at = count * width;
    const columns = this.#lineColumns;
    for (let i = 0; i < columns; i++, at++) {
      const start = cuts.start[i]!;
      this.#start[at] = start;
      this.#length[at] = cuts.end[i]! - start;
    }
    for (let i = 0; i < width - columns; i++, at++) {
      const start = metadata.start[i]!;
      this.#start[at] = start;
      this.#length[at] = metadata.end[i]! - start;
    }
  }

  #grow(): void {
    const size = 4 * this.#rows.length;
    const grow = (old: Uint32Array, length: number): Uint32Array => {
      const grown = this.#arena.take(length);
      grown.set(old);
      return grown;
    };
    this.#rows = grow(this.#rows, size);
    this.#start = grow(this.#start, size * this.#width);
    this.#length = grow(this.#length, size * this.#width);
  }

  /** Whether a line that was cut has this template. */
  holds(bytes: Buffer, start: number, end: number, cuts: Cuts): boolean {
    const { kind, text, holes } = this.template;
    if (kind !== cuts.kind || holes.length !== cuts.count) return false;
    let at = start;
    for (let i = 0; i <= holes.length; i++) {
      const to = i < holes.length ? cuts.start[i]! : end;
      const piece = text[i]!;
      if (piece.length !== to - at || (i < holes.length && holes[i] !== cuts.holes[i])) return false;
      for (let k = 0; k < piece.length; k++) if (piece[k] !== bytes[at + k]) return false;
      at = i < holes.length ? cuts.end[i]! : end;
    }
    return true;
  }

  finish(): TemplateRows {
    const cells = this.#count * this.#width;
    return { template: this.template, rows: this.rows, width: this.#width, start: this.#start.subarray(0, cells), length: this.#length.subarray(0, cells) };
  }
}

/** Rows of several groups, ascending. */
function sortedRows(groups: readonly Group[]): Uint32Array {
  const rows = new Uint32Array(groups.reduce((count, group) => count + group.rows.length, 0));
  let at = 0;
  for (const group of groups) {
    rows.set(group.rows, at);
    at += group.rows.length;
  }
  return rows.sort();
}

/** Bytes of a line that are in no hole. */
function textBytes(start: number, end: number, cuts: Cuts): number {
  let bytes = end - start;
  for (let i = 0; i < cuts.count; i++) bytes -= cuts.end[i]! - cuts.start[i]!;
  return bytes;
}

function templateOf(bytes: Buffer, start: number, end: number, cuts: Cuts, shape: MetadataShape): Template {
  const text: Buffer[] = [];
  let at = start;
  for (let i = 0; i < cuts.count; i++) {
    text.push(Buffer.from(bytes.subarray(at, cuts.start[i])));
    at = cuts.end[i]!;
  }
  text.push(Buffer.from(bytes.subarray(at, end)));
  return { kind: cuts.kind, text, holes: cuts.holes.slice(0, cuts.count), metadata: shape.names };
}

function hashText(bytes: Buffer, start: number, end: number, cuts: Cuts): number {
  let hash = 0x811c9dc5 ^ cuts.count;
  let at = start;
  for (let i = 0; i <= cuts.count; i++) {
    const to = i < cuts.count ? cuts.start[i]! : end;
    for (let k = at; k < to; k++) hash = Math.imul(hash ^ bytes[k]!, 0x01000193);
    hash = Math.imul(hash ^ 0x100, 0x01000193);
    if (i < cuts.count) at = cuts.end[i]!;
  }
  return hash;
}


keepShape(new Shredder(new WordArena()));
keepShape(new Group({ kind: 'plain', text: [], holes: [], metadata: null }, { id: 0, names: null, heads: [] }, new WordArena()));
