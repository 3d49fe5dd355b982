/** Says which values of a label a pod may have: see admit. */
export interface LabelValues {
  /**
   * Whether `value` may be a label of the pod: it was one before, or the pod has fewer than the limit. An answer of true is for ever, also across restarts (the value stands in the checkpoint before the
   * first line that has it is sent), and so is false, because values are never taken back: a line that is read again gets the same labels.
   */
  admit(name: string, value: string): boolean;
}

/** Longest value of a label; longer ones are metadata. */
export const labelValueBytesMax = 256;

/** Where the values of labels are kept, by label name. */
export type KeptValues = Map<string, Set<string>>;

/** The values that the labels of one pod have. */
export class PodLabelValues implements LabelValues {
  readonly #kept: KeptValues;
  readonly #valuesMax: number;
  readonly #changed: () => void;
  readonly #full: (name: string) => void;
  readonly #said = new Set<string>();

  /**
   * @param kept values that were admitted, also by earlier runs; added to
   * @param changed called after each addition, before the line goes on
   * @param full called once for each label that has no room
   */
  constructor(kept: KeptValues, valuesMax: number, changed: () => void, full: (name: string) => void) {
    this.#kept = kept;
    this.#valuesMax = valuesMax;
    this.#changed = changed;
    this.#full = full;
  }

  admit(name: string, value: string): boolean {
    let values = this.#kept.get(name);
    if (values?.has(value) === true) return true;
    if (Buffer.byteLength(value) > labelValueBytesMax) return false;
    if (values !== undefined && values.size >= this.#valuesMax) {
      if (!this.#said.has(name)) {
        this.#said.add(name);
        this.#full(name);
      }
      return false;
    }
    if (values === undefined) {
      values = new Set();
      this.#kept.set(name, values);
    }
    values.add(value);
    this.#changed();
    return true;
  }
}
