import type { LogfmtParser } from '../syntax/mod.ts';
import { parseLogfmtKey } from './json-path.ts';
import { KeyTable, type LineKey } from './key-table.ts';
import { hasRuneError, LogfmtScanner } from './logfmt-scan.ts';
import type { LabelSlot } from './label-slot.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import type { CompiledStage, Row } from './stage.ts';

/** Compiles `| logfmt a="x", b`. Throws ExpressionError. */
export function extractLogfmt(stage: LogfmtParser, labels: LabelsBuilder): CompiledStage {
  const parser = new LogfmtExtractor(stage, labels);
  return { process: (row) => parser.process(row), usesLine: true, usesLabels: true };
}

/** Every listed label is made, empty where the line has no such key; of a repeated key the last value counts. */
class LogfmtExtractor {
  readonly #labels: LabelsBuilder;
  readonly #strict: boolean;
  readonly #names: readonly string[];
  /** Line key → labels. */
  readonly #targets: ReadonlyMap<string, readonly string[]>;
  readonly #keys: KeyTable;
  readonly #scanner = new LogfmtScanner();
  #slots: readonly LabelSlot[] = [];
  #slotsOf = new Map<LineKey, readonly LabelSlot[]>();
  #generation = -1;

  constructor(stage: LogfmtParser, labels: LabelsBuilder) {
    this.#labels = labels;
    this.#strict = stage.strict;
    // Of a label that is listed twice the last expression counts.
    const keyOf = new Map(stage.extractions.map(({ label, expression }) => [label, parseLogfmtKey(expression)]));
    this.#names = [...keyOf.keys()];
    const targets = new Map<string, readonly string[]>();
    for (const [label, key] of keyOf) targets.set(key, [...(targets.get(key) ?? []), label]);
    // A key that is no expression but the name of a listed label makes that label too.
    for (const label of keyOf.keys()) if (!targets.has(label)) targets.set(label, [label]);
    this.#targets = targets;
    this.#keys = new KeyTable(labels);
  }

  /** The labels that a key of the line makes. As in Loki a renamed key is looked for only where the query needs a label of the key's own name. */
  #labelsOf(key: LineKey): readonly LabelSlot[] {
    let slots = this.#slotsOf.get(key);
    if (slots === undefined) {
      const looked = key.name !== '' && (this.#names.includes(key.name) || key.slot.wanted);
      slots = looked ? (this.#targets.get(key.name) ?? []).map((name) => this.#labels.slot(name)) : [];
      this.#slotsOf.set(key, slots);
    }
    return slots;
  }

  process(row: Row): boolean {
    const labels = this.#labels;
    if (labels.skipsParsers) return true;
    const scanner = this.#scanner;
    const keys = this.#keys;
    const { bytes } = row;
    keys.begin();
    if (keys.first === null || this.#generation !== labels.generation) {
      this.#generation = labels.generation;
      this.#slotsOf = new Map();
      this.#slots = this.#names.map((name) => labels.slot(name));
    }
    for (const slot of this.#slots) if (!labels.clashes(slot)) labels.setText(slot, '');
    scanner.reset(bytes, row.start, row.end);
    let previous: LineKey | null = null;
    scanning: while (!scanner.atEnd) {
      if (!scanner.next()) {
        if (this.#strict) break;
        continue;
      }
      const expected: LineKey | null = previous === null ? keys.first : previous.next;
      const key = keys.find(bytes, scanner.keyStart, scanner.keyEnd, expected);
      if (key !== expected) {
        if (previous === null) keys.first = key;
        else previous.next = key;
      }
      previous = key;
      const targets = this.#labelsOf(key);
      if (targets.length === 0 && !(this.#strict && scanner.escaped)) continue;
      const text = scanner.escaped ? scanner.unquoted() : null;
      if (scanner.escaped && text === null) {
        if (this.#strict) break;
        continue;
      }
      if (targets.length === 0 || (!this.#names.includes(key.name) && labels.wasParsed(key.slot))) continue;
      for (const target of targets) {
        const slot = labels.parsedSlot(target);
        // Loki ends here where the label of another name is not needed.
        if (slot !== target && (labels.wasParsed(slot) || !slot.wanted)) break scanning;
        if (text !== null) labels.setText(slot, text.includes('\ufffd') ? '' : text);
        else if (hasRuneError(bytes, scanner.valueStart, scanner.valueEnd)) labels.setText(slot, '');
        else labels.setBytes(slot, bytes, scanner.valueStart, scanner.valueEnd, 'plain');
      }
      if (labels.allFound) break;
    }
    if (this.#strict && scanner.error !== null) labels.setParserError('LogfmtParserErr', scanner.error);
    return true;
  }
}
