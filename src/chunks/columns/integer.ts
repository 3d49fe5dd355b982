import { alphabetClass, alphabetOf } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import { bitWidth, bitsAt } from './bits.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, PageOpener } from './column.ts';
import { frameBytes, frameOf, largest, packFrame, unpackFrame, type Frame } from './frame.ts';
import { integerBytesMax, integerDigitsMax, parseInteger, writeInteger } from './numbers.ts';
import { scratchDoubles } from './scratch.ts';
import { textBuffer, type Lengths } from './texts.ts';

const natural = alphabetClass(alphabetOf(Buffer.from('0123456789')));
const signed = alphabetClass(alphabetOf(Buffer.from('0123456789-')));

/** Whole numbers: base and width of the frame follow from the range; one page, or none where all are the same. */
export function draftInteger(values: ColumnValues, lengths: Lengths): Draft | null {
  const { bytes, start, length, count } = values;
  if (lengths.min === 0 || lengths.max > integerDigitsMax + 1) return null;
  const numbers = scratchDoubles(0, count);
  for (let i = 0; i < count; i++) {
    const value = parseInteger(bytes, start[i]!, length[i]!);
    if (Number.isNaN(value)) return null;
    numbers[i] = value;
  }
  const frame = frameOf(numbers, count);
  if (frame === null) return null;
  const header: ColumnHeader = {
    kind: 'integer', count, alphabet: frame.base < 0 ? signed : natural, lengthMin: lengths.min, lengthMax: lengths.max, parameters: new Uint8Array(0),
    range: { min: frame.base, max: frame.max },
  };
  return { bits: count * frame.width + 64, make: () => ({ header, pages: packFrame(numbers, count, frame) }) };
}

export class IntegerColumn extends BaseColumn {
  readonly #frame: Frame;
  readonly #max: number;
  #numbers: Float64Array | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const { range } = header;
    if (range === null || !Number.isSafeInteger(range.min) || !Number.isSafeInteger(range.max) || !Number.isSafeInteger(range.max - range.min)) throw this.damage('range is none of whole numbers');
    if (header.parameters.length !== 0) throw this.damage('parameters left over');
    this.#frame = { base: range.min, width: bitWidth(range.max - range.min) };
    this.#max = range.max;
  }

  override numbers(): Float64Array {
    if (this.#numbers !== null) return this.#numbers;
    const { count } = this.header;
    const numbers = unpackFrame(this.#page(), count, this.#frame);
    if (count > 0 && largest(numbers) > this.#max) throw this.damage('a number is over its range');
    return (this.#numbers = numbers);
  }

  #page(): Uint8Array | null {
    return this.#frame.width === 0 ? null : this.page(0, frameBytes(this.header.count, this.#frame.width));
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    if (places === null) return renderIntegers(this.numbers(), this.#frame.base, this.#max);
    const few = new Float64Array(places.length);
    if (this.#numbers !== null) for (let i = 0; i < few.length; i++) few[i] = this.#numbers[places[i]!]!;
    else {
      const page = this.#page();
      for (let i = 0; i < few.length; i++) {
        few[i] = this.#frame.base + (page === null ? 0 : bitsAt(page, places[i]!, this.#frame.width));
        if (few[i]! > this.#max) throw this.damage('a number is over its range');
      }
    }
    return renderIntegers(few, this.#frame.base, this.#max);
  }
}

function renderIntegers(numbers: Float64Array, min: number, max: number): ColumnTexts {
  const count = numbers.length;
  const target = textBuffer(count * integerBytesMax(min, max));
  const start = new Uint32Array(count);
  const length = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    start[i] = at;
    const end = writeInteger(target, at, numbers[i]!);
    length[i] = end - at;
    at = end;
  }
  return { bytes: target.subarray(0, at), start, length };
}
