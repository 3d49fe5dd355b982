import { decodeText } from '../regex/mod.ts';
import { unescapeJson } from '../stages/json-escapes.ts';
import { JsonKeys, type JsonKey, type JsonObject } from '../stages/json-keys.ts';
import type { LabelSlot } from '../stages/label-slot.ts';

const duplicateSuffix = '_extracted';

/** Keys of JSON lines that know where in the line they stand. */
export class JsonPaths extends JsonKeys {
  readonly #ofKeys = new WeakMap<JsonKey, readonly string[]>();
  readonly #ofObjects = new WeakMap<JsonObject, readonly string[]>();
  #last: JsonKey | null = null;

  override find(object: JsonObject, bytes: Buffer, start: number, end: number): JsonKey | null {
    const key = super.find(object, bytes, start, end);
    this.#last = key;
    if (key !== null && !this.#ofKeys.has(key)) {
      const text = bytes.subarray(start, end).includes(0x5c) ? (unescapeJson(bytes, start, end) ?? '') : decodeText(bytes, start, end);
      this.#ofKeys.set(key, [...(this.#ofObjects.get(object) ?? []), text]);
    }
    return key;
  }

  override objectOf(key: JsonKey): JsonObject {
    const object = super.objectOf(key);
    const path = this.#ofKeys.get(key);
    if (path !== undefined) this.#ofObjects.set(object, path);
    return object;
  }

  /**
   * The path of the key that was found last, whose value became the label `slot`. Below the top Loki takes `_extracted` off the keys, whether it had put
   * it there because of a clash or not.
   */
  lastPath(slot: LabelSlot): readonly string[] {
    const key = this.#last;
    const path = key === null ? [] : (this.#ofKeys.get(key) ?? []);
    if (path.length < 2) return path;
    const clashed = slot !== key?.slot;
    return path.map((part, i) => (clashed && i === path.length - 1 ? part : withoutSuffix(part)));
  }
}

function withoutSuffix(key: string): string {
  return key.endsWith(duplicateSuffix) ? key.slice(0, -duplicateSuffix.length) : key;
}
