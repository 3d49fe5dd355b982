import { compileMatcher } from '../regex/mod.ts';
import type { DropLabels } from '../syntax/mod.ts';
import { errorDetailsLabel, errorLabel, type LabelsBuilder } from './labels-builder.ts';
import type { CompiledStage } from './stage.ts';

/** Compiles `| drop a, b="x"`. A condition is asked of "" where the label does not exist. */
export function compileDrop(stage: DropLabels, labels: LabelsBuilder): CompiledStage {
  const targets = stage.targets.map(({ name, matcher }) => ({
    name,
    matches: matcher === null ? null : compileMatcher({ name, op: matcher.op, value: matcher.value }),
  }));
  return {
    usesLine: false,
    usesLabels: true,
    process: () => {
      for (const { name, matches } of targets) {
        if (name === errorLabel) {
          if (matches === null || matches.matches(labels.error)) labels.error = '';
        } else if (name === errorDetailsLabel) {
          if (matches === null || matches.matches(labels.errorDetails)) labels.errorDetails = '';
        } else {
          const value = labels.get(name);
          if (matches === null ? value !== undefined : matches.matches(value ?? '')) labels.delete(name);
        }
      }
      return true;
    },
  };
}
