import { asBuffer, ByteReader, ByteWriter } from '../../bytes/mod.ts';
import { segmentLimits } from '../limits.ts';
import { alphabetOf, alphabetUnion } from './alphabet.ts';
import { BaseColumn, type ColumnContext, type Draft } from './base.ts';
import type { Column, ColumnHeader, ColumnTexts, ColumnValues, EncodedColumn, PageOpener } from './column.ts';
import { readHeader, writeHeader } from './header.ts';
import { scratchWords } from './scratch.ts';
import { allPlaces, textBuffer, type Lengths } from './texts.ts';

/** Bytes that all values begin and end with; the two do not overlap in the shortest value. */
export interface Affix {
  readonly prefix: number;
  readonly suffix: number;
}

/** What the values have in common, `most` at most. */
export function commonAffix(values: ColumnValues, lengths: Lengths, most: Affix): Affix {
  const { bytes, start, length, count } = values;
  let prefix = Math.min(most.prefix, lengths.min, segmentLimits.columnAffixBytesMax);
  let suffix = Math.min(most.suffix, lengths.min, segmentLimits.columnAffixBytesMax);
  const first = start[0]!;
  const firstEnd = first + length[0]!;
  for (let i = 1; i < count && (prefix > 0 || suffix > 0); i++) {
    const at = start[i]!;
    const end = at + length[i]!;
    let same = 0;
    while (same < prefix && bytes[at + same] === bytes[first + same]) same++;
    prefix = same;
    same = 0;
    while (same < suffix && bytes[end - 1 - same] === bytes[firstEnd - 1 - same]) same++;
    suffix = same;
  }
  return { prefix, suffix: Math.min(suffix, lengths.min - prefix) };
}

/** The affix without the bytes next to the rest that `belongs` says belong to the rest. */
export function cutAffix(values: ColumnValues, { prefix, suffix }: Affix, belongs: (byte: number) => boolean): Affix {
  const { bytes, start, length } = values;
  const [first, end] = [start[0]!, start[0]! + length[0]!];
  let [before, behind] = [prefix, suffix];
  while (before > 0 && belongs(bytes[first + before - 1]!)) before--;
  while (behind > 0 && belongs(bytes[end - behind]!)) behind--;
  return { prefix: before, suffix: behind };
}

/** The values without prefix and suffix; valid until the next call. */
export function withoutAffix(values: ColumnValues, { prefix, suffix }: Affix): ColumnValues {
  const { count } = values;
  const start = scratchWords(2, count);
  const length = scratchWords(3, count);
  for (let i = 0; i < count; i++) {
    start[i] = values.start[i]! + prefix;
    length[i] = values.length[i]! - prefix - suffix;
  }
  return { ...values, start, length };
}

/** Lengths without prefix and suffix. */
export function lengthsWithout(lengths: Lengths, { prefix, suffix }: Affix, count: number): Lengths {
  return { min: lengths.min - prefix - suffix, max: lengths.max - prefix - suffix, total: lengths.total - count * (prefix + suffix) };
}

/** Kinds that stand inside an affix. */
const innerKinds: readonly string[] = ['integer', 'decimal', 'hex', 'uuid', 'ipv4', 'time', 'pool', 'text'];

/** Parameters: varint length and bytes of the prefix, the same of the suffix, and the header of the rest. The pages are those of the rest. */
export function encodeAffix(values: ColumnValues, { prefix, suffix }: Affix, inner: EncodedColumn): EncodedColumn {
  const { bytes, start, length, count } = values;
  const at = start[0]!;
  const end = at + length[0]!;
  const before = bytes.subarray(at, at + prefix);
  const behind = bytes.subarray(end - suffix, end);
  const writer = new ByteWriter(prefix + suffix + 64).varint(prefix).bytes(before).varint(suffix).bytes(behind);
  writeHeader(writer, inner.header);
  const set = alphabetUnion(inner.header.alphabet, alphabetUnion(alphabetOf(before), alphabetOf(behind)));
  const header: ColumnHeader = {
    kind: 'affix', count, alphabet: set, lengthMin: inner.header.lengthMin + prefix + suffix, lengthMax: inner.header.lengthMax + prefix + suffix,
    parameters: writer.view(), range: null,
  };
  return { header, pages: inner.pages };
}

/** A draft with the affix around. */
export function draftAffix(values: ColumnValues, affix: Affix, inner: Draft): Draft {
  return { bits: inner.bits + (affix.prefix + affix.suffix) * 8 + 96, make: () => encodeAffix(values, affix, inner.make()) };
}

export class AffixColumn extends BaseColumn {
  readonly #prefix: Buffer;
  readonly #suffix: Buffer;
  /** The rest of the values. */
  readonly inner: Column;

  constructor(header: ColumnHeader, pages: PageOpener, context: ColumnContext, open: (header: ColumnHeader, pages: PageOpener, context: ColumnContext) => Column) {
    super(header, pages, context);
    const reader = new ByteReader(header.parameters, context.where);
    this.#prefix = reader.bytes(reader.varint(segmentLimits.columnAffixBytesMax, 'bytes of a prefix (columnAffixBytesMax)'));
    this.#suffix = reader.bytes(reader.varint(segmentLimits.columnAffixBytesMax, 'bytes of a suffix (columnAffixBytesMax)'));
    const inner = readHeader(reader);
    reader.end();
    if (!innerKinds.includes(inner.kind)) throw this.damage(`a column of kind ${inner.kind} inside`);
    const around = this.#prefix.length + this.#suffix.length;
    if (inner.count !== header.count || inner.lengthMin + around !== header.lengthMin || inner.lengthMax + around !== header.lengthMax) throw this.damage('the rest does not fit');
    this.inner = open(inner, pages, context);
  }

  get prefix(): Buffer {
    return this.#prefix;
  }

  get suffix(): Buffer {
    return this.#suffix;
  }

  override measured(): { readonly numbers: Float64Array; readonly unit: string } | null {
    const numbers = this.#prefix.length === 0 ? this.inner.numbers() : null;
    return numbers === null ? null : { numbers, unit: this.#suffix.toString('latin1') };
  }

  protected override render(places: Uint32Array | null): ColumnTexts {
    const inner = places === null ? this.inner.texts() : this.inner.textsAt(places);
    const count = places?.length ?? this.header.count;
    const [prefix, suffix] = [this.#prefix, this.#suffix];
    let total = count * (prefix.length + suffix.length);
    for (let i = 0; i < count; i++) total += inner.length[i]!;
    const target = textBuffer(total);
    const start = new Uint32Array(count);
    const length = new Uint32Array(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      start[i] = at;
      for (let j = 0; j < prefix.length; j++) target[at++] = prefix[j]!;
      const from = inner.start[i]!;
      const size = inner.length[i]!;
      if (size > 64) {
        inner.bytes.copy(target, at, from, from + size);
        at += size;
      } else for (let j = 0; j < size; j++) target[at++] = inner.bytes[from + j]!;
      for (let j = 0; j < suffix.length; j++) target[at++] = suffix[j]!;
      length[i] = at - start[i]!;
    }
    return { bytes: target, start, length };
  }

  /** A needle that cannot reach into prefix or suffix is a question to the rest. */
  protected override search(needle: Uint8Array): Uint32Array | null {
    const wanted = asBuffer(needle);
    if (this.#prefix.includes(wanted) || this.#suffix.includes(wanted)) return allPlaces(this.header.count);
    return overlaps(this.#prefix, wanted) || overlaps(wanted, this.#suffix) ? super.search(needle) : this.inner.candidates(needle);
  }
}

/** Whether some end of `a` is some beginning of `b`. */
function overlaps(a: Buffer, b: Buffer): boolean {
  for (let size = Math.min(a.length, b.length); size > 0; size--) if (a.compare(b, 0, size, a.length - size) === 0) return true;
  return false;
}
