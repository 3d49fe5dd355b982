import { ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { alphabetOf } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import { bitsAt } from './bits.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, PageOpener } from './column.ts';
import { frameBytes, frameOf, packFrame, readFrame, unpackFrame, writeFrame, type Frame } from './frame.ts';
import { scratchDoubles } from './scratch.ts';
import { textBuffer, type Lengths } from './texts.ts';
import { checkFormat, dayNs, guessFormat, isClock, resolutionOf, timeBytesMax, timeForms, TimeParser, TimeWriter, type TimeFormat } from './time-format.ts';

const textBytesMin = 8;
const textBytesMax = 40;
/** Nanoseconds from the start of the row's day that a time can be away: just over what the parser takes. */
const timeMax = 103 * dayNs;
/** Seconds with at most so many digits behind them are exact doubles. */
const exactFractionMax = 6;

/** How far the row's time, cut to the resolution, is from a value; for a clock the nearest way around. */
function distance(time: number, rowTime: number, resolution: number, clock: boolean): number {
  const steps = (time - Math.floor(rowTime / resolution) * resolution) / resolution;
  if (!clock) return steps;
  const daySteps = dayNs / resolution;
  return steps >= daySteps / 2 ? steps - daySteps : steps < -daySteps / 2 ? steps + daySteps : steps;
}

/**
 * Points in time, as steps of the format's resolution from the row's time. Parameters: u8 form, u8 digits of the fraction (+ 128: trimmed), u8 mark, u8 length of the
 * zone and its bytes, the frame of the steps. One page, or none where the steps are all the same.
 */
export function draftTime(values: ColumnValues, lengths: Lengths): Draft | null {
  if (lengths.min < textBytesMin || lengths.max > textBytesMax) return null;
  const { bytes, start, length, count } = values;
  const guess = guessFormat(bytes, start[0]!, length[0]!);
  if (guess === null) return null;
  // Go leaves zeros at the end of nanoseconds out, so lengths vary.
  const format: TimeFormat = lengths.min === lengths.max || guess.form === timeForms.unix ? guess : { ...guess, fraction: 9, trimmed: true, mark: guess.mark === 0 ? 0x2e : guess.mark };
  if (checkFormat(format) !== undefined) return null;
  const parser = new TimeParser(format, values.day);
  const steps = scratchDoubles(2, count);
  const resolution = resolutionOf(format);
  const clock = isClock(format);
  let [min, max] = [Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    const time = parser.parse(bytes, start[i]!, length[i]!);
    if (Number.isNaN(time)) return null;
    if (time < min) min = time;
    if (time > max) max = time;
    steps[i] = distance(time, values.time[i]!, resolution, clock);
  }
  const frame = frameOf(steps, count);
  if (frame === null) return null;
  const make = (): ReturnType<Draft['make']> => {
    const writer = new ByteWriter(32).u8(format.form).u8(format.fraction | (format.trimmed ? 128 : 0)).u8(format.mark).u8(format.zone.length).bytes(format.zone);
    writeFrame(writer, frame);
    const range = isNumber(format) ? { min: numberOf(min, values.day, format), max: numberOf(max, values.day, format) } : null;
    const header: ColumnHeader = { kind: 'time', count, alphabet: alphabetFor(format), lengthMin: lengths.min, lengthMax: lengths.max, parameters: writer.view(), range };
    return { header, pages: packFrame(steps, count, frame) };
  };
  return { bits: count * frame.width + 128, make };
}

/** Whether texts are numbers that come out exactly. */
function isNumber(format: TimeFormat): boolean {
  return format.form === timeForms.unix && format.fraction <= exactFractionMax;
}

/** Number(text) of a time in nanoseconds since the start of the day. */
function numberOf(time: number, day: number, { fraction, mark }: TimeFormat): number {
  const scale = 10 ** fraction;
  const units = day * 86_400 * scale + time / 10 ** (9 - fraction);
  return mark === 0 ? units : units / scale;
}

function alphabetFor(format: TimeFormat): Uint32Array {
  const { form } = format;
  if (form === timeForms.common) return alphabetOf(Buffer.from('0123456789/:JanFebMarAprMayJunJulAugSepOctNovDec .,+-Z'));
  const [unix, clock] = [form === timeForms.unix, isClock(format)];
  const text = `0123456789${String.fromCharCode(...format.zone)}${format.mark === 0 ? '' : String.fromCharCode(format.mark)}`;
  if (unix) return alphabetOf(Buffer.from(text));
  const separators = clock ? ':' : form === timeForms.date ? '-' : form === timeForms.dateSlashes ? '/' : form === timeForms.isoT ? '-T:' : form === timeForms.isoSpace ? '- :' : '/ :';
  return alphabetOf(Buffer.from(text + separators));
}

export class TimeColumn extends BaseColumn {
  readonly #format: TimeFormat;
  readonly #frame: Frame;
  readonly #rowTime: () => Float64Array;
  readonly #day: number;
  #times: Float64Array | null = null;
  #numbers: Float64Array | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    const form = reader.u8();
    const digits = reader.u8();
    const mark = reader.u8();
    const zone = reader.bytes(reader.u8());
    this.#format = { form, fraction: digits & 127, trimmed: digits > 127, mark, zone };
    this.#frame = readFrame(reader);
    reader.end();
    const wrong = checkFormat(this.#format);
    if (wrong !== undefined) throw this.damage(wrong);
    if ((header.range !== null) !== isNumber(this.#format)) throw this.damage('range of times');
    this.#rowTime = context.time;
    this.#day = context.day;
  }

  /** Nanoseconds since the start of the day, as the texts tell them. */
  #all(): Float64Array {
    if (this.#times !== null) return this.#times;
    const { count } = this.header;
    const times = unpackFrame(this.#page(), count, this.#frame);
    this.#addRows(times, this.#rows());
    return (this.#times = times);
  }

  #rows(): Float64Array {
    const rowTime = this.#rowTime();
    if (rowTime.length < this.header.count) throw this.damage(`${rowTime.length} times of rows for ${this.header.count} values`);
    return rowTime;
  }

  /** Steps to times. */
  #addRows(times: Float64Array, rowTime: Float64Array): void {
    const resolution = resolutionOf(this.#format);
    const clock = isClock(this.#format);
    let far = 0;
    for (let i = 0; i < times.length; i++) {
      let time = (Math.floor(rowTime[i]! / resolution) + times[i]!) * resolution;
      if (!(time <= timeMax && time >= -timeMax)) far++;
      if (clock) time -= Math.floor(time / dayNs) * dayNs;
      times[i] = time;
    }
    if (far > 0) throw this.damage('a time is out of bounds');
  }

  #page(): Uint8Array | null {
    return this.#frame.width === 0 ? null : this.page(0, frameBytes(this.header.count, this.#frame.width));
  }

  override numbers(): Float64Array | null {
    const { range } = this.header;
    if (range === null || this.#numbers !== null) return this.#numbers;
    const numbers = this.#all().map((time) => numberOf(time, this.#day, this.#format));
    for (const number of numbers) if (!(number >= range.min && number <= range.max)) throw this.damage('a time is outside its range');
    return (this.#numbers = numbers);
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const times = places === null ? this.#all() : this.#timesAt(places);
    const count = times.length;
    const writer = new TimeWriter(this.#format, this.#day);
    const target = textBuffer(count * timeBytesMax(this.#format));
    const start = new Uint32Array(count);
    const length = new Uint32Array(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      start[i] = at;
      const end = writer.write(target, at, times[i]!);
      if (end < 0) throw this.damage('a time is out of bounds');
      length[i] = end - at;
      at = end;
    }
    return { bytes: target.subarray(0, at), start, length };
  }

  #timesAt(places: Uint32Array): Float64Array {
    const known = this.#times;
    if (known !== null) return Float64Array.from(places, (place) => known[place]!);
    const page = this.#page();
    const rowTime = this.#rows();
    const { base, width } = this.#frame;
    const times = Float64Array.from(places, (place) => base + (page === null ? 0 : bitsAt(page, place, width)));
    this.#addRows(times, Float64Array.from(places, (place) => rowTime[place]!));
    return times;
  }
}
