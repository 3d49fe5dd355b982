import { compileMatcher } from '../regex/mod.ts';
import type { KeepLabels } from '../syntax/mod.ts';
import { errorDetailsLabel, errorLabel, type LabelsBuilder } from './labels-builder.ts';
import type { CompiledStage } from './stage.ts';

/** Compiles `| keep a, b="x"`: all other labels go, those of the stream too, but not those of errors. */
export function compileKeep(stage: KeepLabels, labels: LabelsBuilder): CompiledStage {
  const targets = new Map<string, ((value: string) => boolean)[]>();
  for (const { name, matcher } of stage.targets) {
    const compiled = matcher === null ? null : compileMatcher({ name, op: matcher.op, value: matcher.value });
    targets.set(name, [...(targets.get(name) ?? []), (value) => compiled === null || compiled.matches(value)]);
  }
  const keeps = (name: string, value: string): boolean => {
    if (name === errorLabel || name === errorDetailsLabel) return true;
    return targets.get(name)?.some((matches) => matches(value)) ?? false;
  };
  return {
    usesLine: false,
    usesLabels: true,
    process: () => {
      for (const [name, value] of labels.all()) if (!keeps(name, value)) labels.delete(name);
      return true;
    },
  };
}
