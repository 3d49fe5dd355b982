import { stderrStream, stdoutStream, type RecordView } from './record.ts';
import { parseTime } from './time.ts';

/**
 * Reads a record of Docker's json-file format: `{"log":"…\n","stream":"stdout","time":"…"}`. A log that does not end in a newline goes on in the
 * next record of the stream; the newline itself is no part of the line. The order of keys that Docker writes takes the fast way over
 * bytes; any other JSON object with these three keys is read too. Escapes are undone; a lone surrogate becomes U+FFFD.
 */
export function parseDocker(bytes: Buffer, start: number, end: number, out: RecordView): boolean {
  if (bytes[start] !== 0x7b) return false;
  return parseUsual(bytes, start, end, out) || parseAnyOrder(bytes, start, end, out);
}

const prefix = Buffer.from('{"log":"');
const streamKey = Buffer.from(',"stream":"std');
const timeKey = Buffer.from('","time":"');

let scratch = Buffer.allocUnsafeSlow(64 * 1024);

function parseUsual(bytes: Buffer, start: number, end: number, out: RecordView): boolean {
  if (!holds(bytes, start, end, prefix)) return false;
  if (scratch.length < end - start) scratch = Buffer.allocUnsafeSlow(Math.max(end - start, scratch.length * 2));
  const length = decodeString(bytes, start + prefix.length, end);
  if (length < 0) return false;
  let at = stringEnd + 1;
  if (!holds(bytes, at, end, streamKey)) return false;
  at += streamKey.length;
  const stream = streamOf(bytes.toString('latin1', at, at + 3));
  if (stream === undefined || !holds(bytes, at + 3, end, timeKey)) return false;
  at += 3 + timeKey.length;
  // A time has no escapes; it ends two bytes before the record does.
  if (bytes[end - 1] !== 0x7d || bytes[end - 2] !== quote || !parseTime(bytes, at, end - 2, out)) return false;
  finish(out, stream, scratch, length);
  return true;
}

function parseAnyOrder(bytes: Buffer, start: number, end: number, out: RecordView): boolean {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return false;
  }
  if (typeof value !== 'object' || value === null) return false;
  const { log, stream: name, time } = value as { readonly log?: unknown; readonly stream?: unknown; readonly time?: unknown };
  if (typeof log !== 'string' || typeof name !== 'string' || typeof time !== 'string' || !name.startsWith('std')) return false;
  const stream = streamOf(name.slice(3));
  const timeBytes = Buffer.from(time);
  if (stream === undefined || !parseTime(timeBytes, 0, timeBytes.length, out)) return false;
  const text = Buffer.from(log);
  finish(out, stream, text, text.length);
  return true;
}

function streamOf(name: string): 0 | 1 | undefined {
  if (name === 'out') return stdoutStream;
  return name === 'err' ? stderrStream : undefined;
}

function finish(out: RecordView, stream: 0 | 1, text: Buffer, length: number): void {
  const ends = length > 0 && text[length - 1] === 0x0a;
  out.stream = stream;
  out.partial = !ends;
  out.bytes = text;
  out.start = 0;
  out.end = ends ? length - 1 : length;
}

function holds(bytes: Buffer, at: number, end: number, expected: Buffer): boolean {
  return at + expected.length <= end && bytes.compare(expected, 0, expected.length, at, at + expected.length) === 0;
}

const quote = 0x22;
const backslash = 0x5c;
/** Where the closing quote of the last decoded string stands. */
let stringEnd = 0;

/** Decodes a JSON string that begins at `from` (after its quote) into the scratch buffer; its length, or -1 where it is none. Sets stringEnd. */
function decodeString(bytes: Buffer, from: number, end: number): number {
  let at = from;
  let length = 0;
  for (;;) {
    let run = at;
    while (run < end && bytes[run] !== quote && bytes[run] !== backslash && (bytes[run] as number) >= 0x20) run++;
    if (run >= end || (bytes[run] as number) < 0x20) return -1;
    if (run > at) length += bytes.copy(scratch, length, at, run);
    if (bytes[run] === quote) {
      stringEnd = run;
      return length;
    }
    const escape = bytes[run + 1];
    at = run + 2;
    if (escape === 0x75) {
      const code = hex4(bytes, at, end);
      if (code < 0) return -1;
      at += 4;
      if (code >= 0xd800 && code < 0xdc00 && bytes[at] === backslash && bytes[at + 1] === 0x75) {
        const low = hex4(bytes, at + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
          at += 6;
          length = putUtf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), length);
          continue;
        }
      }
      length = putUtf8(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, length);
    } else {
      const plain = simpleEscapes.get(escape ?? 0);
      if (plain === undefined) return -1;
      scratch[length++] = plain;
    }
  }
}

const simpleEscapes: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22], [0x5c, 0x5c], [0x2f, 0x2f], [0x62, 0x08], [0x66, 0x0c], [0x6e, 0x0a], [0x72, 0x0d], [0x74, 0x09],
]);

function hex4(bytes: Buffer, at: number, end: number): number {
  if (at + 4 > end) return -1;
  let code = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i] as number;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
    if (digit < 0 || digit > 15 || (digit > 9 && (byte | 0x20) < 0x61)) return -1;
    code = code * 16 + digit;
  }
  return code;
}

/** Appends a code point as UTF-8 to the scratch buffer (an escape is never shorter than its UTF-8); the new length. */
function putUtf8(code: number, length: number): number {
  if (code < 0x80) {
    scratch[length] = code;
    return length + 1;
  }
  if (code < 0x800) {
    scratch[length] = 0xc0 | (code >> 6);
    scratch[length + 1] = 0x80 | (code & 0x3f);
    return length + 2;
  }
  if (code < 0x10000) {
    scratch[length] = 0xe0 | (code >> 12);
    scratch[length + 1] = 0x80 | ((code >> 6) & 0x3f);
    scratch[length + 2] = 0x80 | (code & 0x3f);
    return length + 3;
  }
  scratch[length] = 0xf0 | (code >> 18);
  scratch[length + 1] = 0x80 | ((code >> 12) & 0x3f);
  scratch[length + 2] = 0x80 | ((code >> 6) & 0x3f);
  scratch[length + 3] = 0x80 | (code & 0x3f);
  return length + 4;
}
