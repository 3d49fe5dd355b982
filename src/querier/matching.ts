import { labelValue, type CompiledMatcher, type LabelSet } from '../model/mod.ts';

/** Whether a label set passes all matchers; an absent label counts as "". */
export function matchesAll(matchers: readonly CompiledMatcher[], labels: LabelSet): boolean {
  return matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name) ?? ''));
}
