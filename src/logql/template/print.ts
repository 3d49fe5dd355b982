import { quoteGo } from '../../model/mod.ts';
import { formatFloat, formatFloatAs } from './floats.ts';
import { GoTime } from './time.ts';
import { isLabels, isList, isMap, NamedInteger, sortedKeys, TemplateError, typeName, type GoValue } from './values.ts';

/** fmt's %v. */
export function printValue(value: GoValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return formatFloat(value);
  if (value === null || value === undefined) return '<nil>';
  if (value instanceof GoTime) return value.toString();
  if (value instanceof NamedInteger) return value.name;
  if (isList(value)) return `[${value.map(printValue).join(' ')}]`;
  if (isMap(value)) return `map[${sortedKeys(value).map((key) => `${key}:${printValue(value.get(key))}`).join(' ')}]`;
  return `map[${value.entries().map(([key, text]) => `${key}:${text}`).join(' ')}]`;
}

/** fmt.Sprint: a space between operands of which neither is a string. */
export function print(values: readonly GoValue[]): string {
  let text = '';
  for (const [i, value] of values.entries()) {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') text += ' ';
    text += printValue(value);
  }
  return text;
}

/** Bytes that one printf may make. */
const printfMax = 1 << 20;

interface Verb {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number;
  readonly precision: number;
  readonly letter: string;
}

/** fmt.Sprintf. */
export function printf(format: string, values: readonly GoValue[]): string {
  let text = '';
  let next = 0;
  let reordered = false;
  const pattern = /%([-+# 0]*)(?:(?:\[(\d+)\])?(\*)|(\d+))?(?:(\.)(?:(?:\[(\d+)\])?(\*)|(\d*)))?(?:\[(\d+)\])?([\s\S]?)/gu;
  let last = 0;
  for (const match of format.matchAll(pattern)) {
    text += format.slice(last, match.index);
    last = match.index + match[0].length;
    const [, flags = '', widthArgument, widthStar, widthDigits, dot, precisionArgument, precisionStar, precisionDigits, argument, letter = ''] = match;
    if (letter === '') {
      text += '%!(NOVERB)';
      continue;
    }
    const star = (position: string | undefined): number | null => {
      if (position !== undefined) {
        next = Number(position) - 1;
        reordered = true;
      }
      const value = values[next++];
      return typeof value === 'bigint' && value >= -1_000_000n && value <= 1_000_000n ? Number(value) : null;
    };
    let minus = flags.includes('-');
    let width = widthDigits === undefined ? -1 : Number(widthDigits);
    if (widthStar !== undefined) {
      const given = star(widthArgument);
      if (given === null) text += '%!(BADWIDTH)';
      else {
        width = Math.abs(given);
        minus ||= given < 0;
      }
    }
    let precision = dot === undefined ? -1 : Number(precisionDigits ?? 0);
    if (precisionStar !== undefined) {
      const given = star(precisionArgument);
      precision = given === null || given < 0 ? -1 : given;
      if (given === null) text += '%!(BADPREC)';
    }
    if (width > 1_000_000) {
      text += '%!(BADWIDTH)';
      width = -1;
    }
    if (precision > 1_000_000) {
      text += '%!(BADPREC)';
      precision = -1;
    }
    if (letter === '%') {
      text += '%';
      continue;
    }
    if (argument !== undefined) {
      next = Number(argument) - 1;
      reordered = true;
      if (next < 0 || next >= values.length) {
        text += `%!${letter}(BADINDEX)`;
        continue;
      }
    }
    if (next >= values.length) {
      text += `%!${letter}(MISSING)`;
      continue;
    }
    const zero = flags.includes('0') && !minus;
    text += formatVerb({ minus, plus: flags.includes('+'), sharp: flags.includes('#'), space: flags.includes(' '), zero, width, precision, letter }, values[next++]);
    if (text.length > printfMax) throw new TemplateError('printf makes more than 1 MiB');
  }
  text += format.slice(last);
  if (!reordered && next < values.length) text += `%!(EXTRA ${values.slice(next).map((value) => `${typeName(value)}=${printValue(value)}`).join(', ')})`;
  return text;
}

function formatVerb(verb: Verb, value: GoValue): string {
  if (verb.letter === 'T') return pad(verb, value === null || value === undefined ? '<nil>' : typeName(value));
  if (value === null || value === undefined) return verb.letter === 'v' ? pad(verb, '<nil>') : `%!${verb.letter}(<nil>)`;
  const inner = value instanceof GoTime ? value.toString() : value instanceof NamedInteger ? plainInteger(value, verb.letter) : value;
  const text = formatKnown(verb, inner);
  return text ?? `%!${verb.letter}(${typeName(value)}=${printValue(value)})`;
}

/** Named integers print by name where the verb takes text. */
function plainInteger(value: NamedInteger, letter: string): string | bigint {
  return value.type !== 'int64' && 'svqxX'.includes(letter) ? value.name : value.value;
}

function formatKnown(verb: Verb, value: Exclude<GoValue, null | undefined | GoTime | NamedInteger>): string | null {
  if (isList(value)) return `[${value.map((item) => formatVerb(verb, item)).join(' ')}]`;
  if (isMap(value)) return `map[${sortedKeys(value).map((key) => `${formatVerb(verb, key)}:${formatVerb(verb, value.get(key))}`).join(' ')}]`;
  if (isLabels(value)) return `map[${value.entries().map(([key, text]) => `${formatVerb(verb, key)}:${formatVerb(verb, text)}`).join(' ')}]`;
  if (typeof value === 'string') return formatString(verb, value);
  if (typeof value === 'boolean') return verb.letter === 't' || verb.letter === 'v' ? pad(verb, String(value)) : null;
  return typeof value === 'bigint' ? formatInteger(verb, value) : formatNumber(verb, value);
}

function pad(verb: Verb, text: string, zero = false): string {
  const length = Array.from(text).length;
  if (verb.width <= length) return text;
  const fill = verb.width - length;
  if (verb.minus) return text + ' '.repeat(fill);
  if (!zero) return (verb.zero && verb.letter !== 'v' ? '0' : ' ').repeat(fill) + text;
  const sign = /^[-+ ]?(?:0[xXbo])?/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(fill) + text.slice(sign.length);
}

function formatString(verb: Verb, value: string): string | null {
  const cut = (text: string): string => (verb.precision >= 0 ? Array.from(text).slice(0, verb.precision).join('') : text);
  const { letter } = verb;
  if (letter === 's' || letter === 'v') return pad(verb, letter === 'v' && verb.sharp ? quoteGo(value) : cut(value));
  if (letter === 'q') return pad(verb, verb.sharp && !/[`\ufeff]|(?!\t)\p{Cc}/u.test(cut(value)) ? `\`${cut(value)}\`` : quoteGo(cut(value)));
  if (letter !== 'x' && letter !== 'X') return null;
  let bytes = Buffer.from(value, 'utf8');
  if (verb.precision >= 0) bytes = bytes.subarray(0, verb.precision);
  let hex = verb.space
    ? Array.from(bytes, (byte) => (verb.sharp ? '0x' : '') + byte.toString(16).padStart(2, '0')).join(' ')
    : (verb.sharp && bytes.length > 0 ? '0x' : '') + bytes.toString('hex');
  if (letter === 'X') hex = hex.toUpperCase();
  return pad(verb, hex);
}

const bases: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function formatInteger(verb: Verb, value: bigint): string | null {
  const { letter } = verb;
  if (letter === 'c' || letter === 'q' || letter === 'U') {
    const code = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn) ? Number(value) : 0xfffd;
    if (letter === 'c') return pad(verb, String.fromCodePoint(code));
    if (letter === 'U') return pad(verb, `U+${value.toString(16).toUpperCase().padStart(4, '0')}`);
    const quoted = quoteGo(String.fromCodePoint(code)).slice(1, -1);
    return pad(verb, `'${quoted === "'" ? "\\'" : quoted === '\\"' ? '"' : quoted}'`);
  }
  const base = bases[letter];
  if (base === undefined) return null;
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(base);
  if (verb.precision >= 0) digits = verb.precision === 0 && value === 0n ? '' : digits.padStart(verb.precision, '0');
  if (letter === 'X') digits = digits.toUpperCase();
  if (verb.sharp) digits = (base === 16 ? (letter === 'X' ? '0X' : '0x') : base === 2 ? '0b' : letter === 'o' && !digits.startsWith('0') ? '0' : '') + digits;
  if (letter === 'O') digits = `0o${digits}`;
  const sign = negative ? '-' : verb.plus ? '+' : verb.space ? ' ' : '';
  const zero = verb.zero && verb.precision < 0;
  return pad(zero ? verb : { ...verb, zero: false }, sign + digits, zero);
}

function formatNumber(verb: Verb, value: number): string | null {
  const letter = verb.letter === 'F' ? 'f' : verb.letter;
  const lower = letter.toLowerCase();
  if (!['e', 'f', 'g', 'v'].includes(lower)) return null;
  let text: string;
  if (lower === 'v' || (lower === 'g' && verb.precision < 0)) text = verb.precision < 0 ? formatFloat(value) : formatFloatAs(value, 'g', verb.precision);
  else text = formatFloatAs(value, lower === 'e' ? 'e' : lower === 'f' ? 'f' : 'g', verb.precision < 0 ? 6 : verb.precision);
  if (letter === 'E' || letter === 'G') text = text.toUpperCase();
  if (verb.plus && !text.startsWith('-') && !text.startsWith('+')) text = `+${text}`;
  else if (verb.space && !text.startsWith('-')) text = ` ${text}`;
  const finite = Number.isFinite(value);
  return pad(finite ? verb : { ...verb, zero: false }, text, verb.zero && finite);
}
