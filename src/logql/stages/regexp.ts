import { compileRegex } from '../regex/mod.ts';
import type { RegexpParser } from '../syntax/mod.ts';
import type { LabelSlot } from './label-slot.ts';
import type { LabelsBuilder } from './labels-builder.ts';
import { labelName } from './names.ts';
import type { CompiledStage } from './stage.ts';

/** Compiles `| regexp`: the named groups of the first match become labels, empty where a group took no part. Throws RegexSyntaxError. */
export function compileRegexp(stage: RegexpParser, labels: LabelsBuilder): CompiledStage {
  const regex = compileRegex(stage.pattern);
  const groups = regex.names.map((name, i) => ({ group: i + 1, name: labelName(name) })).filter(({ name }) => name !== '');
  let slots: readonly LabelSlot[] = [];
  let generation = -1;
  return {
    usesLine: true,
    usesLabels: true,
    process: (row) => {
      if (labels.needs.skipParsers) return true;
      if (generation !== labels.generation) {
        generation = labels.generation;
        slots = groups.map(({ name }) => labels.slot(name));
      }
      const { bytes } = row;
      let found: Int32Array | null = null;
      for (const [i, { group }] of groups.entries()) {
        const slot = labels.claim(slots[i]!);
        if (slot === null) continue;
        // Not searched before someone wants a group of it.
        found ??= regex.find(bytes, row.start, row.end);
        if (found === null) return true;
        const start = found[2 * group]!;
        if (start < 0) labels.setText(slot, '');
        else labels.setBytes(slot, bytes, start, found[2 * group + 1]!, 'plain');
        if (slot.filter !== null && !slot.filter()) return false;
      }
      return true;
    },
  };
}
