import type { OutputLabels } from '../source.ts';
import { errorLabels, LineFields } from './line-fields.ts';
import type { DetectedField } from './task.ts';
import { fieldType } from './value-type.ts';

/** What is known of a field. */
interface Field {
  readonly values: Set<string>;
  readonly parsers: string[];
  path: readonly string[] | null;
  /** The value of the last row: its type is the field's. */
  last: string;
  /** The row that `last` is of. */
  row: number;
}

/**
 * Gathers the fields of rows: structured metadata, labels that the query's stages parsed, and what `json` or `logfmt` find in the line. Index labels are
 * none. The rules are Loki's (pkg/querier/queryrange/detected_fields.go), the order in which rows come included, since the last one decides a field's type
 * and path; Loki goes over streams by their labels and in each from the newest entry to the oldest.
 */
export class FieldDetector {
  readonly #limit: number;
  readonly #fields = new Map<string, Field>();
  readonly #line = new LineFields();
  #row = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(labels: OutputLabels, bytes: Buffer, start: number, end: number): void {
    const line = this.#line;
    this.#row++;
    for (const { name, value } of labels.structuredMetadata) {
      const field = this.#field(name);
      if (field !== null) this.#take(field, value);
    }
    this.#row++;
    line.parse(labels.stream, bytes, start, end);
    // What the query parsed first: where the line has the same field with another value, both count.
    for (const { name, value } of labels.parsed) {
      const field = errorLabels.has(name) ? null : this.#parsedField(name);
      if (field === null) continue;
      this.#take(field, value);
      if (line.parser === 'json') field.path = null;
    }
    for (let i = 0; i < line.count; i++) {
      const name = line.name(i);
      const field = errorLabels.has(name) ? null : this.#parsedField(name);
      if (field === null) continue;
      this.#take(field, line.value(i));
      if (line.parser === 'json') field.path = line.path(i);
    }
  }

  /** The field of this name, a new one as long as there is room; null where there is none. */
  #field(name: string): Field | null {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    if (this.#fields.size >= this.#limit) return null;
    const field: Field = { values: new Set(), parsers: [], path: null, last: '', row: 0 };
    this.#fields.set(name, field);
    return field;
  }

  #parsedField(name: string): Field | null {
    const field = this.#field(name);
    const { parser } = this.#line;
    if (field !== null && !field.parsers.includes(parser)) field.parsers.push(parser);
    return field;
  }

  #take(field: Field, value: string): void {
    field.values.add(value);
    if (field.row === this.#row) return;
    field.row = this.#row;
    field.last = value;
  }

  /** The fields by name. */
  finish(): DetectedField[] {
    return [...this.#fields]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, { values, parsers, path, last }]) => ({
        label,
        type: fieldType(last),
        cardinality: values.size,
        parsers: parsers.length === 0 ? null : parsers,
        ...(path === null || path.length === 0 ? {} : { jsonPath: path }),
      }));
  }
}
