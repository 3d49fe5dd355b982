import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../../bytes/mod.ts';

const chunkBytes = 65_536;
const hexDigits = '0123456789abcdef';

/** Escapes of the bytes below 0x80 that JSON does not take as they are. */
const escapes: readonly (string | null)[] = Array.from({ length: 128 }, (_, byte) => {
  if (byte === 0x22) return '\\"';
  if (byte === 0x5c) return '\\\\';
  if (byte >= 0x20) return null;
  const short = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r' }[byte];
  return short ?? `\\u00${hexDigits[byte >> 4] ?? '0'}${hexDigits[byte & 15] ?? '0'}`;
});
/** How much longer a byte is as JSON, and what follows the backslash where that is one byte. */
const extraBytes = Uint8Array.from({ length: 256 }, (_, byte) => (escapes[byte]?.length ?? 1) - 1);
const shortEscapes = Uint8Array.from({ length: 256 }, (_, byte) => (escapes[byte]?.length === 2 ? (escapes[byte] ?? '').charCodeAt(1) : 0));

/** Writes JSON as UTF-8 into chunks of about 64 KiB, so that no answer is ever one string. */
export class JsonWriter {
  #chunk: Buffer;
  #length = 0;
  #full: Buffer[] = [];

  /** @param firstBytes size of the first chunk; small where little is to come */
  constructor(firstBytes = chunkBytes) {
    this.#chunk = Buffer.allocUnsafe(firstBytes);
  }

  /** JSON text that is ready. */
  raw(text: string): this {
    // No character takes more than three bytes per UTF-16 unit.
    this.#room(text.length * 3);
    this.#length += this.#chunk.write(text, this.#length, 'utf8');
    return this;
  }

  /** A string. */
  string(text: string): this {
    return this.raw(JSON.stringify(text.isWellFormed() ? text : text.toWellFormed()));
  }

  /** JSON bytes that are ready. */
  copy(bytes: Uint8Array): this {
    this.#copy(bytes, 0, bytes.length);
    return this;
  }

  /** Bytes as a string; each byte that is no UTF-8 becomes U+FFFD, as in Go. */
  bytes(bytes: Uint8Array): this {
    const text = isUtf8(bytes) ? bytes : replaceInvalid(bytes);
    let extra = 0;
    for (let i = 0; i < text.length; i++) extra += extraBytes[text[i]!]!;
    this.#room(text.length + extra + 2);
    this.#chunk[this.#length++] = 0x22;
    if (extra === 0) this.#copy(text, 0, text.length);
    else this.#escape(text);
    this.#chunk[this.#length++] = 0x22;
    return this;
  }

  /** Writes what has room already; lines of JSON have an escape every few bytes, so that they are written byte by byte. */
  #escape(text: Uint8Array): void {
    const chunk = this.#chunk;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) {
      const byte = text[i]!;
      const extra = extraBytes[byte]!;
      if (extra === 0) chunk[at++] = byte;
      else {
        chunk[at] = 0x5c;
        if (extra === 1) chunk[at + 1] = shortEscapes[byte]!;
        else chunk.write(escapes[byte]!, at, 'latin1');
        at += extra + 1;
      }
    }
    this.#length = at;
  }

  #copy(bytes: Uint8Array, from: number, to: number): void {
    if (from >= to) return;
    this.#room(to - from);
    this.#chunk.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#length);
    this.#length += to - from;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#chunk.length) return;
    if (this.#length > 0) this.#full.push(this.#chunk.subarray(0, this.#length));
    this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytes));
    this.#length = 0;
  }

  /** The chunks that are full by now; they are the caller's. */
  *takeFull(): Generator<Buffer> {
    const full = this.#full;
    if (full.length === 0) return;
    this.#full = [];
    yield* full;
  }

  /** All that is left. */
  *takeRest(): Generator<Buffer> {
    yield* this.takeFull();
    if (this.#length > 0) yield this.#chunk.subarray(0, this.#length);
    this.#length = 0;
    this.#chunk = Buffer.allocUnsafe(0);
  }
}

/** Bytes as the text that answers show. */
export function textOf(bytes: Uint8Array): string {
  return asBuffer(isUtf8(bytes) ? bytes : replaceInvalid(bytes)).toString('utf8');
}

const replacement = Buffer.from('\ufffd');

/** Go's reading of bytes that are no UTF-8: one U+FFFD for each byte that begins no well-formed character. */
function replaceInvalid(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(bytes.length * 3);
  const buffer = asBuffer(bytes);
  let length = 0;
  for (let i = 0; i < buffer.length; ) {
    const byte = buffer[i] as number;
    const size = byte < 0x80 ? 1 : byte >= 0xc2 && byte < 0xe0 ? 2 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
    if (size > 0 && i + size <= buffer.length && (size === 1 || isUtf8(buffer.subarray(i, i + size)))) {
      buffer.copy(out, length, i, i + size);
      length += size;
      i += size;
    } else {
      length += replacement.copy(out, length);
      i++;
    }
  }
  return out.subarray(0, length);
}
