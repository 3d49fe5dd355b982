import { ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { alphabetClass, alphabetOf } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import { bitsAt } from './bits.ts';
import type { ColumnHeader, ColumnTexts, ColumnValues, PageOpener } from './column.ts';
import { frameBytes, frameOf, largest, packFrame, readFrame, unpackFrame, writeFrame, type Frame } from './frame.ts';
import { scratchDoubles } from './scratch.ts';
import { textBuffer, type Lengths } from './texts.ts';

const dot = 0x2e;
const zero = 0x30;
const textBytesMin = 7;
const textBytesMax = 15;
const addressMax = 0xffff_ffff;
const alphabet = alphabetClass(alphabetOf(Buffer.from('0123456789.')));

/** The address as a number; -1 where the text is none in canonical form. */
function parse(bytes: Buffer, at: number, length: number): number {
  let address = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let i = at; i < at + length; i++) {
    const byte = bytes[i]!;
    if (byte === dot) {
      if (digits === 0 || ++dots > 3) return -1;
      address = address * 256 + octet;
      octet = 0;
      digits = 0;
    } else {
      const digit = byte - zero;
      if (digit >>> 0 > 9 || (digits > 0 && octet === 0)) return -1;
      octet = octet * 10 + digit;
      if (octet > 255) return -1;
      digits++;
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + octet : -1;
}

/** IPv4 addresses as numbers in a frame. */
export function draftIpv4(values: ColumnValues, lengths: Lengths): Draft | null {
  if (lengths.min < textBytesMin || lengths.max > textBytesMax) return null;
  const { bytes, start, length, count } = values;
  const addresses = scratchDoubles(0, count);
  for (let i = 0; i < count; i++) {
    const address = parse(bytes, start[i]!, length[i]!);
    if (address < 0) return null;
    addresses[i] = address;
  }
  const frame = frameOf(addresses, count);
  if (frame === null) return null;
  const make = (): ReturnType<Draft['make']> => {
    const writer = new ByteWriter(16);
    writeFrame(writer, frame);
    return { header: { kind: 'ipv4', count, alphabet, lengthMin: lengths.min, lengthMax: lengths.max, parameters: writer.view(), range: null }, pages: packFrame(addresses, count, frame) };
  };
  return { bits: count * frame.width + 96, make };
}

const octets = Array.from({ length: 256 }, (_, octet) => Buffer.from(String(octet)));
/** For each octet its digits, first in the lowest byte, and their number in the highest. */
const octetDigits = Uint32Array.from(octets, (text) => text.reduce((sum, byte, i) => sum | (byte << (8 * i)), text.length << 24) >>> 0);

export class Ipv4Column extends BaseColumn {
  readonly #frame: Frame;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    this.#frame = readFrame(reader);
    reader.end();
    if (this.#frame.base < 0 || this.#frame.base > addressMax || this.#frame.width > 32) throw this.damage('base of addresses');
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const { width, base } = this.#frame;
    const page = width === 0 ? null : this.page(0, frameBytes(this.header.count, width));
    const addresses = places === null ? unpackFrame(page, this.header.count, this.#frame) : Float64Array.from(places, (place) => base + (page === null ? 0 : bitsAt(page, place, width)));
    if (addresses.length > 0 && largest(addresses) > addressMax) throw this.damage('an address is over 255.255.255.255');
    const count = addresses.length;
    const target = textBuffer(count * (textBytesMax + 1));
    const start = new Uint32Array(count);
    const length = new Uint32Array(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      start[i] = at;
      const address = addresses[i]! | 0;
      for (let shift = 24; shift >= 0; shift -= 8) {
        const digits = octetDigits[(address >>> shift) & 255]!;
        target[at] = digits;
        target[at + 1] = digits >>> 8;
        target[at + 2] = digits >>> 16;
        at += digits >>> 24;
        target[at++] = dot;
      }
      at--;
      length[i] = at - start[i]!;
    }
    return { bytes: target.subarray(0, at), start, length };
  }
}
