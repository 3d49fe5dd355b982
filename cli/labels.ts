/** Labels of an answer; a Map, because their names come from outside. */
export type Labels = ReadonlyMap<string, string>;

/** Labels from the object of an answer, sorted by name. */
export function labelsFrom(object: unknown): Labels {
  if (typeof object !== 'object' || object === null) return new Map();
  return new Map(Object.entries(object).map(([name, value]): [string, string] => [name, String(value)]).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const formatted = new WeakMap<Labels, string>();

/** `{a="b", c="d"}`. */
export function formatLabels(labels: Labels): string {
  const known = formatted.get(labels);
  if (known !== undefined) return known;
  const text = `{${Array.from(labels, ([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
  formatted.set(labels, text);
  return text;
}

/** Which labels are shown. */
export interface LabelChoice {
  /** Only these, if any. */
  readonly include: readonly string[];
  /** Not these. */
  readonly exclude: readonly string[];
}

/** The labels that the user wants to see. */
export function chooseLabels(labels: Labels, choice: LabelChoice): Labels {
  if (choice.include.length === 0 && choice.exclude.length === 0) return labels;
  const kept = Array.from(labels).filter(([name]) => (choice.include.length === 0 || choice.include.includes(name)) && !choice.exclude.includes(name));
  return new Map(kept);
}

/** The pairs that all of the label sets have. */
export function commonLabels(sets: Iterable<Labels>): Labels {
  let common: Map<string, string> | undefined;
  for (const labels of sets) {
    if (common === undefined) common = new Map(labels);
    else for (const [name, value] of common) if (labels.get(name) !== value) common.delete(name);
  }
  return common ?? new Map();
}

/** `labels` less the pairs of `common`. */
export function subtractLabels(labels: Labels, common: Labels): Labels {
  return common.size === 0 ? labels : new Map(Array.from(labels).filter(([name, value]) => common.get(name) !== value));
}
