import { asBuffer } from '../../bytes/mod.ts';
import { alphabetOf } from './alphabet.ts';
import { BaseColumn, type ColumnContext } from './base.ts';
import type { ColumnDictionary, ColumnHeader, ColumnTexts, ColumnValues, EncodedColumn, PageOpener } from './column.ts';
import { textNumber } from './numbers.ts';
import { allPlaces, sameBytes, viewOf } from './texts.ts';

/** Whether all values are the same. */
export function isConstant(values: ColumnValues): boolean {
  const { bytes, start, length, count } = values;
  const [firstStart, firstLength] = [start[0]!, length[0]!];
  for (let i = 1; i < count; i++) if (length[i] !== firstLength) return false;
  const view = viewOf(bytes);
  for (let i = count - 1; i > 0; i--) {
    if (start[i] !== firstStart && !sameBytes(view, firstStart, view, start[i]!, firstLength)) return false;
  }
  return true;
}

/** The value stands in the parameters. Number of values may be 0. */
export function encodeConstant(values: ColumnValues): EncodedColumn {
  const value = values.count === 0 ? Buffer.alloc(0) : Buffer.from(values.bytes.subarray(values.start[0], values.start[0]! + values.length[0]!));
  const number = values.count === 0 ? null : textNumber(value, 0, value.length);
  const header: ColumnHeader = {
    kind: 'constant', count: values.count, alphabet: alphabetOf(value), lengthMin: value.length, lengthMax: value.length, parameters: value,
    range: number === null ? null : { min: number, max: number },
  };
  return { header, pages: [] };
}

export class ConstantColumn extends BaseColumn {
  readonly #value: Buffer;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    this.#value = asBuffer(header.parameters);
    if (header.lengthMin !== this.#value.length || header.lengthMax !== this.#value.length) throw this.damage('length is not that of the value');
    const number = header.count === 0 ? null : textNumber(this.#value, 0, this.#value.length);
    if (header.range === null ? number !== null : header.range.min !== number || header.range.max !== number) throw this.damage('range is not the value');
  }

  override dictionary(): ColumnDictionary {
    return { entries: { bytes: this.#value, start: new Uint32Array(1), length: Uint32Array.of(this.#value.length) }, size: 1 };
  }

  override codes(): Uint8Array {
    return new Uint8Array(this.header.count);
  }

  override numbers(): Float64Array | null {
    return this.header.range === null ? null : new Float64Array(this.header.count).fill(this.header.range.min);
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const count = places?.length ?? this.header.count;
    return { bytes: this.#value, start: new Uint32Array(count), length: new Uint32Array(count).fill(this.#value.length) };
  }

  protected override search(needle: Uint8Array): Uint32Array {
    return this.#value.includes(asBuffer(needle)) ? allPlaces(this.header.count) : new Uint32Array(0);
  }
}
