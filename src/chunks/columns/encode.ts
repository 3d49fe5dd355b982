import { segmentLimits } from '../limits.ts';
import { commonAffix, cutAffix, draftAffix, encodeAffix, lengthsWithout, withoutAffix, type Affix } from './affix.ts';
import type { Draft } from './base.ts';
import { bitWidth } from './bits.ts';
import type { ColumnValues, EncodedColumn } from './column.ts';
import { encodeConstant, isConstant } from './constant.ts';
import { draftDecimal } from './decimal.ts';
import { distinctOfSample, draftDictionary } from './dictionary.ts';
import { draftHex } from './hex.ts';
import { draftInteger } from './integer.ts';
import { draftIpv4 } from './ipv4.ts';
import { encodePool, poolDigitsMin, type HexPool } from './pool.ts';
import { encodeSame, findSame } from './same.ts';
import { encodeText } from './text.ts';
import { lengthsOf, type Lengths } from './texts.ts';
import { draftTime } from './time.ts';
import { draftUuid } from './uuid.ts';

/** What an encoder may lean on. */
export interface EncodeOptions {
  /** The columns of the template before this one; the number of a column is its place. */
  readonly earlier: readonly ColumnValues[];
  readonly pool: HexPool | null;
}

/** A guess at what is left of text after compression. */
const textPart = 0.6;
const dictionaryFactor = 1.1;
const dictionaryExtraBits = 2048;
/** So few distinct values are a dictionary without looking any further, if they are at most one in so many of the sample. */
const clearlyFew = { distinct: 16, oneIn: 16 };
/** Values of which at most one in so many of a sample is distinct do not go into the pool. */
const pooledOneIn = 8;
/** An affix around text pays from so many bytes on, if they are one in so many of all. */
const textAffix = { bytes: 4, oneIn: 8 };
const unlimited: Affix = { prefix: Infinity, suffix: Infinity };
const sampleSize = 32;
/** A sample of so many values with at most two repeated says that nearly all are distinct. */
const sampleJudged = 1024;
/** A dictionary of so few entries, each used so often, may take some more bits than what it is compared with: it answers more questions without work. */
const smallDictionary = { distinct: 256, oneIn: 4 };

/** Writes a column with the encoding that takes the fewest bytes. Every encoding gives the values back byte for byte. */
export function encodeColumn(values: ColumnValues, options: EncodeOptions): EncodedColumn {
  const { count } = values;
  if (count === 0) return encodeConstant(values);
  const lengths = lengthsOf(values);
  const constant = lengths.min === lengths.max && isConstant(values);
  if (constant && lengths.max <= segmentLimits.columnInlineBytesMax) return encodeConstant(values);
  const same = findSame(values, options.earlier);
  if (same >= 0) return encodeSame(same, count, lengths);
  const { distinct, sampled } = distinctOfSample(values);
  if (constant || (distinct <= clearlyFew.distinct && distinct * clearlyFew.oneIn <= sampled)) {
    const [time, dictionary] = [draftTime(values, lengths), draftDictionary(values, lengths, Infinity)];
    if (dictionary !== null) return (time !== null && time.bits < dictionary.bits ? time : dictionary).make();
  }
  const sample = sampleOf(values);
  // What repeats so much is better off in a dictionary of its own.
  const pool = distinct * pooledOneIn > sampled ? options.pool : null;
  const draft = binary(values, lengths, sample, pool) ?? affixed(values, lengths, sample, pool);
  const textBits = lengths.total * 8 * textPart + count * bitWidth(lengths.max - lengths.min);
  return (dictionaryBelow(values, lengths, draft?.bits ?? textBits, distinct, sampled) ?? draft)?.make() ?? textual(values, lengths);
}

interface Sample {
  readonly values: ColumnValues;
  readonly lengths: Lengths;
}

/** Some values from all over, so that kinds that do not fit are dropped without reading far; null where there are few anyway. */
function sampleOf(values: ColumnValues): Sample | null {
  const { count } = values;
  if (count < 8 * sampleSize) return null;
  const [start, length, time] = [new Uint32Array(sampleSize), new Uint32Array(sampleSize), new Float64Array(sampleSize)];
  for (let i = 0; i < sampleSize; i++) {
    // The last of each part, so that the last value of all is in it.
    const place = Math.floor(((i + 1) * count) / sampleSize) - 1;
    start[i] = values.start[place]!;
    length[i] = values.length[place]!;
    time[i] = values.time[place]!;
  }
  const few: ColumnValues = { ...values, start, length, time, count: sampleSize };
  return { values: few, lengths: lengthsOf(few) };
}

/** The best encoding that is no text, if there is one. */
function binary(values: ColumnValues, lengths: Lengths, sample: Sample | null, pool: HexPool | null): Draft | null {
  if (sample !== null && draftBinary(sample.values, sample.lengths, null) === null) return null;
  return draftBinary(values, lengths, pool);
}

function draftBinary(values: ColumnValues, lengths: Lengths, pool: HexPool | null): Draft | null {
  const [time, integer] = [draftTime(values, lengths), draftInteger(values, lengths)];
  if (time !== null || integer !== null) return time !== null && (integer === null || time.bits < integer.bits) ? time : integer;
  const pooled = pool === null || lengths.min < poolDigitsMin ? null : encodePool(values, pool);
  // The values are in the pool now, so nothing else is cheaper.
  if (pooled !== null) return { bits: 0, make: () => pooled };
  return draftHex(values, lengths) ?? draftDecimal(values, lengths) ?? draftUuid(values, lengths) ?? draftIpv4(values, lengths);
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHexDigit = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
const isOfNumbers = (byte: number): boolean => isDigit(byte) || byte === 0x2e;
const isOfTimes = (byte: number): boolean => (byte >= 0x2b && byte <= 0x3a) || byte === 0x20 || byte === 0x54 || byte === 0x5a;

/** What may belong to the rest although all values have it: digits that are the same by chance, or because a time goes on slowly. */
const cuts: readonly ((byte: number) => boolean)[] = [isDigit, isHexDigit, isOfNumbers, isOfTimes];

/** A prefix and a suffix around something that is no text. */
function affixed(values: ColumnValues, lengths: Lengths, sample: Sample | null, pool: HexPool | null): Draft | null {
  const few = sample ?? { values, lengths };
  const hint = commonAffix(few.values, few.lengths, unlimited);
  if (hint.prefix === 0 && hint.suffix === 0) return null;
  let tried = -1;
  for (const belongs of cuts) {
    const guess = cutAffix(few.values, hint, belongs);
    const key = guess.prefix * 256 + guess.suffix;
    if (key === tried || key === 0) continue;
    tried = key;
    if (draftBinary(withoutAffix(few.values, guess), lengthsWithout(few.lengths, guess, few.values.count), null) === null) continue;
    const affix = cutAffix(values, commonAffix(values, lengths, guess), belongs);
    if (affix.prefix === 0 && affix.suffix === 0) continue;
    const inner = draftBinary(withoutAffix(values, affix), lengthsWithout(lengths, affix, values.count), pool);
    if (inner !== null) return draftAffix(values, affix, inner);
  }
  return null;
}

/** A dictionary, if it takes no more bits. */
function dictionaryBelow(values: ColumnValues, lengths: Lengths, bits: number, distinct: number, sampled: number): Draft | null {
  const hopeless = sampled >= sampleJudged && distinct >= sampled - 2;
  const bitsMax = distinct <= smallDictionary.distinct && distinct * smallDictionary.oneIn <= sampled ? bits * dictionaryFactor + dictionaryExtraBits : bits;
  if (hopeless || values.count * bitWidth(distinct - 1) > bitsMax) return null;
  const draft = draftDictionary(values, lengths, bitsMax);
  return draft !== null && draft.bits <= bitsMax ? draft : null;
}

function textual(values: ColumnValues, lengths: Lengths): EncodedColumn {
  const { count } = values;
  const affix = commonAffix(values, lengths, unlimited);
  const around = affix.prefix + affix.suffix;
  if (around < textAffix.bytes || around * textAffix.oneIn * count < lengths.total) return encodeText(values, lengths);
  return encodeAffix(values, affix, encodeText(withoutAffix(values, affix), lengthsWithout(lengths, affix, count)));
}
