import { decodeRune, decodeText } from '../regex/mod.ts';

/** Goes over a logfmt line pair by pair (the grammar of github.com/go-logfmt/logfmt as Loki has it). All positions are indexes into the buffer. */
export class LogfmtScanner {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #at = 0;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** The value stood in quotes and has backslashes: unquoteLogfmt has the text, or finds that it is none. */
  escaped = false;
  /** The fault that was found last; null where there was none. */
  error: string | null = null;

  reset(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#at = start;
    this.error = null;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Goes to the next pair. False where there is none, or where it is faulty; then the one after it comes next. */
  next(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let i = this.#at;
    while (i < end && bytes[i]! <= 0x20) i++;
    if (i >= end) {
      this.#at = end;
      return false;
    }
    const start = i;
    let bits = 0;
    let byte = 0x20;
    while (i < end) {
      byte = bytes[i]!;
      if (byte <= 0x20 || byte === 0x3d || byte === 0x22) break;
      bits |= byte;
      i++;
    }
    this.#at = i;
    this.keyStart = start;
    this.keyEnd = i;
    this.valueStart = i;
    this.valueEnd = i;
    this.escaped = false;
    const isPair = i < end && byte === 0x3d;
    if (i < end && byte === 0x22) return this.#unexpected(byte);
    if (isPair && i === start) return this.#unexpected(byte);
    if (bits >= 0x80 && hasRuneError(bytes, start, i)) {
      this.#fault('invalid key');
      if (isPair) this.#skip();
      return false;
    }
    if (!isPair) return true;
    i++;
    this.valueStart = i;
    this.valueEnd = i;
    this.#at = i;
    if (i >= end || bytes[i]! <= 0x20) return true;
    if (bytes[i] === 0x22) return this.#quoted(i + 1);
    while (i < end) {
      byte = bytes[i]!;
      if (byte <= 0x20) break;
      if (byte === 0x3d || byte === 0x22) {
        this.#at = i;
        return this.#unexpected(byte);
      }
      i++;
    }
    this.valueEnd = i;
    this.#at = i;
    return true;
  }

  #quoted(start: number): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let i = start;
    while (i < end) {
      const byte = bytes[i]!;
      if (byte === 0x22) break;
      if (byte === 0x5c) {
        this.escaped = true;
        i++;
      }
      i++;
    }
    if (i >= end) {
      this.#at = end;
      this.#fault('unterminated quoted value');
      return false;
    }
    this.valueStart = start;
    this.valueEnd = i;
    this.#at = i + 1;
    return true;
  }

  /** The text of the value between quotes, where it has escapes; null, with the error set, where one is wrong. */
  unquoted(): string | null {
    const text = unquoteLogfmt(this.#bytes, this.valueStart, this.valueEnd);
    if (text === null) this.#fault('invalid quoted value');
    return text;
  }

  #unexpected(byte: number): false {
    this.#fault(`unexpected '${String.fromCharCode(byte)}'`);
    this.#skip();
    return false;
  }

  #skip(): void {
    while (this.#at < this.#end && this.#bytes[this.#at]! > 0x20) this.#at++;
  }

  #fault(reason: string): void {
    this.error = `logfmt syntax error at pos ${this.#at - this.#start + 1} : ${reason}`;
  }
}

/** Whether bytes[start … end) hold U+FFFD or what is no UTF-8. */
export function hasRuneError(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; ) {
    if (bytes[i]! < 0x80) {
      i++;
      continue;
    }
    const decoded = decodeRune(bytes, i, end);
    if (decoded >> 3 === 0xfffd) return true;
    i += decoded & 7;
  }
  return false;
}

const escapes: ReadonlyMap<number, string> = new Map([
  [0x22, '"'], [0x5c, '\\'], [0x2f, '/'], [0x27, "'"], [0x62, '\b'], [0x66, '\f'], [0x6e, '\n'], [0x72, '\r'], [0x74, '\t'],
]);

/** Resolves the escapes between quotes; null where one is wrong. Half a surrogate pair is U+FFFD. */
export function unquoteLogfmt(bytes: Buffer, start: number, end: number): string | null {
  let text = '';
  let plainFrom = start;
  for (let i = start; i < end; ) {
    if (bytes[i] !== 0x5c) {
      i++;
      continue;
    }
    if (i > plainFrom) text += decodeText(bytes, plainFrom, i);
    const kind = i + 1 < end ? bytes[i + 1]! : 0;
    if (kind === 0x75) {
      const code = hex4(bytes, i, end);
      if (code < 0) return null;
      i += 6;
      const low = code >= 0xd800 && code < 0xdc00 ? hex4(bytes, i, end) : -1;
      if (low >= 0xdc00 && low <= 0xdfff) {
        text += String.fromCharCode(code, low);
        i += 6;
      } else text += code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCharCode(code);
    } else {
      const simple = escapes.get(kind);
      if (simple === undefined) return null;
      text += simple;
      i += 2;
    }
    plainFrom = i;
  }
  return plainFrom < end ? text + decodeText(bytes, plainFrom, end) : text;
}

function hex4(bytes: Buffer, at: number, end: number): number {
  if (at + 6 > end || bytes[at] !== 0x5c || bytes[at + 1] !== 0x75) return -1;
  const digits = bytes.toString('latin1', at + 2, at + 6);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
}
