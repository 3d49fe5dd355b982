import { print, printf, printValue } from '../print.ts';
import { fromJson, isLabels, isList, isMap, isTrue, NamedInteger, TemplateError, typeName, type GoValue } from '../values.ts';
import { GoTime } from '../time.ts';
import { define, type TemplateFunction } from './spec.ts';
import { urlEncode } from './strings.ts';

type Kind = 'bool' | 'string' | 'int' | 'float';

function kindOf(value: GoValue): Kind {
  const kind = basicKind(value);
  if (kind === null) throw new TemplateError('invalid type for comparison');
  return kind;
}

function incompatible(a: GoValue, b: GoValue): TemplateError {
  return new TemplateError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

/** Null for what has no order. */
function basicKind(value: GoValue): Kind | null {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint' || value instanceof NamedInteger) return 'int';
  return typeof value === 'number' ? 'float' : null;
}

function plain(value: GoValue): GoValue {
  return value instanceof NamedInteger ? value.value : value;
}

function equal(first: GoValue, ...others: GoValue[]): boolean {
  if (others.length === 0) throw new TemplateError('missing argument for comparison');
  return others.some((other) => {
    if (first === null || first === undefined || other === null || other === undefined) return (first ?? null) === (other ?? null);
    const [kind, otherKind] = [basicKind(first), basicKind(other)];
    if (kind !== otherKind) throw incompatible(first, other);
    if (kind !== null) return plain(first) === plain(other);
    if (first instanceof GoTime && other instanceof GoTime) return first.seconds === other.seconds && first.nanosecond === other.nanosecond;
    if (isList(first) !== isList(other) || first instanceof GoTime || other instanceof GoTime) {
      throw new TemplateError(`non-comparable types ${printValue(first)}: ${typeName(first)}, ${typeName(other)}: ${printValue(other)}`);
    }
    throw new TemplateError(`non-comparable type ${printValue(other)}: ${typeName(other)}`);
  });
}

function less(a: GoValue, b: GoValue): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) throw incompatible(a, b);
  if (kind === 'bool') throw new TemplateError('invalid type for comparison');
  const left = plain(a);
  const right = plain(b);
  if (typeof left === 'string' && typeof right === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;
  return (left as bigint | number) < (right as bigint | number);
}

function length(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(value.size);
  if (isLabels(value)) return BigInt(value.entries().length);
  throw new TemplateError(value === null || value === undefined ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

function indexNumber(given: GoValue, size: number, inclusive: boolean, of = 'slice'): number {
  const value = plain(given);
  if (typeof value !== 'bigint') throw new TemplateError(value === null || value === undefined ? 'cannot index slice/array with nil' : `cannot index slice/array with type ${typeName(value)}`);
  if (value < 0n || value > BigInt(size)) throw new TemplateError(`index out of range: ${value}`);
  if (!inclusive && value === BigInt(size)) throw new TemplateError(`reflect: ${of} index out of range`);
  return Number(value);
}

function index(of: GoValue, ...keys: GoValue[]): GoValue {
  let value = of;
  for (const key of keys) {
    if (isMap(value) || isLabels(value)) {
      if (typeof key !== 'string') throw new TemplateError(`value has type ${typeName(key)}; should be string`);
      value = isMap(value) ? (value.get(key) ?? null) : (value.get(key) ?? '');
    } else if (typeof value === 'string') {
      const bytes = Buffer.from(value);
      value = BigInt(bytes[indexNumber(key, bytes.length, false, 'string')] ?? 0);
    } else if (isList(value)) value = value[indexNumber(key, value.length, false)];
    else throw new TemplateError(value === null || value === undefined ? 'index of untyped nil' : `can't index item of type ${typeName(value)}`);
  }
  return value;
}

function slice(of: GoValue, ...bounds: GoValue[]): GoValue {
  if (bounds.length > 3) throw new TemplateError(`too many slice indexes: ${bounds.length}`);
  if (typeof of === 'string') {
    if (bounds.length === 3) throw new TemplateError('cannot 3-index slice a string');
    const bytes = Buffer.from(of);
    const [from, to] = sliceBounds(bounds, bytes.length);
    return bytes.subarray(from, to).toString('utf8');
  }
  if (!isList(of)) throw new TemplateError(of === null || of === undefined ? 'slice of untyped nil' : `can't slice item of type ${typeName(of)}`);
  const [from, to] = sliceBounds(bounds, of.length);
  return of.slice(from, to);
}

function sliceBounds(bounds: readonly GoValue[], size: number): readonly [number, number] {
  const from = bounds.length > 0 ? indexNumber(bounds[0], size, true) : 0;
  const to = bounds.length > 1 ? indexNumber(bounds[1], size, true) : size;
  if (from > to) throw new TemplateError(`invalid slice index: ${from} > ${to}`);
  return [from, to];
}

const htmlEscapes: Readonly<Record<string, string>> = { '"': '&#34;', "'": '&#39;', '&': '&amp;', '<': '&lt;', '>': '&gt;', '\0': '\ufffd' };
const jsEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '"': '\\"', '<': '\\u003C', '>': '\\u003E', '&': '\\u0026', '=': '\\u003D' };

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=]|[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu, (character) => jsEscapes[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
}

/** sprig's empty(), for default: times are never empty. */
function isEmpty(value: GoValue): boolean {
  return !(value instanceof GoTime) && !isTrue(value);
}

/** Go's predefined functions (and, or and the calls of short circuit stand in exec.ts), fromJson and default. */
export const builtinFunctions: Readonly<Record<string, TemplateFunction>> = {
  not: define(['any'], (value: GoValue) => !isTrue(value)),
  len: define(['any'], length),
  index: define(['any'], index, 'any'),
  slice: define(['any'], slice, 'any'),
  print: define([], (...values: GoValue[]) => print(values), 'any'),
  println: define([], (...values: GoValue[]) => `${values.map(printValue).join(' ')}\n`, 'any'),
  printf: define(['string'], (format: string, ...values: GoValue[]) => printf(format, values), 'any'),
  html: define([], (...values: GoValue[]) => print(values).replace(/["'&<>\0]/g, (character) => htmlEscapes[character] ?? character), 'any'),
  js: define([], (...values: GoValue[]) => escapeJs(print(values)), 'any'),
  urlquery: define([], (...values: GoValue[]) => urlEncode(print(values)), 'any'),
  eq: define(['any'], equal, 'any'),
  ne: define(['any', 'any'], (a: GoValue, b: GoValue) => !equal(a, b)),
  lt: define(['any', 'any'], less),
  le: define(['any', 'any'], (a: GoValue, b: GoValue) => less(a, b) || equal(a, b)),
  gt: define(['any', 'any'], (a: GoValue, b: GoValue) => !(less(a, b) || equal(a, b))),
  ge: define(['any', 'any'], (a: GoValue, b: GoValue) => !less(a, b)),
  fromJson: define(['string'], fromJson),
  default: define(['any'], (fallback: GoValue, ...given: GoValue[]) => (given.length === 0 || isEmpty(given[0]) ? fallback : given[0]), 'any'),
};
