import type { LabelsValue } from '../template/mod.ts';
import { errorDetailsLabel, errorLabel, type LabelsBuilder } from './labels-builder.ts';

const made = new WeakMap<LabelsBuilder, TemplateLabels>();

/** The labels of whatever row the builder works on, as a template sees them. */
export function templateLabels(labels: LabelsBuilder): LabelsValue {
  let known = made.get(labels);
  if (known === undefined) {
    known = new TemplateLabels(labels);
    made.set(labels, known);
  }
  return known;
}

/** The labels of the current row as a template sees them: all categories, and the error. */
class TemplateLabels implements LabelsValue {
  readonly kind = 'labels';
  readonly #labels: LabelsBuilder;

  constructor(labels: LabelsBuilder) {
    this.#labels = labels;
  }

  get(name: string): string | undefined {
    if (name === errorLabel && this.#labels.error !== '') return this.#labels.error;
    if (name === errorDetailsLabel && this.#labels.errorDetails !== '') return this.#labels.errorDetails;
    return this.#labels.get(name);
  }

  entries(): readonly (readonly [string, string])[] {
    return this.#labels.all().toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
