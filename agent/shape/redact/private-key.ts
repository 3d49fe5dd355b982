import type { Detector } from './anchors.ts';
import { holdsAt } from './bytes.ts';

const begin = Buffer.from('-----BEGIN ');
const mark = 'PRIVATE KEY';
const dashes = Buffer.from('-----');
const endMark = Buffer.from('-----END ');
/** What stands between BEGIN and the dashes: `RSA PRIVATE KEY`, `OPENSSH PRIVATE KEY`, `PGP PRIVATE KEY BLOCK`. */
const titleMax = 40;

/** The body of a private key in PEM (RFC 7468): from the header to the footer, or to the end of the line where there is none. The newlines may be escaped. */
export const privateKeyDetector: Detector = {
  kinds: ['private_key'],
  windows: [['B', 'E', 'G', 'I']],
  find: (bytes, start, end, at, out) => {
    const header = at - 5;
    if (header < start || !holdsAt(bytes, header, end, '-----BEGIN ')) return false;
    const title = header + begin.length;
    const line = bytes.subarray(title, Math.min(end, title + titleMax));
    const close = line.indexOf(dashes);
    if (close < 0 || !line.toString('latin1', 0, close).includes(mark)) return false;
    const body = title + close + dashes.length;
    const footer = bytes.subarray(body, end).indexOf(endMark);
    out.start = body;
    out.end = footer < 0 ? end : body + footer;
    out.kind = 'private_key';
    return out.end > out.start;
  },
};
