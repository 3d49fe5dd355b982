import type { CapturePattern } from './capture.ts';
import type { FieldNames } from './names.ts';
import { literalValue, textValue, type FieldParser, type FieldTable } from './table.ts';

/** What a captured text has to be, to be a field. */
export type CaptureType = 'string' | 'int' | 'float' | 'bool';

/** A group that makes a field. */
export interface CaptureField {
  readonly group: number;
  readonly name: string;
  readonly type: CaptureType;
}

/** Fields of lines that a regular expression takes apart: one for each named group. A group that took no part, or whose text is not of its type, makes none. */
export class RegexFields implements FieldParser {
  readonly names: FieldNames;
  readonly #pattern: CapturePattern;
  readonly #fields: readonly CaptureField[];
  #nodes: Int32Array | null = null;
  #version = -1;

  constructor(names: FieldNames, pattern: CapturePattern, fields: readonly CaptureField[]) {
    this.names = names;
    this.#pattern = pattern;
    this.#fields = fields;
  }

  parse(table: FieldTable, bytes: Buffer, start: number, end: number): boolean {
    const slots = this.#pattern.find(bytes, start, end);
    if (slots === null) return false;
    if (this.#nodes === null || this.#version !== this.names.version) {
      this.#nodes = Int32Array.from(this.#fields, ({ name }) => this.names.nodeOf(name) ?? -1);
      this.#version = this.names.version;
    }
    for (let i = 0; i < this.#fields.length; i++) {
      const node = this.#nodes[i] as number;
      const { group, type } = this.#fields[i] as CaptureField;
      const from = slots[2 * group] as number;
      const to = slots[2 * group + 1] as number;
      if (node >= 0 && from >= 0 && isOfType(bytes, from, to, type)) table.set(node, from, to, type === 'string' ? textValue : literalValue);
    }
    return true;
  }
}

/** The fields that a pattern's named groups make, with the types that are given for some. */
export function fieldsOfGroups(names: readonly string[], types: ReadonlyMap<string, CaptureType>): CaptureField[] {
  return names.flatMap((name, i) => (name === '' ? [] : [{ group: i + 1, name, type: types.get(name) ?? 'string' }]));
}

function isOfType(bytes: Buffer, from: number, to: number, type: CaptureType): boolean {
  switch (type) {
    case 'string': return true;
    case 'int': return isNumber(bytes, from, to, false);
    case 'float': return isNumber(bytes, from, to, true);
    case 'bool': return to - from <= 5 && /^(?:true|false)$/i.test(bytes.toString('latin1', from, to));
  }
}

/** An optional sign, digits, and for fractions a dot and an exponent. */
function isNumber(bytes: Buffer, from: number, to: number, fraction: boolean): boolean {
  let at = from;
  if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
  let digits = 0;
  let dots = 0;
  for (; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x30 && byte <= 0x39) digits++;
    else if (fraction && byte === 0x2e && dots === 0) dots++;
    else if (fraction && digits > 0 && (byte | 0x20) === 0x65) return isNumber(bytes, at + 1, to, false);
    else return false;
  }
  return digits > 0;
}
