/** The labels of an answered row, apart by where they came from. */
export interface Categories {
  readonly stream: Readonly<Record<string, string>>;
  readonly structuredMetadata: Readonly<Record<string, string>>;
  readonly parsed: Readonly<Record<string, string>>;
}

/** The labels of one row on its way through the stages, in three maps. */
export class NaiveLabels {
  readonly #stream: ReadonlyMap<string, string>;
  readonly metadata = new Map<string, string>();
  readonly parsed = new Map<string, string>();
  readonly #deleted = new Set<string>();
  /** Labels that parsers made: no later parser makes them again, even if they were dropped since. */
  readonly extracted = new Set<string>();
  preserved = false;
  error = '';
  details = '';

  constructor(stream: Readonly<Record<string, string>>, metadata: Readonly<Record<string, string>>) {
    this.#stream = new Map(Object.entries(stream));
    for (const [name, value] of Object.entries(metadata)) this.metadata.set(this.#stream.has(name) ? `${name}_extracted` : name, value);
  }

  /** The name under which a parser adds a label: another one where stream or metadata have it. */
  nameFor(name: string): string {
    return this.#stream.has(name) || this.metadata.has(name) ? `${name}_extracted` : name;
  }

  get(name: string): string | undefined {
    return this.metadata.get(name) ?? this.parsed.get(name) ?? (this.#deleted.has(name) || this.#stream.get(name) === '' ? undefined : this.#stream.get(name));
  }

  /** What a label filter compares: "" where there is none. */
  text(name: string): string {
    return name === '__error__' ? this.error : (this.get(name) ?? '');
  }

  set(name: string, value: string): void {
    this.metadata.delete(name);
    this.parsed.set(name, value);
    this.extracted.add(name);
  }

  delete(name: string): void {
    this.metadata.delete(name);
    this.parsed.delete(name);
    this.#deleted.add(name);
  }

  /** `byParser`: a query that names errors takes such a line for one like others. */
  fail(error: string, details: string, byParser = false): void {
    this.preserved ||= byParser;
    this.error = error;
    this.details = details;
  }

  categories(): Categories {
    const stream = Object.fromEntries([...this.#stream].filter(([name]) => !this.#deleted.has(name) && !this.metadata.has(name) && !this.parsed.has(name)));
    const parsed = Object.fromEntries(this.parsed);
    if (this.error !== '') parsed['__error__'] = this.error;
    if (this.details !== '') parsed['__error_details__'] = this.details;
    return { stream, structuredMetadata: Object.fromEntries(this.metadata), parsed };
  }

  all(): Record<string, string> {
    const { stream, structuredMetadata, parsed } = this.categories();
    return { ...stream, ...structuredMetadata, ...parsed };
  }
}
