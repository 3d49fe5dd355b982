import { decodeText } from '../regex/mod.ts';
import { TemplateError, type GoValue, type LabelsValue } from './values.ts';

/** What follows an action: the next one, or the end of the round or loop it stands in. */
export type Flow = 'next' | 'break' | 'continue';

/** What a template is executed on. */
export interface TemplateRow {
  readonly labels: LabelsValue;
  /** The line is bytes[start … end). */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** UTC day, and nanoseconds since its start. */
  readonly day: number;
  readonly time: number;
}

/** Bytes that a template may make of one row. */
const outputMax = 8 << 20;

/** The state of one execution. */
export class Frame {
  readonly row: TemplateRow;
  dot: GoValue;
  /** Values of variables; slot 0 is `$`. */
  slots: GoValue[];
  rounds = 0;
  calls = 0;
  #line: string | undefined;
  #text = '';
  #chunks: Buffer[] | null = null;
  #length = 0;

  constructor(row: TemplateRow, slots: number) {
    this.row = row;
    this.dot = row.labels;
    this.slots = slots === 1 ? [row.labels] : Array.from<GoValue>({ length: slots });
    this.slots[0] = row.labels;
  }

  write(text: string): void {
    this.#text += text;
    this.#length += text.length;
    if (this.#length > outputMax) throw new TemplateError(`template makes more than the limit of ${outputMax} bytes`);
  }

  /** Writes the line, byte for byte. */
  writeLine(): void {
    const { bytes, start, end } = this.row;
    this.#chunks ??= [];
    if (this.#text !== '') this.#chunks.push(Buffer.from(this.#text, 'utf8'));
    this.#text = '';
    this.#chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
    this.#length += end - start;
    if (this.#length > outputMax) throw new TemplateError(`template makes more than the limit of ${outputMax} bytes`);
  }

  lineText(): string {
    this.#line ??= decodeText(this.row.bytes, this.row.start, this.row.end);
    return this.#line;
  }

  bytes(): Buffer {
    if (this.#chunks === null) return Buffer.from(this.#text, 'utf8');
    if (this.#text !== '') this.#chunks.push(Buffer.from(this.#text, 'utf8'));
    return Buffer.concat(this.#chunks);
  }

  text(): string {
    if (this.#chunks === null) return this.#text;
    const bytes = this.bytes();
    return decodeText(bytes, 0, bytes.length);
  }
}
