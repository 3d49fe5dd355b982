import { crc32c } from '@node-rs/crc32';

/** One label pair. */
export interface Label {
  readonly name: string;
  readonly value: string;
}

/** A label set: sorted by name (UTF-16 code units), no name twice, no empty value. One label set is one stream. */
export type LabelSet = readonly Label[];

/** Sorts pairs into a label set. Of a repeated name the last pair wins; pairs with an empty value fall away, as in Loki. */
export function labelSet(pairs: Iterable<readonly [string, string]>): LabelSet {
  const byName = new Map(pairs);
  const labels: Label[] = [];
  for (const [name, value] of byName) if (value !== '') labels.push({ name, value });
  return labels.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The value of label `name`, or undefined. */
export function labelValue(labels: LabelSet, name: string): string | undefined {
  for (const label of labels) if (label.name === name) return label.value;
  return undefined;
}

/** `{a="b", c="d"}` as Loki and Prometheus print it; also the key under which a stream is known in memory. */
export function formatLabels(labels: LabelSet): string {
  return `{${labels.map((label) => `${label.name}=${quoteGo(label.value)}`).join(', ')}}`;
}

/** A label set as a plain object with no prototype, for JSON. */
export function labelsObject(labels: LabelSet): Record<string, string> {
  const object: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const label of labels) object[label.name] = label.value;
  return object;
}

/** A stable 32-bit hash of a label set: crc32c of its printed form. Chooses the partition; never changes. */
export function hashLabels(labels: LabelSet): number {
  return crc32c(formatLabels(labels));
}

const plainText = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** Quotes a string as Go's strconv.Quote does. */
export function quoteGo(text: string): string {
  if (plainText.test(text)) return `"${text}"`;
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === '\\') out += `\\${character}`;
    else if (code >= 0x20 && code < 0x7f) out += character;
    else out += goEscapes.get(code) ?? escapeCode(character, code);
  }
  return `${out}"`;
}

const goEscapes: ReadonlyMap<number, string> = new Map([
  [7, '\\a'], [8, '\\b'], [9, '\\t'], [10, '\\n'], [11, '\\v'], [12, '\\f'], [13, '\\r'],
]);

function escapeCode(character: string, code: number): string {
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) return character;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
