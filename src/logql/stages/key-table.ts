import { decodeText } from '../regex/mod.ts';
import type { LabelSlot } from './label-slot.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import { labelName } from './names.ts';

const keysMax = 1 << 13;

/** A key of logfmt lines and what became of it. */
export interface LineKey {
  readonly bytes: Uint8Array;
  /** The label name; "" where nothing is left of it. */
  readonly name: string;
  readonly slot: LabelSlot;
  /** The key that followed it last time. */
  next: LineKey | null;
  readonly chain: LineKey | undefined;
}

/** Keys that a stage met: what a key means is worked out once. */
export class KeyTable {
  readonly #labels: LabelsBuilder;
  readonly #keys = new Map<number, LineKey>();
  #generation = 0;
  #count = 0;
  /** The key that the last line began with. */
  first: LineKey | null = null;

  constructor(labels: LabelsBuilder) {
    this.#labels = labels;
    this.#generation = labels.generation;
  }

  /** To be called before a row. */
  begin(): void {
    if (this.#count <= keysMax && this.#generation === this.#labels.generation) return;
    this.#generation = this.#labels.generation;
    this.#count = 0;
    this.#keys.clear();
    this.first = null;
  }

  /** The key bytes[start … end), which is `expected` more often than not. */
  find(bytes: Buffer, start: number, end: number, expected: LineKey | null): LineKey {
    const length = end - start;
    if (expected !== null && expected.bytes.length === length) {
      const known = expected.bytes;
      let i = 0;
      while (i < length && known[i] === bytes[start + i]) i++;
      if (i === length) return expected;
    }
    let hash = length;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const first = this.#keys.get(hash);
    for (let key = first; key !== undefined; key = key.chain) {
      const known = key.bytes;
      if (known.length !== length) continue;
      let i = 0;
      while (i < length && known[i] === bytes[start + i]) i++;
      if (i === length) return key;
    }
    const name = labelName(decodeText(bytes, start, end));
    const key: LineKey = { bytes: Uint8Array.prototype.slice.call(bytes, start, end), name, slot: this.#labels.slot(name), next: null, chain: first };
    this.#keys.set(hash, key);
    this.#count++;
    return key;
  }
}
