/** A number as Go's strconv.FormatFloat(v, 'f', -1, 64) writes it: shortest, never with an exponent; `NaN`, `+Inf`, `-Inf`. */
export function formatGoFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', head = '', fraction = '', power = '0'] = match;
  const digits = head + fraction;
  const point = 1 + Number(power);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + (digits.length > point ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits.padEnd(point, '0'));
}

/** A number as Loki prints it: as few digits as are needed, with an exponent below 1e-4 and from 1e6 on. */
export function formatGoGeneral(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatGoFloat(value);
  const match = /^(.*)e([+-])(\d+)$/.exec(value.toExponential());
  const power = Number(`${match?.[2] ?? ''}${match?.[3] ?? '0'}`);
  if (match === null || (power >= -4 && power < 6)) return formatGoFloat(value);
  return `${match[1]}e${match[2]}${(match[3] ?? '').padStart(2, '0')}`;
}

/** A number as Go's %f writes it: six digits behind the point, all before it. */
export function formatGoFixed(value: number): string {
  if (!Number.isFinite(value)) return formatGoFloat(value);
  const size = Math.abs(value);
  // toFixed writes an exponent from here on; doubles of this size have no fraction.
  const text = size < 1e21 ? size.toFixed(6) : `${BigInt(size)}.000000`;
  return value < 0 || Object.is(value, -0) ? `-${text}` : text;
}

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** A size as go-humanize's Bytes writes it, without the space: `82B`, `5.0MB`, `12MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 10) return `${bytes}B`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3 + 1e-12), sizeUnits.length - 1);
  const value = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)}${sizeUnits[power] ?? 'B'}`;
}
