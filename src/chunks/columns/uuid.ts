import { asBuffer } from '../../bytes/mod.ts';
import { alphabetClass, alphabetOf } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, PageOpener } from './column.ts';
import { caseOf, parseHex, writeHex } from './hexadecimal.ts';
import { evenStarts, textBuffer, viewOf, type Lengths } from './texts.ts';

const textBytes = 36;
const size = 16;
const dash = 0x2d;
/** Where the groups of 8-4-4-4-12 begin in the text, and in the bytes. */
const groups = [
  { text: 0, byte: 0, size: 4 }, { text: 9, byte: 4, size: 2 }, { text: 14, byte: 6, size: 2 }, { text: 19, byte: 8, size: 2 }, { text: 24, byte: 10, size: 6 },
] as const;
const alphabets = [alphabetClass(alphabetOf(Buffer.from('0123456789abcdef-'))), alphabetClass(alphabetOf(Buffer.from('0123456789ABCDEF-')))] as const;

function parse(bytes: DataView, at: number, upper: boolean, target: DataView, to: number): boolean {
  for (const group of groups) {
    if (group.text > 0 && bytes.getUint8(at + group.text - 1) !== dash) return false;
    if (!parseHex(bytes, at + group.text, group.size, upper, target, to + group.byte)) return false;
  }
  return true;
}

/** UUIDs, any version. Parameters: u8 1 where letters are upper ones. One page: 16 bytes of each. */
export function draftUuid(values: ColumnValues, lengths: Lengths): Draft | null {
  if (lengths.min !== textBytes || lengths.max !== textBytes) return null;
  const { bytes, start, count } = values;
  const upper = caseOf(bytes, start, values.length, count);
  const view = viewOf(bytes);
  if (!parse(view, start[count - 1]!, upper, viewOf(new Uint8Array(size)), 0)) return null;
  const page = new Uint8Array(count * size);
  const target = viewOf(page);
  for (let i = 0; i < count; i++) if (!parse(view, start[i]!, upper, target, i * size)) return null;
  const header: ColumnHeader = { kind: 'uuid', count, alphabet: alphabets[upper ? 1 : 0], lengthMin: textBytes, lengthMax: textBytes, parameters: Uint8Array.of(upper ? 1 : 0), range: null };
  return { bits: page.length * 8 + 64, make: () => ({ header, pages: [page] }) };
}

export class UuidColumn extends BaseColumn {
  readonly #upper: boolean;
  #page: Buffer | null = null;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const [upper = 2] = header.parameters;
    if (header.lengthMin !== textBytes || header.lengthMax !== textBytes || header.parameters.length !== 1 || upper > 1) throw this.damage('length or case of UUIDs');
    this.#upper = upper === 1;
  }

  #binary(): Buffer {
    return (this.#page ??= asBuffer(this.page(0, this.header.count * size)));
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const binary = this.#binary();
    const count = places?.length ?? this.header.count;
    const target = textBuffer(count * textBytes);
    for (let i = 0; i < count; i++) {
      const from = (places === null ? i : places[i]!) * size;
      const at = i * textBytes;
      for (const group of groups) writeHex(target, at + group.text, binary, from + group.byte, group.size, this.#upper);
      target[at + 8] = dash;
      target[at + 13] = dash;
      target[at + 18] = dash;
      target[at + 23] = dash;
    }
    return { bytes: target, start: evenStarts(count, textBytes), length: new Uint32Array(count).fill(textBytes) };
  }

  protected override search(needle: Uint8Array): Uint32Array | null {
    if (needle.length !== textBytes) return super.search(needle);
    const wanted = Buffer.alloc(size);
    if (!parse(viewOf(needle), 0, this.#upper, viewOf(wanted), 0)) return new Uint32Array(0);
    const binary = this.#binary();
    const found: number[] = [];
    for (let at = binary.indexOf(wanted); at >= 0; at = binary.indexOf(wanted, at + 1)) if (at % size === 0) found.push(at / size);
    return Uint32Array.from(found);
  }
}
