import type { Label, LabelSet } from '../../model/mod.ts';
import type { OutputLabels } from '../source.ts';
import type { Grouping } from '../syntax/mod.ts';

/** The labels of returned rows: one object and one small number for the same labels, all through a scan. */
export interface InternedLabels extends OutputLabels {
  readonly id: number;
}

/** A series: one object and one small number for the same labels, all through a scan. */
export interface GroupedLabels {
  readonly id: number;
  readonly labels: LabelSet;
  /** Whether the rows have an error: then these are all their labels. */
  readonly error: boolean;
}

/** A stream of the scan. */
export interface StreamEntry {
  readonly id: number;
  readonly labels: LabelSet;
  result: InternedLabels | null;
  group: GroupedLabels | null;
}

/** Texts that lead to labels without making them; more are forgotten. */
const keysMax = 1 << 16;

/** Numbers the distinct label sets of a scan. */
export class LabelTables {
  readonly #without: readonly string[];
  readonly #streams = new WeakMap<LabelSet, StreamEntry>();
  readonly #streamsByKey = new Map<string, StreamEntry>();
  readonly #resultsByKey = new Map<string, InternedLabels>();
  readonly #results = new Map<string, InternedLabels>();
  readonly #groupsByKey = new Map<string, GroupedLabels>();
  readonly #groups = new Map<string, GroupedLabels>();
  /** Where the values of `by (…)` lead to series, a level per label. */
  readonly groupRoot = new GroupNode(null, undefined);

  constructor(grouping: Grouping | null) {
    this.#without = grouping?.without === true ? grouping.labels : [];
  }

  /** Forgets keys, whose slot numbers mean other names now; not the labels. */
  forgetKeys(): void {
    this.#resultsByKey.clear();
    this.#groupsByKey.clear();
  }

  stream(labels: LabelSet): StreamEntry {
    let entry = this.#streams.get(labels);
    if (entry !== undefined) return entry;
    const key = setKey(labels);
    entry = this.#streamsByKey.get(key);
    if (entry === undefined) {
      entry = { id: this.#streamsByKey.size, labels, result: null, group: null };
      this.#streamsByKey.set(key, entry);
    }
    this.#streams.set(labels, entry);
    return entry;
  }

  /** Labels of a row that nothing changed. */
  streamResult(stream: StreamEntry): InternedLabels {
    stream.result ??= this.#result({ stream: stream.labels, structuredMetadata: [], parsed: [] });
    return stream.result;
  }

  /** Series of a row that nothing changed, for `without` and no grouping. */
  streamGroup(stream: StreamEntry): GroupedLabels {
    stream.group ??= this.#group(stream.labels.filter(({ name }) => !this.#without.includes(name)), false);
    return stream.group;
  }

  /** The labels that `key` stands for. */
  result(key: string, make: () => OutputLabels): InternedLabels {
    let labels = this.#resultsByKey.get(key);
    if (labels === undefined) {
      labels = this.#result(make());
      remember(this.#resultsByKey, key, labels);
    }
    return labels;
  }

  /** The series that `key` stands for. */
  group(key: string, make: () => LabelSet, error = false): GroupedLabels {
    let labels = this.#groupsByKey.get(key);
    if (labels === undefined) {
      labels = this.#group(make(), error);
      remember(this.#groupsByKey, key, labels);
    }
    return labels;
  }

  /** The series at a node under groupRoot. */
  groupAt(node: GroupNode, names: readonly string[]): GroupedLabels {
    if (node.group !== null) return node.group;
    const labels: Label[] = [];
    let at: GroupNode = node;
    for (let i = names.length - 1; i >= 0; i--) {
      if (at.value !== undefined) labels.push({ name: names[i]!, value: at.value });
      at = at.parent!;
    }
    node.group = this.#group(labels.sort(byName), false);
    return node.group;
  }

  #result(labels: OutputLabels): InternedLabels {
    const key = [labels.stream, labels.structuredMetadata, labels.parsed].map(setKey).join('|');
    let interned = this.#results.get(key);
    if (interned === undefined) {
      interned = { id: this.#results.size, ...labels };
      this.#results.set(key, interned);
    }
    return interned;
  }

  #group(labels: LabelSet, error: boolean): GroupedLabels {
    const key = setKey(labels) + (error ? '!' : '');
    let interned = this.#groups.get(key);
    if (interned === undefined) {
      interned = { id: this.#groups.size, labels, error };
      this.#groups.set(key, interned);
    }
    return interned;
  }
}

/** A value of a `by (…)` label, or that there is none, after those of the labels before it. */
export class GroupNode {
  readonly parent: GroupNode | null;
  readonly value: string | undefined;
  group: GroupedLabels | null = null;
  readonly #children = new Map<string | undefined, GroupNode>();

  constructor(parent: GroupNode | null, value: string | undefined) {
    this.parent = parent;
    this.value = value;
  }

  next(value: string | undefined): GroupNode {
    let child = this.#children.get(value);
    if (child === undefined) {
      child = new GroupNode(this, value);
      this.#children.set(value, child);
    }
    return child;
  }
}

export function byName(a: Label, b: Label): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= keysMax) map.clear();
  map.set(key, value);
}

function setKey(labels: LabelSet): string {
  let key = '';
  for (const { name, value } of labels) key += `${name.length}:${name}${value.length}:${value}`;
  return key;
}
