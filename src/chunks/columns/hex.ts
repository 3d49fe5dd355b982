import { asBuffer } from '../../bytes/mod.ts';
import { alphabetClass, alphabetOf } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, PageOpener } from './column.ts';
import { caseOf, findHex, parseHex, renderHex, renderHexAt } from './hexadecimal.ts';
import { evenStarts, viewOf, type Lengths } from './texts.ts';

const digitsMin = 4;
const alphabets = [alphabetClass(alphabetOf(Buffer.from('0123456789abcdef'))), alphabetClass(alphabetOf(Buffer.from('0123456789ABCDEF')))] as const;

/** The set of the digits of one case. */
export function hexAlphabet(upper: boolean): Uint32Array {
  return alphabets[upper ? 1 : 0];
}

/** Values of one even length made of hexadecimal digits of one case. Parameters: u8 1 where letters are upper ones. One page: the bytes of the values. */
export function draftHex(values: ColumnValues, lengths: Lengths): Draft | null {
  const { bytes, start, count } = values;
  const size = lengths.min / 2;
  if (lengths.min !== lengths.max || lengths.min < digitsMin || !Number.isInteger(size)) return null;
  const upper = caseOf(bytes, start, values.length, count);
  const view = viewOf(bytes);
  const first = viewOf(new Uint8Array(size));
  for (const i of [0, count >>> 1, count - 1]) if (!parseHex(view, start[i]!, size, upper, first, 0)) return null;
  const page = new Uint8Array(count * size);
  const target = viewOf(page);
  for (let i = 0; i < count; i++) if (!parseHex(view, start[i]!, size, upper, target, i * size)) return null;
  const header: ColumnHeader = { kind: 'hex', count, alphabet: hexAlphabet(upper), lengthMin: lengths.min, lengthMax: lengths.max, parameters: Uint8Array.of(upper ? 1 : 0), range: null };
  return { bits: page.length * 8 + 64, make: () => ({ header, pages: [page] }) };
}

export class HexColumn extends BaseColumn {
  readonly #size: number;
  readonly #upper: boolean;
  #page: Buffer | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const [upper = 2] = header.parameters;
    if (header.lengthMin !== header.lengthMax || header.lengthMin < 2 || header.lengthMin % 2 !== 0) throw this.damage('length of hexadecimal digits');
    if (header.parameters.length !== 1 || upper > 1) throw this.damage('case of hexadecimal digits');
    this.#size = header.lengthMin / 2;
    this.#upper = upper === 1;
  }

  #binary(): Buffer {
    return (this.#page ??= asBuffer(this.page(0, this.header.count * this.#size)));
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const digits = 2 * this.#size;
    const binary = this.#binary();
    const count = places?.length ?? this.header.count;
    const length = new Uint32Array(count).fill(digits);
    if (places === null) return { bytes: renderHex(binary, this.#upper), start: evenStarts(count, digits), length };
    return { bytes: renderHexAt(binary, this.#size, places, this.#upper), start: evenStarts(count, digits), length };
  }

  protected override search(needle: Uint8Array): Uint32Array {
    return findHex(this.#binary(), this.#size, this.#upper, needle);
  }
}
