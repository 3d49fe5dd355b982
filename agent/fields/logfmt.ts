import { rootNode, type FieldNames } from './names.ts';
import { escapedValue, textValue, type FieldParser, type FieldTable } from './table.ts';

const equals = 0x3d;
const quote = 0x22;
const backslash = 0x5c;

/**
 * Fields of lines that are logfmt: `key=value key="quoted \"value\"" flag`. Words without `=` are passed over (a level or a date before the pairs does no harm), and a quoted value that
 * does not end is not a value. The line counts as logfmt where at least one pair is in it.
 */
export class LogfmtFields implements FieldParser {
  readonly names: FieldNames;

  constructor(names: FieldNames) {
    this.names = names;
  }

  parse(table: FieldTable, bytes: Buffer, start: number, end: number): boolean {
    const { names } = this;
    let pairs = 0;
    let at = start;
    while (at < end) {
      while (at < end && (bytes[at] as number) <= 0x20) at++;
      const keyStart = at;
      while (at < end && (bytes[at] as number) > 0x20 && bytes[at] !== equals && bytes[at] !== quote) at++;
      if (at >= end) break;
      if (bytes[at] !== equals || at === keyStart) {
        // A word, or a quote where a key should be: on to the next blank.
        while (at < end && (bytes[at] as number) > 0x20) at++;
        continue;
      }
      const node = names.child(rootNode, bytes, keyStart, at);
      at++;
      const valueStart = at;
      if (at < end && bytes[at] === quote) {
        let escaped = false;
        for (at++; at < end && bytes[at] !== quote; at++) {
          if (bytes[at] === backslash) {
            escaped = true;
            at++;
          }
        }
        if (at >= end) return false;
        if (node >= 0) table.set(node, valueStart + 1, at, escaped ? escapedValue : textValue);
        at++;
      } else {
        while (at < end && (bytes[at] as number) > 0x20) at++;
        if (node >= 0) table.set(node, valueStart, at, textValue);
      }
      pairs++;
    }
    return pairs > 0;
  }
}

/** Whether bytes[start … end) begins as logfmt does: with a key and `=`. */
export function looksLikeLogfmt(bytes: Buffer, start: number, end: number): boolean {
  const keyEnd = Math.min(end, start + keyBytesMax);
  for (let at = start; at < keyEnd; at++) {
    const byte = bytes[at] as number;
    if (byte === equals) return at > start;
    if (keyByte[byte] === 0) return false;
  }
  return false;
}

const keyBytesMax = 64;
const keyByte = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@/') keyByte[character.charCodeAt(0)] = 1;
