import { dayLengthNsNumber, isSpoorError, type LabelSet } from '../model/mod.ts';
import { decodeDirectory, type IndexDirectory } from './directory.ts';
import { damage, headerBytes, indexMagic, openBlock, readTrailer, trailerBytes, type BlockRef } from './format.ts';
import { readNames, visitPairs } from './pairs.ts';
import { decodePostings } from './postings.ts';
import type { SelectedStream } from './reader.ts';
import { StreamBlock, type SelectedChunk } from './streams.ts';

/** Blocks of one kind. */
export interface IndexSpace {
  readonly what: string;
  readonly blocks: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
}

/** An index file, taken apart for a person: what `spoor inspect index` shows. Plain data. */
export interface InspectedIndex {
  readonly directory: IndexDirectory;
  /** Label names in order, with their values and the streams that have each. */
  readonly names: readonly { readonly name: string; readonly streams: number; readonly values: readonly { readonly value: string; readonly streams: number }[] }[];
  readonly streams: readonly { readonly labels: LabelSet; readonly chunks: readonly SelectedChunk[] }[];
  /** The most first; together with header and trailer they are the file. */
  readonly space: readonly IndexSpace[];
  readonly damage: readonly { readonly offset: number; readonly reason: string }[];
}

/** Takes an index file apart and checks every byte. Damage of blocks is gathered; throws `corruption` where the directory cannot be read. */
export function inspectIndex(bytes: Uint8Array, where: string): InspectedIndex {
  if (bytes.length < headerBytes + trailerBytes) throw damage(where, 0, `a file of ${bytes.length} bytes is no index`);
  if (!indexMagic.equals(bytes.subarray(0, indexMagic.length))) throw damage(where, 0, 'this is no index file');
  const trailer = readTrailer(bytes.subarray(bytes.length - trailerBytes), bytes.length, where);
  const offset = bytes.length - trailerBytes - trailer.stored;
  const directory = decodeDirectory(openBlock(bytes.subarray(offset, offset + trailer.stored), { offset, ...trailer }, where), offset, where);
  return new Inspection(bytes, where, directory).run(trailer);
}

class Inspection {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  readonly #directory: IndexDirectory;
  readonly #damage: { offset: number; reason: string }[] = [];
  readonly #space = new Map<string, { blocks: number; storedBytes: number; rawBytes: number }>();

  constructor(bytes: Uint8Array, where: string, directory: IndexDirectory) {
    this.#bytes = bytes;
    this.#where = where;
    this.#directory = directory;
  }

  run({ stored, raw }: { readonly stored: number; readonly raw: number }): InspectedIndex {
    this.#count('directory', stored, raw);
    const streams = this.#streams();
    const names = this.#names();
    this.#pairs(names);
    const space = [...this.#space].map(([what, sizes]) => ({ what, ...sizes })).sort((a, b) => b.storedBytes - a.storedBytes);
    return { directory: this.#directory, names: [...names].map(([name, entry]) => ({ name, ...entry })), streams, space, damage: this.#damage };
  }

  #count(what: string, stored: number, raw: number): void {
    let known = this.#space.get(what);
    if (known === undefined) this.#space.set(what, (known = { blocks: 0, storedBytes: 0, rawBytes: 0 }));
    known.blocks++;
    known.storedBytes += stored;
    known.rawBytes += raw;
  }

  /** Opens a block and looks into it. */
  #block(what: string, ref: BlockRef, look: (raw: Buffer) => void): void {
    this.#count(what, ref.stored, ref.raw);
    try {
      look(openBlock(this.#bytes.subarray(ref.offset, ref.offset + ref.stored), ref, this.#where));
    } catch (error) {
      if (!isSpoorError(error, 'corruption')) throw error;
      const { where, offset, reason } = error.details;
      // Offsets inside a block say nothing to who looks at the file.
      const inside = where !== this.#where;
      this.#damage.push({ offset: inside ? ref.offset : Number(offset), reason: inside ? `block of ${what}, raw byte ${String(offset)}: ${String(reason)}` : `${what}: ${String(reason)}` });
    }
  }

  #streams(): InspectedIndex['streams'] {
    const { streamBlocks } = this.#directory;
    const found: SelectedStream[] = [];
    for (const ref of streamBlocks) {
      this.#block('streams', ref, (raw) => {
        const block = new StreamBlock(raw, ref.streams, this.#directory, `${this.#where}, streams from ${ref.first}`);
        for (let i = 0; i < ref.streams; i++) {
          const stream = block.stream(i);
          const { labels, key } = stream;
          const chunks: SelectedChunk[] = [];
          stream.select(0, dayLengthNsNumber, chunks);
          found.push({ labels, key, chunks });
        }
      });
    }
    return found;
  }

  #names(): Map<string, { streams: number; values: { value: string; streams: number }[] }> {
    const names = new Map<string, { streams: number; values: { value: string; streams: number }[] }>();
    for (const ref of this.#directory.nameBlocks)
      this.#block('names', ref, (raw) => {
        for (const { name, streams } of readNames(raw, `${this.#where}, names`)) names.set(name, { streams, values: [] });
      });
    return names;
  }

  #pairs(names: ReadonlyMap<string, { readonly values: { value: string; streams: number }[] }>): void {
    const { pairBlocks, streams } = this.#directory;
    for (const { name: first, value: firstValue, pairs, postings } of pairBlocks) {
      const where = `${this.#where}, pairs from ${first}="${firstValue}"`;
      const lists: { readonly start: number; readonly end: number; readonly count: number }[] = [];
      this.#block('pairs', pairs, (raw) => {
        visitPairs(raw, streams, where, ({ name, value, count, start, end }) => {
          // The value "" stands for the name itself.
          if (value !== '') names.get(name)?.values.push({ value, streams: count });
          if (end > start) lists.push({ start, end, count });
          return true;
        });
      });
      this.#block('postings', postings, (raw) => {
        for (const { start, end, count } of lists) decodePostings(raw, start, end, count, streams, `${where}, postings`);
      });
    }
  }
}
