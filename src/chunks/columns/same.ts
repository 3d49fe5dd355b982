import { BaseColumn, type ColumnContext } from './base.ts';
import type { Column, ColumnDictionary, ColumnHeader, ColumnTexts, ColumnValues, EncodedColumn, PageOpener } from './column.ts';
import { ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { alphabetClass, alphabetOf } from './alphabet.ts';
import { segmentLimits } from '../limits.ts';
import { sameBytes, viewOf, type Lengths } from './texts.ts';

/** The number of the earlier column that has the same values; -1 where none has. */
export function findSame(values: ColumnValues, earlier: readonly ColumnValues[]): number {
  return earlier.findIndex((other) => other.count === values.count && sameValues(values, other));
}

function sameValues(a: ColumnValues, b: ColumnValues): boolean {
  const { count } = a;
  const [ours, theirs] = [viewOf(a.bytes), viewOf(b.bytes)];
  // Columns that differ mostly do so in the first row, or in the last.
  for (const i of [0, count - 1, count >>> 1]) if (a.length[i] !== b.length[i] || !sameBytes(ours, a.start[i]!, theirs, b.start[i]!, a.length[i]!)) return false;
  for (let i = 0; i < count; i++) if (a.length[i] !== b.length[i]) return false;
  for (let i = 0; i < count; i++) if (!sameBytes(ours, a.start[i]!, theirs, b.start[i]!, a.length[i]!)) return false;
  return true;
}

const everything = alphabetClass(alphabetOf(Uint8Array.from({ length: 256 }, (_, i) => i)));

/** The number of the column stands in the parameters. */
export function encodeSame(index: number, count: number, lengths: Lengths): EncodedColumn {
  const parameters = new ByteWriter(4).varint(index).view();
  return { header: { kind: 'same', count, alphabet: everything, lengthMin: lengths.min, lengthMax: lengths.max, parameters, range: null }, pages: [] };
}

export class SameColumn extends BaseColumn {
  readonly #other: () => Column;
  #kept: Column | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    const index = reader.varint(segmentLimits.columnsMax - 1, 'number of a column (columnsMax)');
    reader.end();
    this.#other = () => context.earlier(index);
  }

  get #column(): Column {
    if (this.#kept !== null) return this.#kept;
    const other = this.#other();
    const { count, lengthMin, lengthMax } = other.header;
    if (count !== this.header.count || lengthMin !== this.header.lengthMin || lengthMax !== this.header.lengthMax) throw this.damage('the earlier column has other values');
    return (this.#kept = other);
  }

  override dictionary(): ColumnDictionary | null {
    return this.#column.dictionary();
  }

  override codes(): Uint8Array | Uint16Array | Uint32Array {
    return this.#column.codes();
  }

  override numbers(): Float64Array | null {
    return this.#column.numbers();
  }

  override measured(): { readonly numbers: Float64Array; readonly unit: string } | null {
    return this.#column.measured();
  }

  override texts(): ColumnTexts {
    return this.#column.texts();
  }

  override textsAt(places: Uint32Array): ColumnTexts {
    return this.#column.textsAt(places);
  }

  override candidates(needle: Uint8Array): Uint32Array | null {
    return this.#column.candidates(needle);
  }

  override mayHold(needle: Uint8Array, fold: boolean): boolean {
    return this.#column.mayHold(needle, fold);
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    return places === null ? this.#column.texts() : this.#column.textsAt(places);
  }
}
