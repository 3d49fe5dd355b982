import { isUtf8 } from 'node:buffer';
import { decodeMetadata, encodeMetadata } from '../../src/bytes/mod.ts';
import type { LineView } from '../join/line.ts';

/** Longest value; more is cut. */
export const metadataValueBytesMax = 2048;

/** A pair of structured metadata. */
export interface MetadataPair {
  readonly name: string;
  readonly value: string;
}

/** Adds pairs to a line's metadata; of equal names the new one wins, an empty value adds nothing. For what is rare: it makes objects. */
export function addMetadata(line: LineView, pairs: readonly MetadataPair[]): void {
  const byName = new Map(line.metadata === null ? [] : decodeMetadata(line.metadata, 0, line.metadata.length).map(({ name, value }) => [name, value]));
  for (const { name, value } of pairs) if (value !== '') byName.set(name, value);
  line.metadata = byName.size === 0 ? null : encodeMetadata(Array.from(byName, ([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1)));
}

/** Writes the metadata of one line after another into one buffer, pairs in the order of their names. */
export class MetadataWriter {
  #bytes = Buffer.allocUnsafeSlow(4096);
  #at = 0;
  /** Values that were cut. */
  cut = 0;

  begin(): void {
    this.#at = 0;
  }

  /** What was written since begin; null for nothing. Valid until the next begin. */
  end(): Uint8Array | null {
    return this.#at === 0 ? null : this.#bytes.subarray(0, this.#at);
  }

  /** Appends pairs that are encoded already. */
  raw(pairs: Uint8Array): void {
    this.#room(pairs.length);
    this.#bytes.set(pairs, this.#at);
    this.#at += pairs.length;
  }

  /** @param name as encodeName makes it */
  pair(name: Uint8Array, value: string): void {
    if (value === '') return;
    const length = Buffer.byteLength(value);
    if (length > metadataValueBytesMax || length > value.length) {
      const bytes = Buffer.from(value);
      this.#value(name, bytes, 0, bytes.length);
      return;
    }
    this.#head(name, length);
    this.#bytes.write(value, this.#at, 'latin1');
    this.#at += length;
  }

  /** The same with the value bytes[start … end). What is no UTF-8 is replaced. */
  range(name: Uint8Array, bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    for (let at = start; at < end; at++) {
      if ((bytes[at] as number) < 0x80) continue;
      const value = bytes.subarray(start, end);
      if (isUtf8(value)) break;
      const replaced = Buffer.from(value.toString('utf8'));
      this.#value(name, replaced, 0, replaced.length);
      return;
    }
    this.#value(name, bytes, start, end);
  }

  #value(name: Uint8Array, bytes: Buffer, start: number, end: number): void {
    let length = end - start;
    if (length > metadataValueBytesMax) {
      length = metadataValueBytesMax;
      while (length > 0 && ((bytes[start + length] as number) & 0xc0) === 0x80) length--;
      this.cut++;
    }
    this.#head(name, length);
    if (length > 64) this.#at += bytes.copy(this.#bytes, this.#at, start, start + length);
    else for (let at = start; at < start + length; at++) this.#bytes[this.#at++] = bytes[at] as number;
  }

  #head(name: Uint8Array, length: number): void {
    this.#room(name.length + length + 2);
    this.#bytes.set(name, this.#at);
    this.#at += name.length;
    if (length >= 0x80) this.#bytes[this.#at++] = (length & 0x7f) | 0x80;
    this.#bytes[this.#at++] = length < 0x80 ? length : length >> 7;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** A name with its length before it, as encodeMetadata writes it: a pair whose value is empty, less that value. */
export function encodeName(name: string): Uint8Array {
  const pair = encodeMetadata([{ name, value: '' }]);
  return Buffer.from(pair.subarray(0, pair.length - 1));
}
