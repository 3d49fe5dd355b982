import { ByteReader } from '../bytes/mod.ts';
import { isSpoorError, SpoorError, type LabelSet } from '../model/mod.ts';
import { AffixColumn } from './columns/affix.ts';
import type { Column, ColumnHeader } from './columns/column.ts';
import type { HexPoolReader } from './columns/pool.ts';
import { codecIds, columnIds, columnName, encodingIds } from './format.ts';
import type { PageMeta, RowGroupMeta, SegmentFooter } from './meta.ts';
import { PageSource } from './page-source.ts';
import { openPage } from './page.ts';
import { decodeRuns } from './runs.ts';
import { openSegment, type RangeReader, type SegmentReader } from './segment-reader.ts';
import { decodeShapes, type Shape, type ShapeColumn } from './shapes.ts';
import { ShreddedGroup, type TemplateReader } from './shredded-group.ts';

/** What is wrong with a segment. */
export interface SegmentDamage {
  readonly offset: number;
  readonly reason: string;
}

/** A segment, taken apart for a person: what `spoor inspect segment` shows. Plain data. */
export interface InspectedSegment {
  readonly footer: SegmentFooter;
  readonly tenants: readonly InspectedTenant[];
  /** Values that columns share. */
  readonly pool: { readonly values: number; readonly digits: number; readonly page: InspectedPage } | null;
  readonly rowGroups: readonly InspectedRowGroup[];
  /** Bytes of each kind of page, the most first. Their stored bytes add up to the segment's. */
  readonly space: readonly Space[];
  /** In file order. */
  readonly damage: readonly SegmentDamage[];
}

export interface InspectedTenant {
  readonly tenant: string;
  /** Null where the label section is damaged. */
  readonly streams: readonly LabelSet[] | null;
  readonly rowGroups: number;
  readonly rows: number;
  readonly lineBytes: number;
  readonly metadataBytes: number;
  readonly storedBytes: number;
}

export interface InspectedPage {
  readonly what: string;
  readonly encoding: string;
  readonly codec: string;
  readonly storedBytes: number;
  readonly rawBytes: number;
}

export interface InspectedRowGroup {
  readonly meta: RowGroupMeta;
  readonly pages: readonly InspectedPage[];
  /** None where lines and metadata stand as they are, or the shapes are damaged. */
  readonly templates: readonly InspectedTemplate[];
}

export interface InspectedTemplate {
  /** Equal for equal templates of all row groups. */
  readonly key: string;
  readonly kind: string;
  /** What stands before each hole, and behind the last. */
  readonly text: readonly string[];
  readonly rows: number;
  readonly columns: readonly InspectedColumn[];
}

export interface InspectedColumn {
  /** Kind of the hole, or the name of the structured metadata; null for metadata that is one column as it is. */
  readonly hole: string | null;
  readonly metadata: string | null;
  readonly encoding: string;
  /** Distinct values, where there are few, and some of them. */
  readonly distinct: number | null;
  readonly examples: readonly string[];
  /** Smallest and largest, where all are numbers. */
  readonly range: { readonly min: number; readonly max: number } | null;
  readonly lengthMin: number;
  readonly lengthMax: number;
  readonly pages: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly codecs: readonly string[];
}

export interface Space {
  readonly what: string;
  readonly pages: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
}

const encodingNames = new Map<number, string>(Object.entries(encodingIds).map(([name, id]) => [id, name]));
const codecNames = new Map<number, string>(Object.entries(codecIds).map(([name, id]) => [id, name]));
const examplesMax = 5;
const exampleBytesMax = 80;

/**
 * Takes a segment apart and checks every checksum; with `verify` every line and all metadata are put together as well. Damage is gathered where the rest can still be told;
 * throws `corruption` or `format_version` where the footer cannot be read.
 */
export async function inspectSegment(read: RangeReader, size: number, where: string, { verify }: { readonly verify: boolean }): Promise<InspectedSegment> {
  const reader = await openSegment(read, size, where);
  return await new Inspection(read, reader, where).run(verify);
}

class Inspection {
  readonly #read: RangeReader;
  readonly #reader: SegmentReader;
  readonly #where: string;
  readonly #damage = new Map<string, SegmentDamage>();
  readonly #space = new Map<string, { pages: number; storedBytes: number; rawBytes: number }>();

  constructor(read: RangeReader, reader: SegmentReader, where: string) {
    this.#read = read;
    this.#reader = reader;
    this.#where = where;
  }

  async run(verify: boolean): Promise<InspectedSegment> {
    const { footer } = this.#reader;
    this.#count('footer', { storedBytes: footer.footerBytes, rawBytes: footer.footerBytes });
    const pool = await this.#attempt(() => this.#reader.pool(), footer.pool ?? undefined);
    if (footer.pool !== null) this.#count('pool', footer.pool);
    const rowGroups: InspectedRowGroup[] = [];
    for (const [number, meta] of footer.rowGroups.entries()) {
      rowGroups.push(await this.#rowGroup(meta, pool));
      if (verify) await this.#attempt(() => this.#reader.readRowGroup(number));
    }
    const tenants: InspectedTenant[] = [];
    for (const number of footer.tenants.keys()) tenants.push(await this.#tenant(number));
    return {
      footer, tenants, rowGroups,
      pool: pool === undefined || footer.pool === null ? null : { values: pool.count, digits: pool.digits, page: inspectedPage(footer.pool) },
      space: [...this.#space].map(([what, space]) => ({ what, ...space })).sort((a, b) => b.storedBytes - a.storedBytes),
      damage: [...this.#damage.values()].sort((a, b) => a.offset - b.offset),
    };
  }

  async #tenant(number: number): Promise<InspectedTenant> {
    const { footer } = this.#reader;
    const { tenant, labels, rowGroups } = footer.tenants[number]!;
    this.#count('labels', labels);
    const streams = await this.#attempt(() => this.#reader.labels(number), labels);
    const sums = { rows: 0, lineBytes: 0, metadataBytes: 0, storedBytes: 0 };
    for (const group of rowGroups) {
      const { rows, lineBytes, metadataBytes, storedBytes } = footer.rowGroups[group]!;
      sums.rows += rows;
      sums.lineBytes += lineBytes;
      sums.metadataBytes += metadataBytes;
      sums.storedBytes += storedBytes;
    }
    return { tenant, streams: streams ?? null, rowGroups: rowGroups.length, ...sums };
  }

  async #rowGroup(meta: RowGroupMeta, pool: HexPoolReader | undefined): Promise<InspectedRowGroup> {
    const pages = meta.pages.map(inspectedPage);
    for (const page of meta.pages) this.#count(columnName(page.column), page);
    if (meta.shapes !== null) this.#count('shapes', meta.shapes);
    const range = { offset: meta.offset, length: meta.storedBytes };
    const bytes = await this.#read(range.offset, range.length);
    const source = await this.#attempt(() => new PageSource([range], [bytes], this.#where));
    if (source === undefined) return { meta, pages, templates: [] };
    for (const page of meta.pages) await this.#attempt(() => source.check(page));
    await this.#attempt(() => decodeRuns(meta, source));
    const shapes = meta.shapes === null ? [] : await this.#shapes(meta, meta.shapes, source);
    const group = shapes.length === 0 ? undefined : await this.#attempt(() => new ShreddedGroup({ rowGroup: meta, shapes, source, pool: () => pool ?? noPool(this.#where) }, [], []));
    const templates: InspectedTemplate[] = [];
    for (const [number, shape] of shapes.entries()) templates.push(await this.#template(shape, group?.templates[number]));
    return { meta, pages, templates };
  }

  async #shapes(meta: RowGroupMeta, page: PageMeta, source: PageSource): Promise<readonly Shape[]> {
    const stored = await this.#read(page.offset, page.storedBytes);
    const shapes = (await this.#attempt(() => decodeShapes(openPage(page, stored, this.#where), meta, this.#where), page)) ?? [];
    const filters = new Set<PageMeta>();
    for (const { columns } of shapes) {
      for (const column of columns) {
        for (const own of column.pages) {
          this.#count(`column: ${kindOf(column)}`, own);
          await this.#attempt(() => source.check(own));
        }
        if (column.grams?.kind === 'page') filters.add(column.grams.page);
      }
    }
    for (const filter of filters) {
      this.#count(columnName(columnIds.grams), filter);
      await this.#attempt(() => source.check(filter));
    }
    return shapes;
  }

  async #template({ template, key, rows, columns }: Shape, reader: TemplateReader | undefined): Promise<InspectedTemplate> {
    const inspected: InspectedColumn[] = [];
    for (const [number, column] of columns.entries()) {
      const hole = template.holes[number] ?? null;
      const metadata = hole === null ? (template.metadata?.[number - template.holes.length] ?? null) : null;
      inspected.push({ hole, metadata, ...(await this.#column(column, reader?.columns[number])) });
    }
    return { key, kind: template.kind, text: template.text.map((piece) => piece.toString()), rows, columns: inspected };
  }

  async #column(column: ShapeColumn, reader: Column | undefined): Promise<Omit<InspectedColumn, 'hole' | 'metadata'>> {
    const { header, pages } = column;
    const dictionary = reader === undefined ? null : ((await this.#attempt(() => reader.dictionary())) ?? null);
    const examples: string[] = [];
    if (dictionary !== null) {
      const { entries, size } = dictionary;
      for (let entry = 0; entry < Math.min(size, examplesMax); entry++) {
        const start = entries.start[entry]!;
        const length = entries.length[entry]!;
        examples.push(entries.bytes.toString('utf8', start, start + Math.min(length, exampleBytesMax)) + (length > exampleBytesMax ? '…' : ''));
      }
    }
    const range = header.range ?? (reader instanceof AffixColumn ? reader.inner.header.range : null);
    return {
      encoding: encodingOf(header, reader),
      distinct: dictionary?.size ?? null, examples, range, lengthMin: header.lengthMin, lengthMax: header.lengthMax, pages: pages.length,
      storedBytes: pages.reduce((sum, page) => sum + page.storedBytes, 0), rawBytes: pages.reduce((sum, page) => sum + page.rawBytes, 0),
      codecs: [...new Set(pages.map(codecName))],
    };
  }

  #count(what: string, { storedBytes, rawBytes }: { readonly storedBytes: number; readonly rawBytes: number }): void {
    let known = this.#space.get(what);
    if (known === undefined) this.#space.set(what, (known = { pages: 0, storedBytes: 0, rawBytes: 0 }));
    known.pages++;
    known.storedBytes += storedBytes;
    known.rawBytes += rawBytes;
  }

  /** What `work` gives; undefined, and noted, where it finds damage: at its offset in the segment, or in `page` where the offset counts in that page's raw bytes. */
  async #attempt<T>(work: () => T | Promise<T>, page?: PageMeta): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isSpoorError(error, 'corruption')) throw error;
      const { where, offset, reason } = error.details;
      const damage =
        page === undefined || where === this.#where
          ? { offset: Number(offset), reason: String(reason) }
          : { offset: page.offset, reason: `page of ${columnName(page.column)}, raw byte ${String(offset)}: ${String(reason)}` };
      this.#damage.set(`${damage.offset} ${damage.reason}`, damage);
      return undefined;
    }
  }
}

/** The kind of a column, with what it leans on. */
function encodingOf({ kind, parameters }: ColumnHeader, reader: Column | undefined): string {
  if (kind === 'same') return `same as ${new ByteReader(parameters, 'column').varint()}`;
  if (!(reader instanceof AffixColumn)) return kind;
  return [reader.prefix, reader.inner.header.kind, reader.suffix].map((part) => (typeof part === 'string' ? part : JSON.stringify(part.toString()))).filter((part) => part !== '""').join(' ');
}

function kindOf({ header }: ShapeColumn): string {
  return header.kind;
}

function inspectedPage(page: PageMeta): InspectedPage {
  return { what: columnName(page.column), encoding: encodingNames.get(page.encoding) ?? `encoding ${page.encoding}`, codec: codecName(page), storedBytes: page.storedBytes, rawBytes: page.rawBytes };
}

function codecName({ codec }: PageMeta): string {
  return codecNames.get(codec) ?? `codec ${codec}`;
}

function noPool(where: string): never {
  throw new SpoorError('corruption', { where, offset: 0, reason: 'a column needs a pool, and there is none that is sound' });
}
