import type { Label } from '../../model/mod.ts';

/** Texts above this length are not kept. */
const textMax = 4096;
const charactersMax = 2 * 2 ** 20;

/**
 * Remembers what label texts mean: shippers send the same few for ever. Two generations, so that what is used stays and what is not goes, within about
 * twice `charactersMax`. The answer for a text is always the same array, so that others may keep what they work out from it by identity.
 */
export class LabelCache {
  #young = new Map<string, readonly Label[]>();
  #old = new Map<string, readonly Label[]>();
  #characters = 0;

  get(text: string): readonly Label[] | undefined {
    const labels = this.#young.get(text);
    if (labels !== undefined) return labels;
    const aged = this.#old.get(text);
    if (aged !== undefined) this.set(text, aged);
    return aged;
  }

  set(text: string, labels: readonly Label[]): void {
    if (text.length > textMax) return;
    this.#characters += text.length + 64;
    if (this.#characters > charactersMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = text.length + 64;
    }
    this.#young.set(text, labels);
  }
}
