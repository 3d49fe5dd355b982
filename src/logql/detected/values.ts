import type { OutputLabels } from '../source.ts';
import { errorLabels, LineFields } from './line-fields.ts';
import { listedValue } from './value-type.ts';

/** Gathers the values of one field. Sizes that were parsed are listed so that they can stand in a query; the rules are Loki's. */
export class ValueDetector {
  readonly #name: string;
  readonly #limit: number;
  readonly #values = new Set<string>();
  readonly #line = new LineFields();

  constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  /** Whether no more rows are wanted. */
  get isFull(): boolean {
    return this.#values.size >= this.#limit;
  }

  add(labels: OutputLabels, bytes: Buffer, start: number, end: number): void {
    if (this.isFull) return;
    for (const { name, value } of labels.structuredMetadata) if (name === this.#name) this.#values.add(value);
    if (errorLabels.has(this.#name)) return;
    for (const { name, value } of labels.parsed) if (name === this.#name) this.#values.add(listedValue(value));
    const line = this.#line;
    line.parse(labels.stream, bytes, start, end);
    for (let i = 0; i < line.count; i++) if (line.name(i) === this.#name) this.#values.add(listedValue(line.value(i)));
  }

  /** The values in the order in which they were found. */
  finish(): string[] {
    return [...this.#values];
  }
}
