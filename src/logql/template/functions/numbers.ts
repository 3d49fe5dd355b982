import { parseBytesGo, parseDurationGo, parseFloatGo, parseIntegerGo, type Converted } from '../conversions.ts';
import { addDecimals, decimalOf, decimalToFloat, divideDecimals, multiplyDecimals, negate, type Decimal } from '../decimal.ts';
import { int64, NamedInteger, TemplateError, type GoValue } from '../values.ts';
import { define, type TemplateFunction } from './spec.ts';

/** cast.ToInt64: what is no number is 0; decimals are cut. */
export function toInteger(value: GoValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return truncate(value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (value instanceof NamedInteger) return value.value;
  if (typeof value !== 'string' || value === '') return 0n;
  const decimal = /^([-+]?\d*)(?:\.\d*)?$/.exec(value);
  const whole = !value.includes('.') || decimal === null ? value : decimal[1] === '' || decimal[1] === '-' || decimal[1] === '+' ? '0' : (decimal[1] ?? '');
  return parseIntegerGo(whole) ?? 0n;
}

/** Go's conversion of a float to int64 on amd64: what does not fit is the smallest integer. */
function truncate(value: number): bigint {
  return Number.isFinite(value) && Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : -(2n ** 63n);
}

/** cast.ToFloat64: what is no number is 0. */
export function toFloat(value: GoValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof NamedInteger) return Number(value.value);
  if (typeof value !== 'string' || value === '') return 0;
  const parsed = parseFloatGo(value);
  return parsed.error === null ? parsed.value : 0;
}

/** An int64, wrapped to 64 bits. */
function long(value: bigint): NamedInteger {
  return int64(BigInt.asIntN(64, value));
}

function divisor(value: GoValue): bigint {
  const by = toInteger(value);
  if (by === 0n) throw new TemplateError('runtime error: integer divide by zero');
  return by;
}

function decimals(first: GoValue, rest: readonly GoValue[], operation: (a: Decimal, b: Decimal) => Decimal): number {
  let result = decimalOf(finite(first));
  for (const value of rest) result = operation(result, decimalOf(finite(value)));
  return decimalToFloat(result);
}

function finite(value: GoValue): number {
  const float = toFloat(value);
  if (!Number.isFinite(float)) throw new TemplateError(`Cannot create a Decimal from ${Number.isNaN(float) ? 'NaN' : float > 0 ? '+Inf' : '-Inf'}`);
  return float;
}

function divide(a: Decimal, b: Decimal): Decimal {
  if (b.digits === 0n) throw new TemplateError('decimal division by 0');
  return divideDecimals(a, b);
}

/** sprig's round: halves (or fractions from `on` up) go up, by the float's own digits. */
function round(value: GoValue, places: bigint, on: number[]): number {
  const power = 10 ** Number(places);
  const digit = power * toFloat(value);
  const fraction = digit - Math.trunc(digit);
  return (fraction >= (on[0] ?? 0.5) ? Math.ceil(digit) : Math.floor(digit)) / power;
}

function converted(result: Converted): number {
  if (result.error !== null) throw new TemplateError(result.error);
  return result.value;
}

function seconds(text: string): number {
  return converted(parseDurationGo(text)) / 1e9;
}

/** Functions over numbers. */
export const numberFunctions: Readonly<Record<string, TemplateFunction>> = {
  int: define(['any'], toInteger),
  float64: define(['any'], toFloat),
  add: define([], (...values: GoValue[]) => long(values.reduce<bigint>((sum, value) => sum + toInteger(value), 0n)), 'any'),
  sub: define(['any', 'any'], (a: GoValue, b: GoValue) => long(toInteger(a) - toInteger(b))),
  mul: define(['any'], (...values: GoValue[]) => long(values.reduce<bigint>((product, value) => BigInt.asIntN(64, product * toInteger(value)), 1n)), 'any'),
  div: define(['any', 'any'], (a: GoValue, b: GoValue) => long(toInteger(a) / divisor(b))),
  mod: define(['any', 'any'], (a: GoValue, b: GoValue) => long(toInteger(a) % divisor(b))),
  max: define(['any'], (...values: GoValue[]) => long(values.map(toInteger).reduce((a, b) => (b > a ? b : a))), 'any'),
  min: define(['any'], (...values: GoValue[]) => long(values.map(toInteger).reduce((a, b) => (b < a ? b : a))), 'any'),
  addf: define([], (...values: GoValue[]) => decimals(0, values, addDecimals), 'any'),
  subf: define(['any'], (first: GoValue, ...rest: GoValue[]) => decimals(first, rest, (a, b) => addDecimals(a, negate(b))), 'any'),
  mulf: define(['any'], (first: GoValue, ...rest: GoValue[]) => decimals(first, rest, multiplyDecimals), 'any'),
  divf: define(['any'], (first: GoValue, ...rest: GoValue[]) => decimals(first, rest, divide), 'any'),
  maxf: define(['any'], (...values: GoValue[]) => Math.max(...values.map(toFloat)), 'any'),
  minf: define(['any'], (...values: GoValue[]) => Math.min(...values.map(toFloat)), 'any'),
  ceil: define(['any'], (value: GoValue) => Math.ceil(toFloat(value))),
  floor: define(['any'], (value: GoValue) => Math.floor(toFloat(value))),
  round: define(['any', 'int'], (value: GoValue, places: bigint, ...on: number[]) => round(value, places, on), 'float'),
  bytes: define(['string'], (text: string) => converted(parseBytesGo(text))),
  duration: define(['string'], seconds),
  duration_seconds: define(['string'], seconds),
};
