// Small tests over bytes of one line, bytes[start … end). All are false where the line is too short.

export const tab = 0x09;
export const space = 0x20;
export const colon = 0x3a;

/** Whether `text` stands at `at`. */
export function standsAt(bytes: Buffer, at: number, end: number, text: Uint8Array): boolean {
  const { length } = text;
  if (at < 0 || at + length > end) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** Whether the line ends in `text`. */
export function endsIn(bytes: Buffer, start: number, end: number, text: Uint8Array): boolean {
  return end - start >= text.length && standsAt(bytes, end - text.length, end, text);
}

/** First byte that is neither a space nor a tab; `end` where all are. */
export function skipBlanks(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === space || bytes[at] === tab)) at++;
  return at;
}

/** First byte that is no decimal digit. */
export function skipDigits(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(bytes[at] as number)) at++;
  return at;
}

/** Whether there is nothing but blanks. */
export function isBlank(bytes: Buffer, start: number, end: number): boolean {
  return skipBlanks(bytes, start, end) === end;
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

export function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

/** A byte of an identifier with dots: letters, digits, `_`, `$`, `.`. */
export function isNameByte(byte: number): boolean {
  return isLetter(byte) || isDigit(byte) || byte === 0x5f || byte === 0x24 || byte === 0x2e;
}

/** The position of `byte` in the line; -1 where it is not there. */
export function find(bytes: Buffer, start: number, end: number, byte: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return at;
  return -1;
}

/** Where `text` stands in the line first; -1 where it does not. For lines that are seldom. */
export function findText(bytes: Buffer, start: number, end: number, text: Uint8Array): number {
  const last = end - text.length;
  for (let at = start; at <= last; at++) if (bytes[at] === text[0] && standsAt(bytes, at, end, text)) return at;
  return -1;
}

/** `text` as bytes to compare with. */
export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
