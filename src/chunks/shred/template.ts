/** How the lines of a template were taken apart; tells a reader which parsers may rely on it. Numbers are never reused. */
export const templateKinds = {
  /** A JSON object as `| json` reads it without a fault: keys, punctuation and white space are text, scalar values and whole arrays are holes. */
  json: 1,
  /** Pairs as `| logfmt` reads them without a fault: keys and white space are text, values are holes. */
  logfmt: 2,
  /** Words are holes, what separates them is text; all behind the first end of line is one hole. */
  text: 3,
  /** The whole line is one hole. */
  plain: 4,
} as const;

export type TemplateKind = keyof typeof templateKinds;

/** What may fill a hole. Numbers are never reused. */
export const holeKinds = {
  /** What stands between two quotes: no quote but behind a backslash, no lone backslash at the end. */
  string: 1,
  /** A number as JSON parsers take it, or true, false or null. */
  token: 2,
  /** What stands between the brackets of a JSON array. */
  array: 3,
  /** A logfmt value without quotes: no byte up to 0x20, no quote, no equals sign; may be empty. */
  bare: 4,
  /** A word of a text: none of the separators. */
  word: 5,
  /** Any bytes. */
  any: 6,
} as const;

export type HoleKind = keyof typeof holeKinds;

/** What the lines, and the structured metadata, of some rows have in common. */
export interface Template {
  readonly kind: TemplateKind;
  /** What stands before each hole of the line, and behind the last one: one more than holes. */
  readonly text: readonly Buffer[];
  readonly holes: readonly HoleKind[];
  /**
   * Names of the pairs of structured metadata; each value is a column behind those of the line. Null: the metadata is one column as it is, because it does not
   * have the canonical form.
   */
  readonly metadata: readonly string[] | null;
}

/** Columns of a template: holes of the line, then values of metadata. */
export function columnCount(template: Template): number {
  return template.holes.length + (template.metadata === null ? 1 : template.metadata.length);
}

/** Whether two templates are the same. */
export function sameTemplate(a: Template, b: Template): boolean {
  return templateKey(a) === templateKey(b);
}

/** Equal for equal templates, and for no others. */
export function templateKey({ kind, text, holes, metadata }: Template): string {
  let key = `${templateKinds[kind]}`;
  for (const [i, piece] of text.entries()) {
    const hole = holes[i];
    key += `;${piece.length}:${piece.toString('latin1')}${hole === undefined ? '' : holeKinds[hole]}`;
  }
  if (metadata === null) return `${key};raw`;
  for (const name of metadata) key += `;${name.length}:${name}`;
  return key;
}
