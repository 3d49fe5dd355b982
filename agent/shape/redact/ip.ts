import { isIP } from 'node:net';
import { byteSet, wordBytes } from './bytes.ts';
import { redactedText, type Redaction, type Rewriter } from './rewriter.ts';

const addressBytes = byteSet('0-9a-fA-F:.');
/** Shortest that is looked for: `::1`, `1.1.1.1`. */
const stride = 3;
const addressMax = 45;
const replacement = redactedText('ip');
const colon = 0x3a;
const dot = 0x2e;

/** Addresses of IPv4 and IPv6, without the port. */
export class IpRedaction implements Redaction {
  scan(bytes: Buffer, start: number, end: number, found: Rewriter): void {
    let done = start;
    for (let at = start + stride - 1; at < end; at += stride) {
      if (addressBytes[bytes[at]!] === 0) continue;
      let first = at;
      while (first > done && addressBytes[bytes[first - 1]!] === 1) first--;
      let last = at + 1;
      let marks = 0;
      while (last < end && addressBytes[bytes[last]!] === 1) last++;
      for (let next = first; next < last; next++) if (bytes[next] === colon || bytes[next] === dot) marks++;
      done = last;
      at = last - 1;
      if (marks < 2 || (first > start && wordBytes[bytes[first - 1]!] === 1) || (last < end && wordBytes[bytes[last]!] === 1)) continue;
      const length = addressLength(bytes, first, last);
      if (length > 0) found.replace(first, first + length, replacement, 'ip');
    }
  }
}

/** Bytes of the address that begins at `first`; 0 where none does. What follows is a full stop, a colon, or a port. */
function addressLength(bytes: Buffer, first: number, end: number): number {
  let last = end;
  while (last > first && (bytes[last - 1] === dot || (bytes[last - 1] === colon && bytes[last - 2] !== colon))) last--;
  if (last - first > addressMax) return 0;
  const text = bytes.toString('latin1', first, last);
  if (isIP(text) !== 0) return text.length;
  const port = text.lastIndexOf(':');
  return port > 0 && isIP(text.slice(0, port)) === 4 ? port : 0;
}
