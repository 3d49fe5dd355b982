import { labelSet } from '../../src/model/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import type { LabelValues } from './label-values.ts';
import type { MetadataPair } from './metadata.ts';

/** Label sets that are remembered; beyond it they are made anew, which costs time and nothing else. */
const cachedMax = 5000;

/** Makes label sets of streams and values, the same object for the same values. One per container run. */
export class LabelCache {
  readonly #names: readonly string[];
  readonly #values: LabelValues;
  readonly #known = new Map<StreamLabels, Map<string, StreamLabels>>();
  #size = 0;

  /** @param names labels that values are given for */
  constructor(names: readonly string[], values: LabelValues) {
    this.#names = names;
    this.#values = values;
  }

  /**
   * The labels of a line: those of `base` and the given ones; an empty value is none. Values that the pod may not have as labels are added to `refused`.
   * @param values by place of their names
   */
  labels(base: StreamLabels, values: readonly string[], refused: MetadataPair[]): StreamLabels {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\u0000');
    let known = this.#known.get(base);
    const found = known?.get(key);
    if (found !== undefined) return found;
    const before = refused.length;
    const pairs: [string, string][] = base.labels.map(({ name, value }) => [name, value]);
    const left = this.#names.map(() => '');
    for (const [i, name] of this.#names.entries()) {
      const value = values[i] ?? '';
      if (value === '') continue;
      if (this.#values.admit(name, value)) {
        pairs.push([name, value]);
        left[i] = value;
      } else refused.push({ name, value });
    }
    const made: StreamLabels = { labels: labelSet(pairs), tenant: base.tenant };
    // What was refused has to be said for each line, and its values are without number; those that are left are few.
    if (refused.length > before) return this.labels(base, left, []);
    if (this.#size++ >= cachedMax) {
      this.#known.clear();
      this.#size = 1;
      known = undefined;
    }
    if (known === undefined) {
      known = new Map();
      this.#known.set(base, known);
    }
    known.set(key, made);
    return made;
  }
}
