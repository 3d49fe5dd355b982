import {
  SpoorError, type BytesColumn, type BytesTexts, type LabelSet, type RowOrder, type ShreddedRows, type ShreddedRun, type ShreddedTemplate,
} from '../model/mod.ts';
import type { Column } from './columns/column.ts';
import { openColumn } from './columns/open.ts';
import type { HexPoolReader } from './columns/pool.ts';
import { columnIds } from './format.ts';
import { GramFilter } from './grams.ts';
import { decodeBytes, decodeIntegers, type Runs } from './integers.ts';
import type { RowGroupMeta } from './meta.ts';
import type { PageSource } from './page-source.ts';
import { pageDamage } from './page.ts';
import { decodeRuns, onlyPage } from './runs.ts';
import type { GramPlace, Shape } from './shapes.ts';
import { freshArrays, type ArraySource } from './scratch.ts';
import { metadataHeads, metadataLength, rebuildLines, rebuildMetadata } from './shred/rebuild.ts';

/** What a shredded row group is read from. */
export interface ShreddedParts {
  readonly rowGroup: RowGroupMeta;
  readonly shapes: readonly Shape[];
  readonly source: PageSource;
  /** Its runs, where they are known already. */
  readonly runs?: Runs;
  /** Its filter, where it was kept when it was opened before. */
  readonly grams?: GramFilter | undefined;
  /** Told of the filter when it is opened, with the bytes that it takes. */
  readonly keepGrams?: (filter: GramFilter, bytes: number) => void;
  /** Where arrays come from: with a scratch the rows are valid until the next row group is opened with the same one. */
  readonly arrays?: ArraySource;
  /** The pool of the segment. */
  readonly pool: () => HexPoolReader;
}

const noBytes: BytesColumn = { bytes: Buffer.alloc(0), start: new Uint32Array(0), length: new Uint32Array(0) };

/** A shredded row group, read and decoded as it is asked for. */
export class ShreddedGroup implements ShreddedRows {
  readonly rows: number;
  readonly day: number;
  readonly streams: readonly LabelSet[];
  readonly runs: readonly ShreddedRun[];
  readonly templates: readonly TemplateReader[];
  readonly bytes: number;
  readonly #parts: ShreddedParts;
  readonly #arrays: ArraySource;
  #allRuns: Runs | undefined;
  #time: Float64Array | undefined;
  #order: RowOrder | undefined;
  #lineLength: Uint32Array | undefined;
  #templateOf: Uint16Array | undefined;
  #placeOf: Uint32Array | undefined;
  #rowsOf: readonly Uint32Array[] | undefined;
  #grams: GramFilter | undefined;

  /** `runs` are those that are wanted. */
  constructor(parts: ShreddedParts, streams: readonly LabelSet[], runs: readonly ShreddedRun[]) {
    const { rowGroup, shapes } = parts;
    this.#parts = parts;
    this.#arrays = parts.arrays ?? freshArrays;
    this.#allRuns = parts.runs;
    this.rows = rowGroup.rows;
    this.day = rowGroup.day;
    this.bytes = rowGroup.lineBytes + rowGroup.metadataBytes;
    this.streams = streams;
    this.runs = runs;
    this.templates = shapes.map((shape, number) => new TemplateReader(this, parts, shape, number));
  }

  /** Runs of the row group, whoever wants them. */
  get allRuns(): Runs {
    this.#allRuns ??= decodeRuns(this.#parts.rowGroup, this.#parts.source);
    return this.#allRuns;
  }

  #doubles(column: number, name: string): Float64Array {
    const { rowGroup, source } = this.#parts;
    const runs = this.allRuns;
    const page = onlyPage(rowGroup, column);
    const out = this.#arrays.doubles(name, rowGroup.rows).subarray(0, rowGroup.rows);
    decodeIntegers(page, source.open(page), runs, Uint32Array.from({ length: runs.count }, (_, run) => run), out, source.where);
    return out;
  }

  #words(column: number, name: string): Uint32Array {
    const doubles = this.#doubles(column, 'numbers');
    const words = this.#arrays.words(name, doubles.length).subarray(0, doubles.length);
    for (let row = 0; row < doubles.length; row++) words[row] = doubles[row]!;
    return words;
  }

  time(): Float64Array {
    if (this.#time === undefined) {
      const { rowGroup, source } = this.#parts;
      source.want([onlyPage(rowGroup, columnIds.runRows), onlyPage(rowGroup, columnIds.time)]);
      const time = this.#doubles(columnIds.time, 'time');
      const { count, start } = this.allRuns;
      for (let run = 0; run < count; run++) {
        if (!(time[start[run]!]! >= rowGroup.minTime && time[start[run + 1]! - 1]! <= rowGroup.maxTime))
          throw pageDamage(onlyPage(rowGroup, columnIds.time), source.where, 'times outside those of the row group');
      }
      this.#time = time;
    }
    return this.#time;
  }

  order(): RowOrder {
    if (this.#order === undefined) {
      const { rowGroup, source } = this.#parts;
      source.want([columnIds.runRows, columnIds.position, columnIds.index, columnIds.partition].map((column) => onlyPage(rowGroup, column)));
      this.#order = { position: this.#doubles(columnIds.position, 'position'), index: this.#words(columnIds.index, 'index'), partition: this.#words(columnIds.partition, 'partition') };
    }
    return this.#order;
  }

  lineLength(): Uint32Array {
    this.#lineLength ??= this.#words(columnIds.lineLength, 'lineLength');
    return this.#lineLength;
  }

  templateOf(): Uint16Array {
    if (this.#templateOf === undefined) {
      const { rowGroup, shapes, source } = this.#parts;
      const templateOf = new Uint16Array(rowGroup.rows);
      if (shapes.length > 1) {
        const page = onlyPage(rowGroup, columnIds.template);
        source.want([onlyPage(rowGroup, columnIds.runRows), page]);
        if (!decodeBytes(page, source.open(page), templateOf, source.where)) {
          const numbers = this.#doubles(columnIds.template, 'numbers');
          for (let row = 0; row < templateOf.length; row++) templateOf[row] = numbers[row]!;
        }
        const counts = new Uint32Array(shapes.length + 1);
        for (let row = 0; row < templateOf.length; row++) counts[Math.min(templateOf[row]!, shapes.length)]!++;
        for (const [number, { rows }] of shapes.entries()) if (counts[number] !== rows) throw pageDamage(page, source.where, `template ${number} has ${counts[number]} rows instead of ${rows}`);
      }
      this.#templateOf = templateOf;
    }
    return this.#templateOf;
  }

  /** Rows of a template. */
  rowsOf(template: number): Uint32Array {
    if (this.#rowsOf === undefined) {
      const all = this.#arrays.words('rowsOf', this.rows);
      let first = 0;
      const rowsOf = this.#parts.shapes.map(({ rows }) => all.subarray(first, (first += rows)));
      const placeOf = this.#arrays.words('placeOf', this.rows);
      const templateOf = this.templateOf();
      const next = new Uint32Array(rowsOf.length);
      for (let row = 0; row < templateOf.length; row++) {
        const number = templateOf[row]!;
        const place = next[number]!;
        next[number] = place + 1;
        rowsOf[number]![place] = row;
        placeOf[row] = place;
      }
      this.#rowsOf = rowsOf;
      this.#placeOf = placeOf;
    }
    return this.#rowsOf[template]!;
  }

  /** The filter that the row group has. */
  grams(place: GramPlace): GramFilter {
    return (this.#grams ??= this.#parts.grams ?? this.#openGrams(place));
  }

  #openGrams(place: GramPlace): GramFilter {
    const { source, keepGrams } = this.#parts;
    const raw = place.kind === 'inline' ? place.bytes : source.open(place.page);
    const filter = new GramFilter(raw, source.where);
    keepGrams?.(filter, raw.length);
    return filter;
  }

  /** `rows` by template: places in it, and where in `rows` they stand. */
  #byTemplate(rows: Uint32Array): { readonly template: TemplateReader; readonly places: Uint32Array; readonly targets: Uint32Array }[] {
    this.rowsOf(0);
    const templateOf = this.templateOf();
    const placeOf = this.#placeOf!;
    const counts = new Uint32Array(this.templates.length);
    for (const row of rows) counts[templateOf[row]!]!++;
    const groups = this.templates.map((template, number) => ({ template, places: new Uint32Array(counts[number]!), targets: new Uint32Array(counts[number]!) }));
    const next = new Uint32Array(this.templates.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const number = templateOf[row]!;
      const at = next[number]!++;
      groups[number]!.places[at] = placeOf[row]!;
      groups[number]!.targets[at] = i;
    }
    return groups.filter(({ places }) => places.length > 0);
  }

  lines(rows: Uint32Array): BytesColumn {
    if (rows.length === 0) return noBytes;
    const all = this.lineLength();
    const start = new Uint32Array(rows.length);
    const length = new Uint32Array(rows.length);
    let bytes = 0;
    for (let i = 0; i < rows.length; i++) {
      start[i] = bytes;
      length[i] = all[rows[i]!]!;
      bytes += length[i]!;
    }
    const { rowGroup, source } = this.#parts;
    if (bytes > rowGroup.lineBytes) throw pageDamage(onlyPage(rowGroup, columnIds.lineLength), source.where, 'lines are longer than the row group says');
    const out = Buffer.allocUnsafeSlow(bytes);
    for (const { template, places, targets } of this.#byTemplate(rows)) {
      const columns = template.textsAt(0, template.template.holes.length, places);
      const failed = rebuildLines(template.template, columns, places.length, out, gather(start, targets), gather(length, targets));
      if (failed >= 0) throw pageDamage(onlyPage(rowGroup, columnIds.lineLength), source.where, `row ${rows[targets[failed]!]!} does not have the length of its line`);
    }
    return { bytes: out, start, length };
  }

  metadata(rows: Uint32Array): BytesColumn {
    const start = new Uint32Array(rows.length);
    const length = new Uint32Array(rows.length);
    const { rowGroup, source } = this.#parts;
    if (rowGroup.metadataBytes === 0) return { bytes: noBytes.bytes, start, length };
    const groups = this.#byTemplate(rows).map((group) => {
      const { holes, metadata } = group.template.template;
      const heads = metadata === null ? null : metadataHeads(metadata);
      const columns = group.template.textsAt(holes.length, group.template.heads.length, group.places);
      for (let i = 0; i < group.places.length; i++) length[group.targets[i]!] = heads === null ? columns[0]!.length[i]! : metadataLength(heads, columns, i);
      return { ...group, heads, columns };
    });
    let bytes = 0;
    for (let i = 0; i < rows.length; i++) {
      start[i] = bytes;
      bytes += length[i]!;
    }
    if (bytes > rowGroup.metadataBytes) throw new SpoorError('corruption', { where: source.where, offset: rowGroup.offset, reason: 'structured metadata is longer than its row group says' });
    const out = Buffer.allocUnsafeSlow(bytes);
    for (const { places, targets, heads, columns } of groups) {
      for (let i = 0; i < places.length; i++) {
        const at = start[targets[i]!]!;
        if (heads !== null) rebuildMetadata(heads, columns, i, out, at);
        else columns[0]!.bytes.copy(out, at, columns[0]!.start[i], columns[0]!.start[i]! + columns[0]!.length[i]!);
      }
    }
    return { bytes: out, start, length };
  }
}

function gather(values: Uint32Array, places: Uint32Array): Uint32Array {
  const out = new Uint32Array(places.length);
  for (let i = 0; i < out.length; i++) out[i] = values[places[i]!]!;
  return out;
}

/** One template of a shredded row group. */
export class TemplateReader implements ShreddedTemplate {
  readonly template: Shape['template'];
  readonly key: string;
  readonly count: number;
  readonly heads: Shape['columns'];
  readonly #group: ShreddedGroup;
  readonly #parts: ShreddedParts;
  readonly #shape: Shape;
  readonly #number: number;
  #time: Float64Array | undefined;
  readonly #opened: (Column | undefined)[] = [];
  #columns: readonly Column[] | undefined;

  constructor(group: ShreddedGroup, parts: ShreddedParts, shape: Shape, number: number) {
    this.template = shape.template;
    this.key = shape.key;
    this.count = shape.rows;
    this.#group = group;
    this.#parts = parts;
    this.#shape = shape;
    this.#number = number;
    this.heads = shape.columns;
  }

  get columns(): readonly Column[] {
    return (this.#columns ??= this.heads.map((_, number) => this.column(number)));
  }

  column(number: number): Column {
    return (this.#opened[number] ??= this.#open(number));
  }

  #open(number: number): Column {
    const { source, pool, rowGroup } = this.#parts;
    const { header, pages, grams } = this.heads[number]!;
    const opener = (page: number): Uint8Array => {
      const meta = pages[page];
      if (meta === undefined) throw new SpoorError('corruption', { where: source.where, offset: rowGroup.offset, reason: `page ${page} of a column is missing` });
      return source.open(meta);
    };
    const filter = grams === null ? null : (): GramFilter => this.#group.grams(grams);
    const earlier = (index: number): Column => {
      if (index >= number) throw new SpoorError('corruption', { where: source.where, offset: rowGroup.offset, reason: `column ${number} is the same as column ${index}, which does not come before it` });
      return this.column(index);
    };
    return openColumn(header, opener, { time: () => this.time(), day: rowGroup.day, earlier, pool, grams: filter, where: source.where });
  }

  rows(): Uint32Array {
    return this.#group.rowsOf(this.#number);
  }

  time(): Float64Array {
    if (this.#time === undefined) {
      const all = this.#group.time();
      const rows = this.rows();
      const time = new Float64Array(rows.length);
      for (let i = 0; i < time.length; i++) time[i] = all[rows[i]!]!;
      this.#time = time;
    }
    return this.#time;
  }

  /** Reads the pages of columns in one go, but for those of which only some pages may be needed. */
  want(columns: readonly number[]): void {
    this.#parts.source.want(columns.flatMap((column) => (this.#shape.columns[column]!.pages.length <= 2 ? this.#shape.columns[column]!.pages : [])));
  }

  /** Values of columns from … to at places, ascending. */
  textsAt(from: number, to: number, places: Uint32Array): BytesTexts[] {
    const columns = this.columns.slice(from, to);
    this.want(columns.map((_, i) => from + i));
    return columns.map((column) => (places.length === this.#shape.rows ? column.texts() : column.textsAt(places)));
  }
}
