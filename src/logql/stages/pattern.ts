import type { PatternParser } from '../syntax/mod.ts';
import type { LabelSlot } from './label-slot.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import type { CompiledStage, Row } from './stage.ts';

/** A capture and the text behind it; the last capture may have none. */
interface Capture {
  /** "" for `<_>`. */
  readonly name: string;
  readonly until: Buffer | null;
}

/**
 * Compiles `| pattern "<ip> - <user> [<_>"`. The text in front of the first capture must begin the line; a capture goes to the next occurrence of the text
 * behind it, or to the end of the line where there is none, and then the pattern ends.
 */
export function compilePattern(stage: PatternParser, labels: LabelsBuilder): CompiledStage {
  const { lead, captures } = parsePattern(stage.pattern);
  let slots: readonly (LabelSlot | null)[] = [];
  let generation = -1;
  const process = (row: Row): boolean => {
    if (labels.skipsParsers) return true;
    if (generation !== labels.generation) {
      generation = labels.generation;
      slots = captures.map(({ name }) => (name === '' ? null : labels.slot(name)));
    }
    const { bytes, end } = row;
    let at = row.start;
    if (at === end || !startsWith(bytes, at, end, lead)) return true;
    at += lead.length;
    for (const [i, { until }] of captures.entries()) {
      const next = until === null ? -1 : indexOf(bytes, at, end, until);
      const slot = slots[i] ?? null;
      const target = slot === null ? null : labels.claim(slot);
      if (target !== null) {
        labels.setBytes(target, bytes, at, next < 0 ? end : next, 'plain');
        if (target.filter !== null && !target.filter()) return false;
      }
      if (next < 0) return true;
      at = next + until!.length;
    }
    return true;
  };
  return { process, usesLine: true, usesLabels: true };
}

/** The text in front of the first capture, and the captures. */
function parsePattern(pattern: string): { readonly lead: Buffer; readonly captures: readonly Capture[] } {
  const parts = pattern.split(/<([A-Za-z_][A-Za-z0-9_]*)>/);
  const captures: Capture[] = [];
  for (let i = 1; i < parts.length; i += 2) {
    const name = parts[i]!;
    const text = parts[i + 1]!;
    captures.push({ name: name === '_' ? '' : name, until: text === '' ? null : Buffer.from(text) });
  }
  return { lead: Buffer.from(parts[0]!), captures };
}

function startsWith(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** As Buffer.indexOf, but does not look beyond `end`, behind which the next lines stand. */
function indexOf(bytes: Buffer, at: number, end: number, text: Buffer): number {
  const first = text[0]!;
  const { length } = text;
  const last = end - length;
  for (let i = at; i <= last; i++) {
    if (bytes[i] !== first) continue;
    let k = 1;
    while (k < length && bytes[i + k] === text[k]) k++;
    if (k === length) return i;
  }
  return -1;
}
