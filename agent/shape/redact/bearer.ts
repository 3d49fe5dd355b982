import { foldedWindow, type Detector } from './anchors.ts';
import { beginsWord, holdsFoldedAt, runEnd, token68 } from './bytes.ts';

const space = 0x20;
const tokenMin = 12;

/** Tokens behind `Bearer ` (RFC 6750), and user and password behind `Basic ` (RFC 7617), as in an Authorization header. */
export const bearerDetector: Detector = {
  kinds: ['bearer', 'basic_auth'],
  windows: [foldedWindow('bear'), foldedWindow('basi')],
  find: (bytes, start, end, at, out) => {
    if (at < start || !beginsWord(bytes, at, start)) return false;
    if (holdsFoldedAt(bytes, at, end, 'bearer') && bytes[at + 6] === space) {
      const token = spacesEnd(bytes, at + 6, end);
      const last = runEnd(bytes, token, end, token68);
      if (last - token < tokenMin || !looksRandom(bytes, token, last)) return false;
      out.start = token;
      out.end = paddingEnd(bytes, last, end);
      out.kind = 'bearer';
      return true;
    }
    if (!holdsFoldedAt(bytes, at, end, 'basic') || bytes[at + 5] !== space) return false;
    const text = spacesEnd(bytes, at + 5, end);
    const last = paddingEnd(bytes, runEnd(bytes, text, end, token68), end);
    if (last - text < 4 || !holdsPair(bytes, text, last)) return false;
    out.start = text;
    out.end = last;
    out.kind = 'basic_auth';
    return true;
  },
};

function spacesEnd(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && bytes[next] === space) next++;
  return next;
}

function paddingEnd(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && next < at + 2 && bytes[next] === 0x3d) next++;
  return next;
}

/** Words of a sentence (`bearer authentication failed`) have neither digits nor capitals inside. */
function looksRandom(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x30 && byte <= 0x39) return true;
    if (at > start && byte >= 0x41 && byte <= 0x5a && bytes[at - 1]! >= 0x61) return true;
  }
  return false;
}

/** Whether the base64 text is `user:password`. */
function holdsPair(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > 4096) return false;
  const decoded = Buffer.from(bytes.toString('latin1', start, end), 'base64');
  return decoded.includes(0x3a) && decoded.every((byte) => byte >= 0x20 && byte !== 0x7f);
}
