import { alphanumeric, byteSet } from './bytes.ts';
import { redactedText, type Redaction, type Rewriter } from './rewriter.ts';

const localBytes = byteSet("A-Za-z0-9.!#$%&*+/=?^_{|}~-");
const domainBytes = byteSet('A-Za-z0-9.-');
const replacement = redactedText('email');
const at64 = 0x40;
const dot = 0x2e;
/** RFC 5321, 4.5.3.1. */
const localMax = 64;
const domainMax = 255;

/** E-mail addresses. Letters beyond ASCII before the @ belong to them. */
export class EmailRedaction implements Redaction {
  scan(bytes: Buffer, start: number, end: number, found: Rewriter): void {
    const line = bytes.subarray(start, end);
    let done = start;
    for (let at = line.indexOf(at64); at >= 0; at = line.indexOf(at64, at + 1)) {
      const sign = start + at;
      let first = sign;
      while (first > done && sign - first < localMax && (bytes[first - 1]! >= 0x80 || localBytes[bytes[first - 1]!] === 1)) first--;
      // `key=name@host`, `(name@host)`: what is an address by the letter is not one by intent.
      for (let next = first; next < sign; next++) if (bytes[next] === 0x3d || bytes[next] === 0x7b || bytes[next] === 0x2f) first = next + 1;
      let last = sign + 1;
      while (last < end && last - sign <= domainMax && (bytes[last]! >= 0x80 || domainBytes[bytes[last]!] === 1)) last++;
      while (last > sign && (bytes[last - 1] === dot || bytes[last - 1] === 0x2d)) last--;
      const lastDot = bytes.subarray(sign, last).lastIndexOf(dot);
      if (first === sign || lastDot <= 1 || last - sign - lastDot < 3 || alphanumeric[bytes[sign + 1]!] === 0) continue;
      found.replace(first, last, replacement, 'email');
      done = last;
    }
  }
}
