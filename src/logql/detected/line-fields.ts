import type { LabelSet } from '../../model/mod.ts';
import { parseExactly } from '../stages/json-exact.ts';
import type { LabelSlot } from '../stages/label-slot.ts';
import { LabelsBuilder } from '../stages/labels-builder.ts';
import { compileLogfmt } from '../stages/logfmt.ts';
import { Row, type CompiledStage } from '../stages/stage.ts';
import type { TextForm } from '../stages/text-cache.ts';
import { JsonPaths } from './json-paths.ts';

/** Parsers that a line is tried with, in this order. */
export type LineParser = 'json' | 'logfmt';

/** Labels that say how parsing went: no fields. */
export const errorLabels: ReadonlySet<string> = new Set(['__error__', '__error_details__', '__preserve_error__']);

/** Takes down what a parser sets: each label once, since of equal keys the first counts. */
class RecordingLabels extends LabelsBuilder {
  readonly slots: LabelSlot[] = [];
  onSet: (slot: LabelSlot) => void = () => {};

  override setBytes(slot: LabelSlot, bytes: Buffer, start: number, end: number, form: TextForm): void {
    super.setBytes(slot, bytes, start, end, form);
    this.#note(slot);
  }

  override setText(slot: LabelSlot, value: string): void {
    super.setText(slot, value);
    this.#note(slot);
  }

  #note(slot: LabelSlot): void {
    this.slots.push(slot);
    this.onSet(slot);
  }
}

/** The fields of lines as `| json` finds them, or `| logfmt` where a line is no JSON. */
export class LineFields {
  readonly #labels = new RecordingLabels();
  readonly #row = new Row(this.#labels);
  readonly #keys = new JsonPaths(this.#labels);
  readonly #logfmt: CompiledStage = compileLogfmt({ kind: 'logfmt', strict: false, keepEmpty: false, extractions: [] }, this.#labels);
  readonly #paths: (readonly string[])[] = [];
  #stream: LabelSet | null = null;
  #parser: LineParser = 'json';

  /** Parses the line bytes[start … end) of an entry with these stream labels; fields of the same name become `<name>_extracted`. */
  parse(stream: LabelSet, bytes: Buffer, start: number, end: number): void {
    const labels = this.#labels;
    if (stream !== this.#stream) labels.resetStream(stream);
    this.#stream = stream;
    this.#begin();
    this.#keys.begin();
    this.#parser = 'json';
    labels.onSet = (slot) => this.#paths.push(this.#keys.lastPath(slot));
    parseExactly(bytes, start, end, this.#keys, labels);
    if (!labels.hasError) return;
    this.#begin();
    this.#parser = 'logfmt';
    labels.onSet = () => {};
    this.#row.replaceLine(bytes, start, end);
    this.#logfmt.process(this.#row);
  }

  #begin(): void {
    this.#labels.resetRow(null, 0, 0);
    this.#labels.slots.length = 0;
    this.#paths.length = 0;
  }

  /** What the last line was. A line that is no JSON counts as logfmt, whatever it is. */
  get parser(): LineParser {
    return this.#parser;
  }

  get count(): number {
    return this.#labels.slots.length;
  }

  name(i: number): string {
    return this.#labels.slots[i]!.name;
  }

  value(i: number): string {
    return this.#labels.slots[i]!.text(this.#labels.cache);
  }

  /** Where in the JSON field i stands; null in logfmt. */
  path(i: number): readonly string[] | null {
    return this.#paths[i] ?? null;
  }
}
