import { parseBytesGo, parseDurationGo, parseFloatGo } from '../template/mod.ts';

/** What a field's values look like, by Loki's names. */
export type FieldType = 'int' | 'float' | 'boolean' | 'duration' | 'bytes' | 'string';

const int64Max = 2n ** 63n - 1n;
const booleans: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']);
/** Units after which Loki takes a value for a size where it lists values. */
const sizeUnits = ['b', 'kb', 'mb', 'gb', 'tb', 'pb', 'eb', 'k', 'm', 'g', 't', 'p', 'e', 'ki', 'mi', 'gi', 'ti', 'pi', 'ei'];
const unitNames = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** The first type, in Loki's order, whose parser in Go's library takes the value. */
export function fieldType(value: string): FieldType {
  if (isInt64(value)) return 'int';
  if (parseFloatGo(value).error === null) return 'float';
  if (booleans.has(value)) return 'boolean';
  if (parseDurationGo(value).error === null) return 'duration';
  return parseBytesGo(value).error === null ? 'bytes' : 'string';
}

/** strconv.ParseInt(value, 10, 64). */
function isInt64(value: string): boolean {
  const match = /^([+-]?)0*(\d{1,19})$/.exec(value);
  if (match === null) return false;
  const magnitude = BigInt(match[2] ?? '0');
  return magnitude <= (match[1] === '-' ? int64Max + 1n : int64Max);
}

/** A value as `detected_field/{name}/values` lists it: sizes (also durations in minutes, as in Loki) as `1.5kB`, all else as it is. */
export function listedValue(value: string): string {
  const lower = value.toLowerCase();
  if (!sizeUnits.some((unit) => lower.endsWith(unit))) return value;
  const { value: bytes, error } = parseBytesGo(value);
  return error === null ? shortSize(bytes) : value;
}

/** humanize.Bytes of github.com/dustin/go-humanize, without its space. */
function shortSize(bytes: number): string {
  if (!(bytes >= 10)) return `${bytes}B`;
  const power = Math.floor(Math.log(bytes) / Math.log(1000));
  const size = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10;
  return `${size < 10 ? size.toFixed(1) : halfToEven(size)}${unitNames[power] ?? ''}`;
}

/** As Go's %.0f rounds. */
function halfToEven(value: number): number {
  const whole = Math.floor(value);
  return value - whole === 0.5 ? whole + (whole % 2) : Math.round(value);
}
