import { SpoorError } from '../../model/mod.ts';
import type { LabelSlot } from './label-slot.ts';

const tableSize = 1024;

interface KnownName {
  readonly bytes: Uint8Array;
  readonly slot: LabelSlot;
}

/** Reads the pairs of structured metadata (bytes/metadata.ts) without making strings: names that were seen before are found by their bytes. */
export class MetadataNames {
  readonly #slotOf: (name: string) => LabelSlot;
  readonly #known: (KnownName | undefined)[] = Array.from<KnownName | undefined>({ length: tableSize });
  /** Where the value of the pair that was read lies; the next pair begins at its end. */
  valueStart = 0;
  valueEnd = 0;
  #at = 0;

  constructor(slotOf: (name: string) => LabelSlot) {
    this.#slotOf = slotOf;
  }

  clear(): void {
    this.#known.fill(undefined);
  }

  /** Reads the pair at `at` and answers the slot of its name. */
  read(bytes: Buffer, at: number, end: number): LabelSlot {
    const nameLength = this.#length(bytes, at, end);
    const nameStart = this.#at;
    const valueLength = this.#length(bytes, nameStart + nameLength, end);
    this.valueStart = this.#at;
    this.valueEnd = this.#at + valueLength;
    let hash = nameLength;
    for (let i = nameStart; i < nameStart + nameLength; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const place = (hash ^ (hash >>> 15)) & (tableSize - 1);
    const known = this.#known[place];
    if (known !== undefined && known.bytes.length === nameLength) {
      let i = 0;
      while (i < nameLength && known.bytes[i] === bytes[nameStart + i]) i++;
      if (i === nameLength) return known.slot;
    }
    const slot = this.#slotOf(bytes.toString('utf8', nameStart, nameStart + nameLength));
    this.#known[place] = { bytes: Uint8Array.prototype.slice.call(bytes, nameStart, nameStart + nameLength), slot };
    return slot;
  }

  /** A length at `at`, which leaves that many bytes in front of `end`; `#at` is behind it then. */
  #length(bytes: Buffer, at: number, end: number): number {
    let value = 0;
    let factor = 1;
    for (let i = at; i < end && i < at + 5; i++) {
      const byte = bytes[i]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.#at = i + 1;
        if (value > end - this.#at) break;
        return value;
      }
      factor *= 128;
    }
    throw new SpoorError('corruption', { where: 'structured metadata', offset: at, reason: 'a length that does not fit' });
  }
}
