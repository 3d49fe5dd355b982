import { quoteGo } from '../../model/mod.ts';

/** A converted value, or the text of Go's error. */
export type Converted = { readonly value: number; readonly error: null } | { readonly value: number; readonly error: string };

const decimalPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinityPattern = /^([+-]?)inf(?:inity)?$/i;
const hexPattern = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/;

/** strconv.ParseFloat(text, 64). */
export function parseFloatGo(text: string): Converted {
  const bare = text.includes('_') ? withoutUnderscores(text) : text;
  if (bare !== null && decimalPattern.test(bare)) {
    const value = Number(bare);
    return Number.isFinite(value) ? { value, error: null } : { value, error: `strconv.ParseFloat: parsing ${quoteGo(text)}: value out of range` };
  }
  const infinity = infinityPattern.exec(text);
  if (infinity !== null) return { value: infinity[1] === '-' ? -Infinity : Infinity, error: null };
  if (/^nan$/i.test(text)) return { value: Number.NaN, error: null };
  const hex = hexPattern.exec(bare ?? '');
  const digits = (hex?.[2] ?? '') + (hex?.[3] ?? '');
  if (hex !== null && digits !== '') {
    const mantissa = Number(BigInt(`0x${digits}`));
    const value = mantissa * 2 ** (Number(hex[4]) - 4 * (hex[3] ?? '').length);
    return { value: hex[1] === '-' ? -value : value, error: null };
  }
  return { value: 0, error: `strconv.ParseFloat: parsing ${quoteGo(text)}: invalid syntax` };
}

/** Underscores may stand between digits only; null where they do not. */
function withoutUnderscores(text: string): string | null {
  return /^_|__|_$|[^0-9a-fA-FxX]_|_[^0-9a-fA-F]/.test(text.replace(/^[+-]/, '')) ? null : text.replaceAll('_', '');
}

/** strconv.ParseInt(text, 0, 64): base by prefix; null where it is none or does not fit. */
export function parseIntegerGo(text: string): bigint | null {
  const bare = text.includes('_') ? (withoutUnderscores(text) ?? '') : text;
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/.exec(bare);
  if (match === null) return null;
  const digits = match[2] ?? '0';
  const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : BigInt(digits.toLowerCase());
  const value = match[1] === '-' ? -magnitude : magnitude;
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : null;
}

/** How Go's package time quotes what it cannot read: bytes that are not printable ASCII as escapes. */
function quoteTime(text: string): string {
  const escape = (piece: string): string => Array.from(Buffer.from(piece), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[^\x20-\x7f]+/gu, escape)}"`;
}

const durationUnits: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** One number with few digits and a unit up to seconds: exact in doubles. */
const shortDuration = /^(\d{1,6})(?:\.(\d{1,6}))?(ns|us|µs|ms|s)$/;

/** time.ParseDuration; the value is in nanoseconds. */
export function parseDurationGo(text: string): Converted {
  const short = shortDuration.exec(text);
  if (short !== null) {
    const unit = durationUnits[short[3]!]!;
    const fraction = short[2] ?? '';
    return { value: Number(short[1]) * unit + (fraction === '' ? 0 : Math.floor((Number(fraction) * unit) / 10 ** fraction.length)), error: null };
  }
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === '0') return { value: 0, error: null };
  const invalid: Converted = { value: 0, error: `time: invalid duration ${quoteTime(text)}` };
  if (rest === '') return invalid;
  let total = 0n;
  while (rest !== '') {
    const match = /^(\d*)(\.?)(\d*)([^\d.]*)/.exec(rest);
    const whole = match?.[1] ?? '';
    const fraction = match?.[3] ?? '';
    if (whole === '' && fraction === '') return invalid;
    const unitName = match?.[4] ?? '';
    if (unitName === '') return { value: 0, error: `time: missing unit in duration ${quoteTime(text)}` };
    const unit = durationUnits[unitName];
    if (unit === undefined) return { value: 0, error: `time: unknown unit ${quoteTime(unitName)} in duration ${quoteTime(text)}` };
    if (whole.length > 19) return invalid;
    total += BigInt(whole === '' ? '0' : whole) * BigInt(unit) + fractionOf(fraction, unit);
    if (total > 2n ** 63n - (sign < 0 ? 0n : 1n)) return invalid;
    rest = rest.slice(match?.[0].length ?? rest.length);
  }
  return { value: sign * Number(total), error: null };
}

function fractionOf(digits: string, unit: number): bigint {
  const used = digits.slice(0, 18);
  return used === '' ? 0n : (BigInt(used) * BigInt(unit)) / 10n ** BigInt(used.length);
}

const sizeUnits: ReadonlyMap<string, number> = new Map(
  Object.entries({ '': 1, b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40, pib: 2 ** 50, eib: 2 ** 60, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, pb: 1e15, eb: 1e18 }).concat(
    Object.entries({ ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40, pi: 2 ** 50, ei: 2 ** 60, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15, e: 1e18 }),
  ),
);

/** humanize.ParseBytes. */
export function parseBytesGo(text: string): Converted {
  const number = /^[\p{Nd}.,]*/u.exec(text)?.[0] ?? '';
  const parsed = parseFloatGo(number.replaceAll(',', ''));
  if (parsed.error !== null) return parsed;
  const unitName = text.slice(number.length).trim().toLowerCase();
  const unit = sizeUnits.get(unitName);
  if (unit === undefined) return { value: 0, error: `unhandled size name: ${unitName}` };
  const value = parsed.value * unit;
  if (value >= 2 ** 64) return { value: 0, error: `too large: ${text}` };
  return { value: Math.trunc(value), error: null };
}
