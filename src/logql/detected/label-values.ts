import { parseFloatGo } from '../template/mod.ts';

/** Labels that are worth showing whatever their values are. */
const alwaysShown: ReadonlySet<string> = new Set(['cluster', 'namespace', 'instance', 'pod']);

/**
 * Tells whether `detected_labels` lists a label: not if all its values are identifiers (numbers or UUIDs), since nobody picks from those. One or two
 * values that are 0 or 1 are no identifiers. The rules are Loki's (pkg/querier/querier.go).
 */
export class LabelVerdict {
  readonly #always: boolean;
  #count = 0;
  #binary = true;
  #decided = false;

  constructor(name: string) {
    this.#always = alwaysShown.has(name);
  }

  /** Looks at one more value; true once no other can change the verdict. */
  add(value: string): boolean {
    this.#count++;
    this.#binary &&= value === '0' || value === '1';
    this.#decided ||= this.#always || !isIdentifier(value);
    return this.#decided;
  }

  get isShown(): boolean {
    return this.#decided || (this.#count > 0 && this.#count <= 2 && this.#binary);
  }
}

function isIdentifier(value: string): boolean {
  return isUuid(value) || parseFloatGo(value).error === null;
}

const dashed = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** As github.com/google/uuid reads it: dashed, with `urn:uuid:` or one character more at either end, or 32 hex digits. */
function isUuid(value: string): boolean {
  const { length } = value;
  if (length === 32) return /^[0-9a-f]{32}$/i.test(value);
  if (length === 36) return dashed.test(value);
  if (length === 38) return dashed.test(value.slice(1, 37));
  return length === 45 && /^urn:uuid:/i.test(value) && dashed.test(value.slice(9));
}
