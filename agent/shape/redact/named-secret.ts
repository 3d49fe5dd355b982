import { foldedWindow, redactedQuoted, type Detector, type Found } from './anchors.ts';
import { byteSet, holdsAt, holdsFoldedAt } from './bytes.ts';

/** Words that end the names of secrets, with the place of their window. */
const words: readonly { readonly text: string; readonly windowAt: number }[] = [
  { text: 'password', windowAt: 1 }, { text: 'passwd', windowAt: 1 }, { text: 'passphrase', windowAt: 1 }, { text: 'pwd', windowAt: -1 },
  { text: 'secret', windowAt: 0 }, { text: 'token', windowAt: 0 }, { text: 'key', windowAt: -1 },
];

/** Ends of names, lower case and without separators, that make a value secret. A bare `secret`, `token` or `key` does not: Kubernetes logs are full of them. */
const passwordEnds = ['password', 'passwd', 'passphrase'];
const secretEnds = [
  'clientsecret', 'appsecret', 'apisecret', 'sharedsecret', 'consumersecret', 'webhooksecret', 'jwtsecret', 'authsecret', 'sessionsecret',
  'accesstoken', 'refreshtoken', 'authtoken', 'sessiontoken', 'securitytoken', 'apitoken', 'idtoken', 'bearertoken', 'bottoken', 'csrftoken',
  'apikey', 'secretkey', 'secretaccesskey', 'accountkey', 'privatekey', 'signingkey', 'encryptionkey', 'authkey',
];

const nameBytes = byteSet('A-Za-z0-9_.-');
const nameMax = 64;
const valueEnd = byteSet(' \t\r\n,;&"\'}])<>|');
const backslash = 0x5c;
const quote = 0x22;
const apostrophe = 0x27;
const space = 0x20;
/** Values that say that there is none. */
const harmless = new Set(['', 'null', 'nil', 'none', 'true', 'false', 'undefined', '-', 'yes', 'no', 'empty', 'set', 'unset']);

/** Whether the value of a field of this name is secret, and of which kind. */
export function secretName(name: string): 'password' | 'secret' | null {
  const plain = name.toLowerCase().replaceAll(/[_.-]/g, '');
  if (plain === 'pwd' || passwordEnds.some((end) => plain.endsWith(end))) return 'password';
  return secretEnds.some((end) => plain.endsWith(end)) ? 'secret' : null;
}

/**
 * Values under a name that says that they are secret: `password=…`, `"clientSecret": "…"`, `api-key: …`, also in JSON inside a string (`\"password\":\"…\"`). Quotes stay, and a bare value of a JSON
 * key gets some, so that JSON stays JSON and logfmt stays logfmt. A value without quotes ends at a space or at one of , ; & " ' } ] ) < > |.
 */
export const namedSecretDetector: Detector = {
  kinds: ['password', 'secret'],
  windows: ['assw', 'assp', '?pwd', 'secr', 'toke', '?key'].map(foldedWindow),
  find: (bytes, start, end, at, out) => {
    for (const { text, windowAt } of words) {
      const word = at - windowAt;
      if (word < start || !holdsFoldedAt(bytes, word, end, text)) continue;
      const value = valueAt(bytes, word + text.length, end);
      if (value < 0) return false;
      const kind = kindOfName(bytes, start, word + text.length);
      // A directory: PWD=/srv/app.
      return kind !== null && !(text === 'pwd' && bytes[value] === 0x2f) && readValue(bytes, end, value, kind, out);
    }
    return false;
  },
};

let namedQuoted = false;
let quotes = 0;

/** Where the value begins behind a name that ends at `nameEnd`: after its closing quote, spaces, and `:` or `=`. Negative where no value follows. */
function valueAt(bytes: Buffer, nameEnd: number, end: number): number {
  let at = nameEnd;
  while (at < end && bytes[at] === backslash) at++;
  namedQuoted = at < end && (bytes[at] === quote || bytes[at] === apostrophe);
  if (namedQuoted) at++;
  else if (at > nameEnd) return -1;
  at = spacesEnd(bytes, at, end);
  const sign = bytes[at];
  if (at >= end || (sign !== 0x3a && sign !== 0x3d)) return -1;
  at++;
  // `=>` and `:=`; not `==`, `::` and `://`, which compare, qualify and begin a URL.
  if (at < end && ((sign === 0x3d && bytes[at] === 0x3e) || (sign === 0x3a && bytes[at] === 0x3d))) at++;
  else if (at < end && (bytes[at] === sign || bytes[at] === 0x2f)) return sign === 0x3d && bytes[at] === 0x2f ? at : -1;
  return spacesEnd(bytes, at, end);
}

function spacesEnd(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && next < at + 4 && bytes[next] === space) next++;
  return next;
}

function kindOfName(bytes: Buffer, start: number, nameEnd: number): 'password' | 'secret' | null {
  let first = nameEnd;
  const low = Math.max(start, nameEnd - nameMax);
  while (first > low && nameBytes[bytes[first - 1]!] === 1) first--;
  // A file (/etc/passwd: …) is no name.
  if (first > start && bytes[first - 1] === 0x2f) return null;
  return secretName(bytes.toString('latin1', first, nameEnd));
}

function readValue(bytes: Buffer, end: number, at: number, kind: string, out: Found): boolean {
  let first = at;
  while (first < end && bytes[first] === backslash) first++;
  quotes = first - at;
  const mark = bytes[first];
  if (first < end && (mark === quote || mark === apostrophe)) {
    const last = closingQuote(bytes, first + 1, end, mark, quotes);
    return give(bytes, first + 1, last, kind, null, out);
  }
  if (mark === 0x7b || mark === 0x5b) return false;
  let last = at;
  while (last < end && valueEnd[bytes[last]!] === 0) last++;
  return give(bytes, at, last, kind, namedQuoted ? redactedQuoted(kind, quotesBefore(bytes, at)) : null, out);
}

/** Backslashes before the quotes of the name, which new quotes need as well. */
function quotesBefore(bytes: Buffer, value: number): string {
  for (let at = value - 1; at >= 0 && at > value - 16; at--) {
    if (bytes[at] !== quote && bytes[at] !== apostrophe) continue;
    let slashes = 0;
    while (bytes[at - 1 - slashes] === backslash) slashes++;
    return '\\'.repeat(slashes) + String.fromCharCode(bytes[at]!);
  }
  return '"';
}

/** Where a quoted value ends: at the same quote behind as many backslashes as the opening one has; the end of the line where there is none. */
function closingQuote(bytes: Buffer, from: number, end: number, mark: number, slashes: number): number {
  let run = 0;
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === backslash) {
      run++;
      continue;
    }
    if (byte === mark && (slashes === 0 ? run % 2 === 0 : run <= slashes)) return at - (slashes === 0 ? 0 : run);
    run = 0;
  }
  return end;
}

function give(bytes: Buffer, start: number, end: number, kind: string, text: Buffer | null, out: Found): boolean {
  const length = end - start;
  if (length <= 0) return false;
  if (length < 10 && harmless.has(bytes.toString('latin1', start, end).toLowerCase())) return false;
  if (holdsAt(bytes, start, end, '[redacted') || isMasked(bytes, start, end)) return false;
  out.start = start;
  out.end = end;
  out.kind = kind;
  out.text = text;
  return true;
}

/** Only asterisks, or only x: somebody else has redacted it. */
function isMasked(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start]!;
  if (first !== 0x2a && first !== 0x78 && first !== 0x58) return false;
  for (let at = start; at < end; at++) if (bytes[at] !== first) return false;
  return true;
}
