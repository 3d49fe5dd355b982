/** Levels that patterns are told apart by, as in Loki; all others are unknown. */
export const levels: readonly string[] = ['unknown', 'critical', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];

const nameBytes = Buffer.from('detected_level');
const valueBytesMax = 16;

/** Reads the structured metadata of rows (encodeMetadata) for `detected_level`. */
export class LevelReader {
  readonly #known = new Map<string, number>(levels.map((level, i) => [level, i]));

  /** Index into `levels` of bytes[start … start + length). What is no metadata is unknown: whoever returns it finds the fault. */
  read(bytes: Buffer, start: number, length: number): number {
    const end = start + length;
    let at = start;
    while (at < end) {
      const nameLength = bytes[at]!;
      const name = at + 1;
      // Names and values of 128 bytes and more have a length of several bytes.
      if (nameLength >= 0x80) {
        at = skipText(bytes, skipText(bytes, at, end), end);
        continue;
      }
      const value = name + nameLength;
      if (nameLength === nameBytes.length && value < end && isName(bytes, name)) {
        const valueLength = bytes[value]!;
        if (valueLength > valueBytesMax || value + 1 + valueLength > end) return 0;
        return this.#known.get(bytes.toString('latin1', value + 1, value + 1 + valueLength).toLowerCase()) ?? 0;
      }
      at = skipText(bytes, value, end);
    }
    return 0;
  }
}

function isName(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < nameBytes.length; i++) if (bytes[at + i] !== nameBytes[i]) return false;
  return true;
}

/** The place after a text with its length before it; `end` where that is too long. */
function skipText(bytes: Buffer, at: number, end: number): number {
  let length = 0;
  let factor = 1;
  let i = at;
  for (; i < end && i - at < 5; factor *= 128) {
    const byte = bytes[i++]!;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) return Math.min(end, i + length);
  }
  return end;
}
