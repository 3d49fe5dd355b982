import { SpoorError, type BytesColumn } from '../../model/mod.ts';
import { segmentLimits } from '../limits.ts';
import { packedBytes, packedWidth, readPacked, unpack, writePacked } from './packed.ts';

/** Distinct byte strings in order of first appearance; rows hold their number. Refuses to grow over its limits. */
export class DictionaryBuilder {
  #bytes: Buffer = Buffer.allocUnsafeSlow(1024);
  #length = 0;
  readonly #starts: number[] = [0];
  readonly #hashes: number[] = [];
  /** Open addressing; entry number + 1, 0 is empty. */
  readonly #slots = new Uint16Array(4096);

  get entries(): number {
    return this.#hashes.length;
  }

  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** The number of bytes[start … start + length), added if it is new; -1 where the dictionary is full. */
  code(bytes: Uint8Array, start: number, length: number): number {
    let hash = length;
    for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1;
      if (entry < 0) return this.#add(slot, hash, bytes, start, length);
      if (this.#hashes[entry] === hash && this.#equals(entry, bytes, start, length)) return entry;
    }
  }

  #add(slot: number, hash: number, bytes: Uint8Array, start: number, length: number): number {
    if (this.entries >= segmentLimits.dictionaryEntriesMax || this.#length + length > segmentLimits.dictionaryBytesMax) return -1;
    if (start + length > bytes.length) throw new SpoorError('internal', { reason: 'metadata of a block reaches past the end of its bytes' });
    if (this.#length + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(start, start + length), this.#length);
    this.#length += length;
    this.#starts.push(this.#length);
    this.#hashes.push(hash);
    this.#slots[slot] = this.entries;
    return this.entries - 1;
  }

  #equals(entry: number, bytes: Uint8Array, start: number, length: number): boolean {
    const from = this.#starts[entry]!;
    if (this.#starts[entry + 1]! - from !== length) return false;
    for (let i = 0; i < length; i++) if (this.#bytes[from + i] !== bytes[start + i]) return false;
    return true;
  }

  /** The entries that `codes` name, as a column. */
  expand(codes: Float64Array, rows: number): BytesColumn {
    const start = new Uint32Array(rows);
    const length = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) {
      const code = codes[row]!;
      start[row] = this.#starts[code]!;
      length[row] = this.#starts[code + 1]! - this.#starts[code]!;
    }
    return { bytes: this.#bytes, start, length };
  }

  /** The page: packed lengths of the entries, then their bytes. */
  encode(): Uint8Array {
    const lengths = new Float64Array(this.entries);
    let max = 0;
    for (let entry = 0; entry < this.entries; entry++) {
      const length = this.#starts[entry + 1]! - this.#starts[entry]!;
      lengths[entry] = length;
      max = Math.max(max, length);
    }
    const width = packedWidth(max);
    const bytesAt = packedBytes(width, this.entries);
    const raw = new ArrayBuffer(bytesAt + this.#length);
    writePacked(raw, 0, lengths, this.entries, 0, 1, width);
    const page = new Uint8Array(raw);
    page.set(this.#bytes.subarray(0, this.#length), bytesAt);
    return page;
  }
}

/** Reads what encode wrote; a text says what is wrong. */
export function decodeDictionary(page: Uint8Array, entries: number): BytesColumn | string {
  const payload = page.byteOffset % 8 === 0 ? page : new Uint8Array(page);
  const packed = readPacked(payload, 0, entries);
  if (typeof packed === 'string') return packed;
  const lengths = new Float64Array(entries);
  unpack(packed, 0, entries, lengths, 0);
  const start = new Uint32Array(entries);
  const length = new Uint32Array(entries);
  const bytesAt = packedBytes(packed.width, entries);
  let end = 0;
  for (let entry = 0; entry < entries; entry++) {
    if (!(lengths[entry]! >= 0 && end + lengths[entry]! <= payload.length - bytesAt)) return `entry ${entry} reaches past the end`;
    start[entry] = end;
    length[entry] = lengths[entry]!;
    end += lengths[entry]!;
  }
  if (bytesAt + end !== payload.length) return 'bytes left over';
  return { bytes: payload.subarray(bytesAt), start, length };
}
