import { base64Url, beginsWord, runEnd } from './bytes.ts';
import type { Detector } from './anchors.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const partMin = 8;
const dot = 0x2e;

/** JSON Web Tokens (RFC 7519): three or five parts of base64url between dots, the first of which is an object, so that it begins with `eyJ`. */
export const jwtDetector: Detector = {
  kinds: ['jwt'],
  windows: [['e', 'y', 'J', letters]],
  find: (bytes, start, end, at, out) => {
    if (at < start || bytes[at] !== 0x65 || bytes[at + 1] !== 0x79 || !beginsWord(bytes, at, start)) return false;
    const header = runEnd(bytes, at, end, base64Url);
    if (header - at < partMin || bytes[header] !== dot || header >= end) return false;
    const payload = runEnd(bytes, header + 1, end, base64Url);
    // The payload may be empty: detached, or encrypted with a key that is agreed on.
    if (bytes[payload] !== dot || payload >= end) return false;
    let last = runEnd(bytes, payload + 1, end, base64Url);
    if (last - header < partMin * 2) return false;
    for (let parts = 3; parts < 5 && last < end && bytes[last] === dot; parts++) {
      const next = runEnd(bytes, last + 1, end, base64Url);
      if (next === last + 1) break;
      last = next;
    }
    out.start = at;
    out.end = last;
    out.kind = 'jwt';
    return true;
  },
};
