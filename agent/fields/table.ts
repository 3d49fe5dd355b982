import type { FieldNames } from './names.ts';

/** What the bytes of a value are. */
export const textValue = 0;
/** A JSON string with backslashes in it. */
export const escapedValue = 1;
/** A JSON number, `true` or `false`. */
export const literalValue = 2;
/** A JSON `null`: get answers undefined. */
export const nullValue = 3;
/** A JSON object or array; its text. */
export const blockValue = 4;

/** Finds the fields of lines. */
export interface FieldParser {
  readonly names: FieldNames;
  /** Fills a table that was reset with what bytes[start … end) holds; false where the line is not, or not wholly, in the parser's format: what was found before that counts. */
  parse(table: FieldTable, bytes: Buffer, start: number, end: number): boolean;
}

/**
 * The fields of one line, as ranges over its bytes, by the node of their name: one table that is overwritten by the next line. Only names that somebody asks for
 * are kept; of a name that stands twice the first counts.
 */
export class FieldTable {
  readonly #names: FieldNames;
  readonly #parser: FieldParser;
  #generation = 0;
  #stamp = new Int32Array(64);
  #start = new Int32Array(64);
  #end = new Int32Array(64);
  #kind = new Uint8Array(64);
  #bytes: Buffer = Buffer.alloc(0);
  #lineStart = 0;
  #lineEnd = 0;

  constructor(parser: FieldParser) {
    this.#parser = parser;
    this.#names = parser.names;
  }

  /** The bytes that ranges point into. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Forgets the line before and parses bytes[start … end). What the parser answers. */
  read(bytes: Buffer, start: number, end: number): boolean {
    this.#generation = (this.#generation + 1) | 0;
    if (this.#generation === 0) this.#stamp.fill(0);
    if (this.#stamp.length < this.#names.size) this.#grow();
    this.#bytes = bytes;
    this.#lineStart = start;
    this.#lineEnd = end;
    return this.#parser.parse(this, bytes, start, end);
  }

  /** Says that the field of `node` is bytes[start … end). */
  set(node: number, start: number, end: number, kind: number): void {
    if (this.#stamp[node] === this.#generation) return;
    this.#stamp[node] = this.#generation;
    this.#start[node] = start;
    this.#end[node] = end;
    this.#kind[node] = kind;
  }

  /** Whether the line has the field; a null is none. */
  has(node: number): boolean {
    return this.#stamp[node] === this.#generation && this.#kind[node] !== nullValue;
  }

  start(node: number): number {
    return this.#start[node] as number;
  }

  end(node: number): number {
    return this.#end[node] as number;
  }

  kind(node: number): number {
    return this.#kind[node] as number;
  }

  /**
   * The node of a name, to ask by; -1 where there are too many. A name that was not asked for before makes the parser look for it from then on.
   */
  node(name: string): number {
    const known = this.#names.nodeOf(name);
    if (known !== undefined) return known;
    const node = this.#names.add(name);
    if (node >= 0) this.read(this.#bytes, this.#lineStart, this.#lineEnd);
    return node;
  }

  /**
   * The value of a field by its name, nested ones with dots (`http.status`): strings with escapes undone, everything else as it is written. Undefined where the line has none.
   */
  get(name: string): string | undefined {
    const node = this.node(name);
    return node < 0 ? undefined : this.text(node);
  }

  /** The same by the node of its name. */
  text(node: number): string | undefined {
    if (!this.has(node)) return undefined;
    const text = this.#bytes.toString('utf8', this.#start[node], this.#end[node]);
    return this.#kind[node] === escapedValue ? unescapeJson(text) : text;
  }

  #grow(): void {
    const size = Math.max(this.#names.size, this.#stamp.length * 2);
    const stamp = new Int32Array(size);
    stamp.set(this.#stamp);
    const start = new Int32Array(size);
    start.set(this.#start);
    const end = new Int32Array(size);
    end.set(this.#end);
    const kind = new Uint8Array(size);
    kind.set(this.#kind);
    this.#stamp = stamp;
    this.#start = start;
    this.#end = end;
    this.#kind = kind;
  }
}

/** Undoes the escapes of a JSON string without its quotes; a text whose escapes are none stays as it is. */
export function unescapeJson(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
