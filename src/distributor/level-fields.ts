import { limitSpecs, type Limits } from '../model/mod.ts';

const prepared = new WeakMap<readonly string[], LevelFields>();

/** The names of a tenant, prepared; an empty list means the default one, as in Loki. */
export function levelFieldsOf(limits: Limits): LevelFields {
  const names = limits.log_level_fields.length === 0 ? limitSpecs.log_level_fields.default : limits.log_level_fields;
  let fields = prepared.get(names);
  if (fields === undefined) {
    fields = new LevelFields(names);
    prepared.set(names, fields);
  }
  return fields;
}

/** The field names that hold a level (limit `log_level_fields`), ready for comparing bytes. */
export class LevelFields {
  readonly names: readonly string[];
  readonly #exact: ReadonlySet<string>;
  /** Names by length in bytes. */
  readonly #byLength: readonly (readonly Uint8Array[] | undefined)[];
  /** Distinct names in lower case, by length, with the lowest place in the list. */
  readonly #foldedByLength: readonly (readonly FoldedName[] | undefined)[];

  constructor(names: readonly string[]) {
    this.names = names;
    this.#exact = new Set(names);
    this.#byLength = byLength(names.map((name) => Buffer.from(name)), (bytes) => bytes.length);
    const folded = new Map<string, number>();
    for (const [place, name] of names.entries()) if (!folded.has(name.toLowerCase())) folded.set(name.toLowerCase(), place);
    this.#foldedByLength = byLength([...folded].map(([name, place]) => ({ bytes: Buffer.from(name), place })), (name) => name.bytes.length);
  }

  /** Whether bytes[start … end) is one of the names, exactly. */
  has(bytes: Buffer, start: number, end: number): boolean {
    const candidates = this.#byLength[end - start];
    if (candidates === undefined) return false;
    for (const name of candidates) {
      let i = 0;
      while (i < name.length && bytes[start + i] === name[i]) i++;
      if (i === name.length) return true;
    }
    return false;
  }

  hasText(text: string): boolean {
    return this.#exact.has(text);
  }

  /** The place in the list of the name that bytes[start … end) is in any case (of ASCII letters), or -1. */
  placeFolded(bytes: Buffer, start: number, end: number): number {
    const candidates = this.#foldedByLength[end - start];
    if (candidates === undefined) return -1;
    for (const name of candidates) {
      let i = 0;
      while (i < name.bytes.length && lower[bytes[start + i]!] === name.bytes[i]) i++;
      if (i === name.bytes.length) return name.place;
    }
    return -1;
  }
}

interface FoldedName {
  readonly bytes: Uint8Array;
  readonly place: number;
}

const lower = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));

function byLength<T>(items: readonly T[], lengthOf: (item: T) => number): (readonly T[] | undefined)[] {
  const longest = Math.max(0, ...items.map(lengthOf));
  return Array.from({ length: longest + 1 }, (_, length) => {
    const found = items.filter((item) => lengthOf(item) === length);
    return found.length === 0 ? undefined : found;
  });
}
