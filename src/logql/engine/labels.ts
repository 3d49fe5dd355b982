import type { Label, LabelSet } from '../../model/mod.ts';
import type { Grouping } from '../syntax/mod.ts';

/** The labels of a group: `by` keeps the named ones, `without` all others. */
export function groupLabels(labels: LabelSet, grouping: Grouping): LabelSet {
  return grouping.without ? labels.filter((label) => !grouping.labels.includes(label.name)) : labels.filter((label) => grouping.labels.includes(label.name));
}

/**
 * Without labels that are empty. A stage may make such labels, which make a series another one than that without the label; most operators leave them out.
 */
export function withoutEmpty(labels: LabelSet): LabelSet {
  return labels.every((label) => label.value !== '') ? labels : labels.filter((label) => label.value !== '');
}

/** A key that is the same for the same labels only. */
export function labelsKey(labels: LabelSet): string {
  let key = '';
  for (const { name, value } of labels) key += `${name.length}:${name}${value.length}:${value}`;
  return key;
}

/** The order of Go's labels.Compare: name and value of the first label, then of the second, then the shorter set first. */
export function compareLabels(a: LabelSet, b: LabelSet): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i] as Label, b[i] as Label];
    if (left.name !== right.name) return left.name < right.name ? -1 : 1;
    if (left.value !== right.value) return left.value < right.value ? -1 : 1;
  }
  return a.length - b.length;
}

/** `labels` with `name` set to `value`; without it where that is empty. */
export function withLabel(labels: LabelSet, name: string, value: string): LabelSet {
  const rest = labels.filter((label) => label.name !== name);
  if (value === '') return rest;
  const at = rest.findIndex((label) => label.name > name);
  rest.splice(at < 0 ? rest.length : at, 0, { name, value });
  return rest;
}
