/** Shortest digits are written with an exponent from this one on. */
const shortestExponent = 6;

/** Formats a float as fmt's %v and strconv.FormatFloat(value, 'g', -1, 64) do: shortest digits, an exponent below 1e-4 and from 1e6 on. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const { sign, digits, exponent } = shortest(value);
  if (exponent < -4 || exponent >= shortestExponent) return scientific(sign, digits, exponent);
  return plain(sign, digits, exponent);
}

/** Shortest digits that read back as the value: d.ddd × 10^exponent. */
function shortest(value: number): { readonly sign: string; readonly digits: string; readonly exponent: number } {
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential());
  return { sign: match?.[1] ?? '', digits: (match?.[2] ?? '') + (match?.[3] ?? ''), exponent: Number(match?.[4] ?? 0) };
}

function scientific(sign: string, digits: string, exponent: number): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function plain(sign: string, digits: string, exponent: number): string {
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits + '0'.repeat(exponent + 1 - digits.length);
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** %e, %f and %g with a precision; -1 is the shortest. */
export function formatFloatAs(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  if (!Number.isFinite(value)) return formatFloat(value);
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : '';
  const abs = Math.abs(value);
  if (verb === 'f') return sign + fixed(abs, precision < 0 ? shortestPlaces(abs) : precision);
  if (verb === 'e') {
    const [mantissa = '', exponent = '+0'] = (precision < 0 ? abs.toExponential() : exponential(abs, precision)).split('e');
    return `${sign}${mantissa}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
  }
  if (value === 0) return `${sign}0`;
  const wanted = precision < 0 ? -1 : Math.max(1, precision);
  const match = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(wanted < 0 ? abs.toExponential() : exponential(abs, wanted - 1));
  const digits = `${match?.[1] ?? ''}${match?.[2] ?? ''}`.replace(/0+$/, '') || '0';
  const exponent = Number(match?.[3] ?? 0);
  const limit = wanted < 0 ? shortestExponent : wanted > digits.length && digits.length >= exponent + 1 ? digits.length : wanted;
  return exponent < -4 || exponent >= limit ? scientific(sign, digits, exponent) : plain(sign, digits, exponent);
}

function shortestPlaces(value: number): number {
  if (value === 0) return 0;
  const { digits, exponent } = shortest(value);
  return Math.max(0, digits.length - 1 - exponent);
}

/** Exact decimal digits, rounded half to even on the exact binary value, for any precision. */
function fixed(value: number, places: number): string {
  const digits = scaled(value, places).toString().padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** As toExponential, but halves go to even digits. */
function exponential(value: number, places: number): string {
  if (value === 0) return `0${places > 0 ? `.${'0'.repeat(places)}` : ''}e+0`;
  let exponent = Number(value.toExponential().split('e')[1] ?? 0);
  let digits = scaled(value, places - exponent).toString();
  if (digits.length > places + 1) {
    exponent++;
    digits = digits.slice(0, -1);
  }
  return `${digits[0]}${places > 0 ? `.${digits.slice(1)}` : ''}e${exponent < 0 ? '' : '+'}${exponent}`;
}

/** value × 10^power, rounded half to even. */
function scaled(value: number, power: number): bigint {
  const { mantissa, power: binary } = exact(value);
  const numerator = mantissa * 10n ** BigInt(Math.max(0, power)) * 2n ** BigInt(Math.max(0, binary));
  const denominator = 10n ** BigInt(Math.max(0, -power)) * 2n ** BigInt(Math.max(0, -binary));
  const down = numerator / denominator;
  const twice = 2n * (numerator - down * denominator);
  return twice > denominator || (twice === denominator && (down & 1n) === 1n) ? down + 1n : down;
}

function exact(value: number): { readonly mantissa: bigint; readonly power: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return exponent === 0 ? { mantissa: fraction, power: -1074 } : { mantissa: fraction | (1n << 52n), power: exponent - 1075 };
}
