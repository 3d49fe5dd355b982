import { ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { alphabetClass, alphabetOf } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, PageOpener } from './column.ts';
import { frameBytes, frameOf, packFrame, readFrame, unpackFrame, writeFrame, type Frame } from './frame.ts';
import { bitsAt } from './bits.ts';
import { digitsOf, writeDigits } from './numbers.ts';
import { scratchDoubles, scratchWords } from './scratch.ts';
import { textBuffer, type Lengths } from './texts.ts';

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
/** Digits behind the point at most: powers of ten up to here are exact doubles, so mantissa / 10^scale is Number(text). */
const scaleMax = 15;
/** Minus, point, zero in front, and the digits of 2^53. */
const textBytesMax = 20;
const powers = Array.from({ length: scaleMax + 1 }, (_, i) => 10 ** i);
const natural = alphabetClass(alphabetOf(Buffer.from('0123456789.')));
const signed = alphabetClass(alphabetOf(Buffer.from('0123456789-.')));

/**
 * Decimal numbers: mantissas at the one scale that the longest fraction needs. Fractions have at least `fractionMin` digits, and beyond those no zero at the end: with
 * fractionMin = scale all have the same number of digits; with 0 it is how JSON and Go print a float.
 */
export function draftDecimal(values: ColumnValues, lengths: Lengths): Draft | null {
  const { bytes, start, length, count } = values;
  if (lengths.min === 0 || lengths.max > textBytesMax) return null;
  const mantissas = scratchDoubles(0, count);
  const fractions = scratchWords(1, count);
  let scale = 0;
  let fractionMin = scaleMax;
  // The fewest digits that a fraction with a zero at its end has; such a fraction may only be as long as the shortest one.
  let zeroEnd = scaleMax + 1;
  for (let i = 0; i < count; i++) {
    const at = start[i]!;
    const end = at + length[i]!;
    const negative = bytes[at] === minus;
    let from = negative ? at + 1 : at;
    const head = from;
    let mantissa = 0;
    let digit = 0;
    for (; from < end; from++) {
      digit = bytes[from]! - zero;
      if (digit >>> 0 > 9) break;
      mantissa = mantissa * 10 + digit;
    }
    if (from === head || (from > head + 1 && bytes[head] === zero)) return null;
    let fraction = 0;
    if (from < end) {
      if (bytes[from] !== point) return null;
      fraction = end - from - 1;
      if (fraction === 0 || fraction > scaleMax) return null;
      for (from++; from < end; from++) {
        digit = bytes[from]! - zero;
        if (digit >>> 0 > 9) return null;
        mantissa = mantissa * 10 + digit;
      }
      if (digit === 0) {
        if (zeroEnd !== scaleMax + 1 && zeroEnd !== fraction) return null;
        zeroEnd = fraction;
      }
    }
    if (mantissa > Number.MAX_SAFE_INTEGER || (negative && mantissa === 0)) return null;
    if (fraction > scale) scale = fraction;
    if (fraction < fractionMin) fractionMin = fraction;
    mantissas[i] = negative ? -mantissa : mantissa;
    fractions[i] = fraction;
  }
  if (scale === 0 || (zeroEnd !== scaleMax + 1 && zeroEnd !== fractionMin)) return null;
  if (fractionMin !== scale && !rescale(mantissas, fractions, count, scale)) return null;
  const frame = frameOf(mantissas, count);
  if (frame === null) return null;
  const make = (): ReturnType<Draft['make']> => {
    const writer = new ByteWriter(16).u8(scale).u8(fractionMin);
    writeFrame(writer, frame);
    const range = { min: frame.base / powers[scale]!, max: frame.max / powers[scale]! };
    const header: ColumnHeader = { kind: 'decimal', count, alphabet: frame.base < 0 ? signed : natural, lengthMin: lengths.min, lengthMax: lengths.max, parameters: writer.view(), range };
    return { header, pages: packFrame(mantissas, count, frame) };
  };
  return { bits: count * frame.width + 128, make };
}

function rescale(mantissas: Float64Array, fractions: Uint32Array, count: number, scale: number): boolean {
  for (let i = 0; i < count; i++) {
    const mantissa = mantissas[i]! * powers[scale - fractions[i]!]!;
    if (mantissa > Number.MAX_SAFE_INTEGER || mantissa < -Number.MAX_SAFE_INTEGER) return false;
    mantissas[i] = mantissa;
  }
  return true;
}

export class DecimalColumn extends BaseColumn {
  readonly #frame: Frame;
  readonly #scale: number;
  readonly #fractionMin: number;
  readonly #max: number;
  #mantissas: Float64Array | null = null;
  #numbers: Float64Array | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    this.#scale = reader.u8();
    this.#fractionMin = reader.u8();
    this.#frame = readFrame(reader);
    reader.end();
    if (this.#scale > scaleMax || this.#fractionMin > this.#scale) throw this.damage(`${this.#fractionMin} to ${this.#scale} digits behind the point`);
    const { range } = header;
    if (range === null || this.#frame.base / powers[this.#scale]! !== range.min) throw this.damage('range is not that of the numbers');
    this.#max = range.max;
  }

  #check(mantissas: Float64Array): Float64Array {
    const power = powers[this.#scale]!;
    for (let i = 0; i < mantissas.length; i++) {
      const mantissa = mantissas[i]!;
      if (mantissa > Number.MAX_SAFE_INTEGER || mantissa / power > this.#max) throw this.damage('a number is over its range');
    }
    return mantissas;
  }

  #page(): Uint8Array | null {
    return this.#frame.width === 0 ? null : this.page(0, frameBytes(this.header.count, this.#frame.width));
  }

  #all(): Float64Array {
    return (this.#mantissas ??= this.#check(unpackFrame(this.#page(), this.header.count, this.#frame)));
  }

  override numbers(): Float64Array {
    if (this.#numbers !== null) return this.#numbers;
    const mantissas = this.#all();
    const power = powers[this.#scale]!;
    const numbers = new Float64Array(mantissas.length);
    for (let i = 0; i < numbers.length; i++) numbers[i] = mantissas[i]! / power;
    return (this.#numbers = numbers);
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    if (places === null) return this.#texts(this.#all());
    const few = new Float64Array(places.length);
    if (this.#mantissas !== null) for (let i = 0; i < few.length; i++) few[i] = this.#mantissas[places[i]!]!;
    else {
      const page = this.#page();
      for (let i = 0; i < few.length; i++) few[i] = this.#frame.base + (page === null ? 0 : bitsAt(page, places[i]!, this.#frame.width));
      this.#check(few);
    }
    return this.#texts(few);
  }

  #texts(mantissas: Float64Array): ColumnTexts {
    const count = mantissas.length;
    const scale = this.#scale;
    const fractionMin = this.#fractionMin;
    const power = powers[scale]!;
    const target = textBuffer(count * textBytesMax);
    const start = new Uint32Array(count);
    const length = new Uint32Array(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      start[i] = at;
      let rest = mantissas[i]!;
      if (rest < 0) {
        target[at++] = minus;
        rest = -rest;
      }
      const whole = rest < 0x8000_0000 ? (rest / power) | 0 : Math.floor(rest / power);
      const digits = digitsOf(whole);
      writeDigits(target, at, whole, digits);
      at += digits;
      target[at] = point;
      writeDigits(target, at + 1, rest - whole * power, scale);
      let fraction = scale;
      while (fraction > fractionMin && target[at + fraction] === zero) fraction--;
      if (fraction > 0) at += fraction + 1;
      length[i] = at - start[i]!;
    }
    return { bytes: target.subarray(0, at), start, length };
  }
}
