import { parseDuration, quoteGo } from '../../model/mod.ts';
import { parseFloatGo } from '../template/mod.ts';

const unitNs: ReadonlyMap<string, bigint> = new Map([
  ['y', 31_536_000_000_000_000n],
  ['w', 604_800_000_000_000n],
  ['d', 86_400_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
]);
const unitOrder = [...unitNs.keys()];
const int64Max = 2n ** 63n - 1n;

/** The duration in `[…]`, in Prometheus' form, or the error that Loki words for it. */
export function readRange(text: string): bigint | { readonly error: string } {
  if (text === '0') return 0n;
  if (text === '') return { error: 'empty duration string' };
  const bad = { error: `not a valid duration string: ${quoteGo(text)}` };
  let total = 0n;
  let last = -1;
  for (let rest = text; rest !== ''; ) {
    const digits = /^[0-9]+/.exec(rest)?.[0];
    if (digits === undefined || digits.length > 20) return bad;
    rest = rest.slice(digits.length);
    const unit = /^[^0-9]+/.exec(rest)?.[0];
    if (unit === undefined) return bad;
    rest = rest.slice(unit.length);
    const size = unitNs.get(unit);
    if (size === undefined) return { error: `unknown unit ${quoteGo(unit)} in duration ${quoteGo(text)}` };
    const order = unitOrder.indexOf(unit);
    if (order <= last) return bad;
    last = order;
    total += BigInt(digits) * size;
    if (total > int64Max) return { error: 'duration out of range' };
  }
  return total;
}

/** A duration outside brackets: `5m`, `1.5s`, `-30s`. */
export function readDuration(text: string): bigint | undefined {
  // Digits without end would make parsing quadratic; no duration is that long.
  return text.length > 64 ? undefined : parseDuration(text);
}

/** A number as Go's strconv.ParseFloat reads it, or the reason why it is none. */
export function readFloat(text: string): number | { readonly error: string } {
  const { value, error } = parseFloatGo(text);
  return error === null ? value : { error };
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, "'": 39, '"': 34 };

/**
 * What a quoted literal means: backquotes mean what they hold, in double quotes Go's escapes are undone. Bytes written as escapes that are no UTF-8
 * become U+FFFD. Undefined if the literal is none.
 */
export function unquote(literal: string): string | undefined {
  const quote = literal[0];
  const body = literal.slice(1, -1);
  if (literal.length < 2 || !literal.endsWith(quote ?? '')) return undefined;
  if (quote === '`') return body.includes('`') ? undefined : body;
  if (body.includes('\n')) return undefined;
  if (!body.includes('\\')) return body;
  const parts: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    const slash = body.indexOf('\\', at);
    if (slash < 0) {
      parts.push(Buffer.from(body.slice(at)));
      break;
    }
    if (slash > at) parts.push(Buffer.from(body.slice(at, slash)));
    const letter = body[slash + 1] ?? '';
    const code = escapes[letter];
    if (code !== undefined) {
      if ((letter === "'" || letter === '"') && letter !== quote) return undefined;
      parts.push(Buffer.of(code));
      at = slash + 2;
      continue;
    }
    const digits = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
    const text = digits > 0 ? body.slice(slash + 2, slash + 2 + digits) : body.slice(slash + 1, slash + 4);
    if (digits > 0 ? text.length !== digits || !/^[0-9a-fA-F]+$/.test(text) : !/^[0-7]{3}$/.test(text)) return undefined;
    const value = Number.parseInt(text, digits > 0 ? 16 : 8);
    if (digits <= 2) {
      if (value > 255) return undefined;
      parts.push(Buffer.of(value));
    } else {
      if (value > 0x10ffff) return undefined;
      // Half a surrogate pair becomes U+FFFD here.
      parts.push(Buffer.from(String.fromCodePoint(value)));
    }
    at = slash + 1 + text.length + (digits > 0 ? 1 : 0);
  }
  return Buffer.concat(parts).toString('utf8');
}
