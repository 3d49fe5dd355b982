import { decodeText } from '../regex/mod.ts';

/** An IP address; v4 in 4 bytes, v6 in 16, with a zone only if it has one. */
interface Address {
  readonly bytes: readonly number[];
  readonly zone: string;
}

/** Whether an address lies in what the query names. */
type AddressMatcher = (address: Address) => boolean;

/** Searches texts for addresses that match. */
export type IpFilter = (bytes: Uint8Array, from: number, to: number) => boolean;

/**
 * Compiles `ip("…")`: one address, a range `a-b`, or a CIDR prefix. Null where it is none of these (Loki: `ip: invalid pattern: "…"`).
 * An address is found where a digit or hex digits and a dot or colon begin, as Loki looks for them.
 */
export function compileIp(pattern: string): IpFilter | null {
  const matcher = parsePattern(pattern);
  return matcher === null ? null : (bytes, from, to) => search(matcher, bytes, from, to);
}

function parsePattern(pattern: string): AddressMatcher | null {
  const single = parseAddress(pattern);
  if (single !== null) return (address) => compare(address, single) === 0 && address.zone === single.zone;
  const prefix = parsePrefix(pattern);
  if (prefix !== null) return prefix;
  const dash = pattern.indexOf('-');
  if (dash < 0) return null;
  const first = parseAddress(pattern.slice(0, dash));
  const last = parseAddress(pattern.slice(dash + 1));
  if (first === null || last === null || first.bytes.length !== last.bytes.length || compare(first, last) > 0 || first.zone !== '' || last.zone !== '') return null;
  return (address) => address.zone === '' && address.bytes.length === first.bytes.length && compare(first, address) <= 0 && compare(address, last) <= 0;
}

function parsePrefix(pattern: string): AddressMatcher | null {
  const slash = pattern.lastIndexOf('/');
  if (slash < 0) return null;
  const network = parseAddress(pattern.slice(0, slash));
  const digits = pattern.slice(slash + 1);
  if (network === null || network.zone !== '' || !/^(?:0|[1-9]\d{0,2})$/.test(digits)) return null;
  const bits = Number(digits);
  if (bits > network.bytes.length * 8) return null;
  return (address) => {
    if (address.zone !== '' || address.bytes.length !== network.bytes.length) return false;
    for (let i = 0, left = bits; left > 0; i++, left -= 8) {
      const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
      if ((((address.bytes[i] ?? 0) ^ (network.bytes[i] ?? 0)) & mask) !== 0) return false;
    }
    return true;
  };
}

function compare(a: Address, b: Address): number {
  if (a.bytes.length !== b.bytes.length) return a.bytes.length - b.bytes.length;
  for (const [i, byte] of a.bytes.entries()) if (byte !== b.bytes[i]) return byte - (b.bytes[i] ?? 0);
  return 0;
}

/** Reads an address as Go's netip does; null where it is none. */
function parseAddress(text: string): Address | null {
  if (text.includes(':')) return parseV6(text);
  const bytes = parseV4(text);
  return bytes === null ? null : { bytes, zone: '' };
}

function parseV4(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) return null;
  return parts.map(Number);
}

function parseV6(text: string): Address | null {
  const percent = text.indexOf('%');
  const zone = percent < 0 ? '' : text.slice(percent + 1);
  if (percent >= 0 && zone === '') return null;
  let bare = percent < 0 ? text : text.slice(0, percent);
  if (bare.includes('.')) {
    // A dotted tail stands for the last two groups.
    const lastColon = bare.lastIndexOf(':');
    const v4 = parseV4(bare.slice(lastColon + 1));
    if (v4 === null) return null;
    const [a = 0, b = 0, c = 0, d = 0] = v4;
    bare = `${bare.slice(0, lastColon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const gap = bare.indexOf('::');
  if (gap !== bare.lastIndexOf('::')) return null;
  const groupsOf = (piece: string): string[] => (piece === '' ? [] : piece.split(':'));
  const head = groupsOf(gap < 0 ? bare : bare.slice(0, gap));
  const rest = gap < 0 ? [] : groupsOf(bare.slice(gap + 2));
  if ([...head, ...rest].some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  const missing = 8 - head.length - rest.length;
  if (gap < 0 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...rest].map((group) => Number.parseInt(group, 16));
  return { bytes: groups.flatMap((group) => [group >> 8, group & 0xff]), zone };
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x61 && byte <= 0x66) || (byte >= 0x41 && byte <= 0x46);
}

function search(matcher: AddressMatcher, bytes: Uint8Array, from: number, to: number): boolean {
  const at = (index: number): number => (index < to ? bytes[index]! : 0);
  for (let i = from; i < to; i++) {
    const v4 = i + 3 < to && isDigit(at(i)) && (at(i + 1) === 0x2e || at(i + 2) === 0x2e || at(i + 3) === 0x2e);
    if (!v4 && !beginsV6(at, i)) continue;
    let end = i;
    while (end < to && (v4 ? isDigit(at(end)) || at(end) === 0x2e : isHex(at(end)) || at(end) === 0x3a || at(end) === 0x2e)) end++;
    const address = parseAddress(decodeText(bytes, i, end));
    if (address !== null && matcher(address)) return true;
    // The character after the address is passed over too, as in Loki.
    i = end;
  }
  return false;
}

function beginsV6(at: (index: number) => number, i: number): boolean {
  const colon = 0x3a;
  if (at(i) === colon) return at(i + 1) === colon && isHex(at(i + 2));
  for (let digits = 1; digits <= 4; digits++) {
    if (!isHex(at(i + digits - 1))) return false;
    if (at(i + digits) === colon) return true;
  }
  return false;
}
