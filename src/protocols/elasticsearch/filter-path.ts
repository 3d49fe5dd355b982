/** Parts of a filter, and segments of one. */
const patternsMax = 64;
const segmentsMax = 12;

type Pattern = readonly string[];

/**
 * Elasticsearch's `filter_path`: which parts of an answer are wanted. Paths with commas between, `*` for any name, `**` for any number of names, `-` before what is not wanted.
 */
export class FilterPath {
  readonly #wanted: readonly Pattern[];
  readonly #unwanted: readonly Pattern[];

  constructor(text: string) {
    const parts = text.split(',').map((part) => part.trim()).filter((part) => part !== '').slice(0, patternsMax);
    const patternOf = (part: string): Pattern => part.split('.').slice(0, segmentsMax);
    this.#wanted = parts.filter((part) => !part.startsWith('-')).map(patternOf);
    this.#unwanted = parts.filter((part) => part.startsWith('-')).map((part) => patternOf(part.slice(1)));
  }

  /** Whether everything is wanted. */
  get isEmpty(): boolean {
    return this.#wanted.length === 0 && this.#unwanted.length === 0;
  }

  /** Whether the value at a path, which holds no others, is wanted. */
  keeps(path: readonly string[]): boolean {
    return (this.#wanted.length === 0 || this.#wanted.some((pattern) => matches(pattern, path))) && !this.#unwanted.some((pattern) => matches(pattern, path));
  }
}

/** Whether a pattern is that of a path or of something that holds it. */
function matches(pattern: Pattern, path: readonly string[], at = 0, from = 0): boolean {
  if (at === pattern.length) return true;
  const segment = pattern[at]!;
  if (segment === '**') {
    for (let to = from; to <= path.length; to++) if (matches(pattern, path, at + 1, to)) return true;
    return false;
  }
  return from < path.length && matchesName(segment, path[from]!) && matches(pattern, path, at + 1, from + 1);
}

function matchesName(segment: string, name: string): boolean {
  if (!segment.includes('*')) return segment === name;
  const parts = segment.split('*');
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

/** Applies a filter to an answer that is small. Objects and arrays that hold nothing afterwards are left out, as Elasticsearch does. */
export function filtered(value: unknown, filter: FilterPath): unknown {
  return filter.isEmpty ? value : (keep(value, filter, []) ?? {});
}

function keep(value: unknown, filter: FilterPath, path: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return filter.keeps(path) ? value : undefined;
  if (Array.isArray(value)) {
    const kept = value.map((item) => keep(item, filter, path)).filter((item) => item !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  const entries = Object.entries(value).map(([name, item]) => [name, keep(item, filter, [...path, name])] as const).filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
