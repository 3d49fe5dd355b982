import { decodeText } from '../regex/mod.ts';
import { unescapeJson } from './json-escapes.ts';
import type { LabelSlot } from './label-slot.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import { labelName, nestedName } from './names.ts';

/** Keys that are remembered; when there are more, all are forgotten. */
const keysMax = 1 << 13;

/** A key of an object at one place of the tree, with what became of it. */
export interface JsonKey {
  /** As it stands between the quotes. */
  readonly bytes: Uint8Array;
  /** Its label; null where nothing is left of its name. */
  readonly slot: LabelSlot | null;
  /** Its name as a prefix, and whether any wanted label may begin so. */
  readonly prefix: string;
  readonly prefixWanted: boolean;
  /** The keys of the object under it. */
  object: JsonObject | null;
  /** The key that followed it last time. */
  next: JsonKey | null;
  /** The next one with the same hash. */
  readonly chain: JsonKey | undefined;
}

/** The keys of the objects at one place of the tree. */
export class JsonObject {
  readonly prefix: string;
  readonly nested: boolean;
  readonly keys = new Map<number, JsonKey>();
  first: JsonKey | null = null;

  constructor(prefix: string, nested: boolean) {
    this.prefix = prefix;
    this.nested = nested;
  }
}

/** All keys that a json stage met: what a key means is worked out once. */
export class JsonKeys {
  readonly #labels: LabelsBuilder;
  #generation = -1;
  #count = 0;
  root = new JsonObject('', false);

  constructor(labels: LabelsBuilder) {
    this.#labels = labels;
  }

  /** To be called before a row. */
  begin(): void {
    if (this.#count <= keysMax && this.#generation === this.#labels.generation) return;
    this.#generation = this.#labels.generation;
    this.#count = 0;
    this.root = new JsonObject('', false);
  }

  /** The object under a key. */
  objectOf(key: JsonKey): JsonObject {
    key.object ??= new JsonObject(key.prefix, true);
    return key.object;
  }

  /** The key bytes[start … end), which stood between quotes, in an object; null where an escape in it is wrong. */
  find(object: JsonObject, bytes: Buffer, start: number, end: number): JsonKey | null {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const first = object.keys.get(hash);
    for (let key = first; key !== undefined; key = key.chain) {
      const known = key.bytes;
      if (known.length !== end - start) continue;
      let i = 0;
      while (i < known.length && known[i] === bytes[start + i]) i++;
      if (i === known.length) return key;
    }
    const raw = Uint8Array.prototype.slice.call(bytes, start, end);
    const text = raw.includes(0x5c) ? unescapeJson(bytes, start, end) : decodeText(bytes, start, end);
    if (text === null) return null;
    const name = object.nested ? nestedName(object.prefix, text) : labelName(text);
    const slot = name === '' && !object.nested ? null : this.#labels.slot(name);
    const key: JsonKey = { bytes: raw, slot, prefix: name, prefixWanted: this.#labels.wantsPrefix(name), object: null, next: null, chain: first };
    object.keys.set(hash, key);
    this.#count++;
    return key;
  }
}
