import type { LogfmtParser } from '../syntax/mod.ts';
import { KeyTable, type LineKey } from './key-table.ts';
import { extractLogfmt } from './logfmt-extract.ts';
import { LogfmtScanner } from './logfmt-scan.ts';
import { errorLabel, type LabelsBuilder } from './labels-builder.ts';
import type { CompiledStage, Row } from './stage.ts';
import { cleanText } from './text-cache.ts';

/** Compiles `| logfmt`: every pair becomes a label; `| logfmt a="x"`: the listed ones. */
export function compileLogfmt(stage: LogfmtParser, labels: LabelsBuilder): CompiledStage {
  if (stage.extractions.length > 0) return extractLogfmt(stage, labels);
  const parser = new LogfmtStage(stage, labels);
  return { process: (row) => parser.process(row), usesLine: true, usesLabels: true };
}

class LogfmtStage {
  readonly #labels: LabelsBuilder;
  readonly #strict: boolean;
  readonly #keepEmpty: boolean;
  readonly #keys: KeyTable;
  readonly #scanner = new LogfmtScanner();

  constructor(stage: LogfmtParser, labels: LabelsBuilder) {
    this.#labels = labels;
    this.#strict = stage.strict;
    this.#keepEmpty = stage.keepEmpty;
    this.#keys = new KeyTable(labels);
  }

  process(row: Row): boolean {
    const labels = this.#labels;
    if (labels.skipsParsers) return true;
    const scanner = this.#scanner;
    const keys = this.#keys;
    const strict = this.#strict;
    const { bytes } = row;
    keys.begin();
    scanner.reset(bytes, row.start, row.end);
    let previous: LineKey | null = null;
    while (!scanner.atEnd) {
      if (!scanner.next()) {
        if (strict) break;
        continue;
      }
      const expected: LineKey | null = previous === null ? keys.first : previous.next;
      const key = keys.find(bytes, scanner.keyStart, scanner.keyEnd, expected);
      if (key !== expected) {
        if (previous === null) keys.first = key;
        else previous.next = key;
      }
      previous = key;
      const { escaped } = scanner;
      const slot = key.name !== '' && key.slot.wanted ? labels.claim(key.slot) : null;
      let text: string | null = null;
      if (escaped && (strict || slot !== null)) {
        text = scanner.unquoted();
        if (text === null) {
          if (strict) break;
          continue;
        }
      }
      if (slot === null) continue;
      if (text !== null) {
        if (text === '' && !this.#keepEmpty) continue;
        labels.setText(slot, cleanText(text));
      } else {
        const { valueStart, valueEnd } = scanner;
        if (valueStart === valueEnd && !this.#keepEmpty) continue;
        labels.setBytes(slot, bytes, valueStart, valueEnd, 'clean');
      }
      if (slot.filter !== null && !slot.filter()) return false;
      if (labels.allFound) break;
    }
    if (!strict || scanner.error === null) return true;
    labels.setParserError('LogfmtParserErr', scanner.error);
    return labels.slot(errorLabel).filter?.() ?? true;
  }
}
