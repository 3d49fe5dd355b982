import { decodeText } from '../regex/mod.ts';
import { unescapeJson } from './json-escapes.ts';

/**
 * How bytes become a label's value: `plain`: as they are, each byte that is no UTF-8 as U+FFFD. `clean`: each U+FFFD or bad byte as a space.
 * `json`: the inside of a JSON string with escapes, then clean; empty where an escape is wrong.
 */
export type TextForm = 'plain' | 'clean' | 'json';

const slots = 2048;
const bytesMax = 24;

/** Makes strings from bytes and remembers the short ones, because label values repeat: a hit makes no string. */
export class TextCache {
  readonly #texts: (string | undefined)[] = Array.from<string | undefined>({ length: slots });
  readonly #lengths = new Uint8Array(slots);
  readonly #bytes = new Uint8Array(slots * bytesMax);

  text(bytes: Buffer, start: number, end: number, form: TextForm): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > bytesMax || form === 'json') return decode(bytes, start, end, form);
    let hash = length;
    let bits = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      bits |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (bits >= 0x80) return decode(bytes, start, end, form);
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const at = slot * bytesMax;
    if (this.#lengths[slot] === length) {
      let i = 0;
      while (i < length && this.#bytes[at + i] === bytes[start + i]) i++;
      if (i === length) return this.#texts[slot]!;
    }
    const text = bytes.toString('latin1', start, end);
    this.#texts[slot] = text;
    this.#lengths[slot] = length;
    for (let i = 0; i < length; i++) this.#bytes[at + i] = bytes[start + i]!;
    return text;
  }
}

function decode(bytes: Buffer, start: number, end: number, form: TextForm): string {
  if (form === 'json') return cleanText(unescapeJson(bytes, start, end) ?? '');
  const text = decodeText(bytes, start, end);
  return form === 'clean' ? cleanText(text) : text;
}

/** Replaces each U+FFFD by a space, as Loki does, because Prometheus refuses it in label values. */
export function cleanText(text: string): string {
  return text.includes('\ufffd') ? text.replaceAll('\ufffd', ' ') : text;
}
