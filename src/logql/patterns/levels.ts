/** Levels that patterns are told apart by, as in Loki; all others are unknown. */
export const levels: readonly string[] = ['unknown', 'critical', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** The structured metadata that holds the level. */
export const levelName = 'detected_level';

const nameBytes = Buffer.from(levelName);
const valueBytesMax = 16;

/** Reads the structured metadata of rows (encodeMetadata) for `detected_level`. */
export class LevelReader {
  readonly #known = new Map<string, number>(levels.map((level, i) => [level, i]));

  /** Index into `levels` of the level that bytes[start … start + length) name. */
  level(bytes: Buffer, start: number, length: number): number {
    return length > valueBytesMax ? 0 : (this.#known.get(bytes.toString('latin1', start, start + length).toLowerCase()) ?? 0);
  }

  /** Index into `levels` of metadata bytes[start … start + length). What is no metadata is unknown: whoever returns it finds the fault. */
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
        return value + 1 + valueLength > end ? 0 : this.level(bytes, value + 1, valueLength);
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
