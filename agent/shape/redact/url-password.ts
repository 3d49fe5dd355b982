import type { Detector } from './anchors.ts';
import { alphanumeric, byteSet } from './bytes.ts';

/** What ends the part of a URL that may hold a user and a password. */
const closing = byteSet(' \t\r\n"\'<>`/?#\\{}|^');
const colon = 0x3a;
const at64 = 0x40;
const authorityMax = 1024;

/** Passwords in URLs: `scheme://user:password@host`. */
export const urlPasswordDetector: Detector = {
  kinds: ['url_password'],
  windows: [['', ':', '/', '/']],
  find: (bytes, start, end, at, out) => {
    if (at < start || bytes[at + 1] !== colon || bytes[at + 2] !== 0x2f || alphanumeric[bytes[at]!] === 0) return false;
    const stop = Math.min(end, at + 4 + authorityMax);
    let first = -1;
    let last = -1;
    for (let next = at + 4; next < stop; next++) {
      const byte = bytes[next]!;
      if (closing[byte] === 1) break;
      if (byte === colon && first < 0) first = next;
      else if (byte === at64) last = next;
    }
    if (first < 0 || last <= first + 1) return false;
    out.start = first + 1;
    out.end = last;
    out.kind = 'url_password';
    return true;
  },
};
