import { utf8SequenceLength } from '../bytes/mod.ts';
import type { RawBatch } from '../protocols/mod.ts';
import type { RecordBuilder } from '../journal/mod.ts';
import type { LabelSet } from '../model/mod.ts';
import { valueOfLabels, valueOfLine, type GenericField } from './generic-fields.ts';
import type { LevelFields } from './level-fields.ts';
import { levelOfSeverityNumber, normalLevel } from './level-names.ts';
import { levelOfLine } from './level.ts';
import { detectedLevelPlace, metadataName, noLevelPlace, severityNumberPlace, type MetadataName } from './metadata-names.ts';
import type { ResolvedStream } from './resolve-labels.ts';

/** Names that are remembered at most; they come from outside. */
const namesMax = 4096;
const nameBytesMax = 256;
/** Up to here pairs are sorted by insertion. */
const insertionMax = 24;

const detectedLevel = 'detected_level';
/** What a generic field adds to an entry, about. */
const genericBytes = 48;

/** What level discovery needs to know of a tenant and a stream; null where it is off. */
export interface LevelDiscovery {
  readonly fields: LevelFields;
  readonly jsonDepthMax: number;
}

/**
 * Turns the metadata of one entry at a time into its stored form: names normalised, of clashing pairs one kept, invalid UTF-8 replaced, empty values left
 * out, `detected_level` added, all sorted by name. It works on the bytes and keeps its arrays from entry to entry.
 *
 * Which pair wins (as in Loki): of one name the last; but a pair whose name or value had to be changed beats one that was right from the start.
 */
export class MetadataNormaliser {
  readonly #discovery: LevelDiscovery | null;
  readonly #generic: readonly GenericField[] | null;
  readonly #known = new Map<string, MetadataName>();
  /** Names of the entry before, by place: nearly always those of this one. */
  readonly #last: MetadataName[] = [];
  // The pairs of the entry at hand.
  #count = 0;
  readonly #names: MetadataName[] = [];
  readonly #changed: boolean[] = [];
  readonly #from: Buffer[] = [];
  readonly #start: number[] = [];
  readonly #length: number[] = [];
  /** Bytes of the names and values that `write` wrote last, without those of detected_level. */
  storedBytes = 0;
  // The pair that the level is taken from: of level fields the first of the list; of pairs of one name, which reading shows the last of, the first, as in Loki.
  #levelPlace = noLevelPlace;
  #levelFrom: Buffer = Buffer.alloc(0);
  #levelStart = 0;
  #levelLength = 0;
  #level = '';
  #levelBytes: Buffer = Buffer.alloc(0);

  /**
   * @param discovery null where levels are not discovered
   * @param generic what discover_generic_fields adds
   */
  constructor(discovery: LevelDiscovery | null, generic: readonly GenericField[] | null = null) {
    this.#discovery = discovery;
    this.#generic = generic;
  }

  /** Bytes that it adds to an entry without metadata, about. */
  get addedBytes(): number {
    return (this.#discovery === null ? 0 : detectedLevel.length + 10) + (this.#generic?.length ?? 0) * genericBytes;
  }

  /** Bytes of the names and values of an entry as they were sent, without those of detected_level. */
  sentBytes(raw: RawBatch, row: number): number {
    const end = raw.pairStart[row + 1]! * 4;
    let bytes = 0;
    for (let at = raw.pairStart[row]! * 4; at < end; at += 4) {
      const nameLength = raw.pairs[at + 1]!;
      if (nameLength !== detectedLevel.length || raw.bytes.toString('latin1', raw.pairs[at], raw.pairs[at]! + nameLength) !== detectedLevel) bytes += nameLength + raw.pairs[at + 3]!;
    }
    return bytes;
  }

  #name(bytes: Buffer, start: number, length: number, place: number): MetadataName {
    const last = this.#last[place];
    if (last !== undefined && last.raw.length === length) {
      const raw = last.raw;
      let i = 0;
      while (i < length && raw[i] === bytes[start + i]) i++;
      if (i === length) return last;
    }
    const key = bytes.toString('latin1', start, start + length);
    let name = this.#known.get(key);
    if (name === undefined) {
      name = metadataName(Buffer.from(bytes.subarray(start, start + length)), this.#discovery?.fields.names ?? []);
      if (this.#known.size < namesMax && length <= nameBytesMax) this.#known.set(key, name);
    }
    this.#last[place] = name;
    return name;
  }

  /** Reads the metadata of an entry, which `write` then writes. Gives what is wrong with a name that cannot be used, or null. */
  collect(raw: RawBatch, row: number): string | null {
    this.#count = 0;
    this.#levelPlace = noLevelPlace;
    return raw.pairStart[row + 1]! > raw.pairStart[row]! ? this.#collect(raw, row) : null;
  }

  /** Writes what `collect` read of an entry of the stream, whose line is bytes[lineStart … lineEnd). Sets storedBytes. */
  write(raw: RawBatch, lineStart: number, lineEnd: number, into: RecordBuilder, stream: Pick<ResolvedStream, 'labels' | 'level'>): void {
    const generic = this.#generic === null ? null : this.#genericValues(this.#generic, raw.bytes, lineStart, lineEnd, stream.labels);
    if (this.#discovery !== null) this.#addLevel(raw.bytes, lineStart, lineEnd, stream.level, this.#discovery);
    if (this.#generic !== null && generic !== null) this.#addGeneric(this.#generic, generic);
    if (this.#count > 1) this.#sort();
    let bytes = 0;
    for (let i = 0; i < this.#count; i++) {
      const name = this.#names[i]!;
      into.addPair(name.encoded, this.#from[i]!, this.#start[i]!, this.#length[i]!);
      if (name.levelPlace !== detectedLevelPlace) bytes += name.name.length + this.#length[i]!;
    }
    this.storedBytes = bytes;
  }

  #collect(raw: RawBatch, row: number): string | null {
    const first = raw.pairStart[row]!;
    const end = raw.pairStart[row + 1]!;
    const places = end - first > insertionMax ? new Map<string, number>() : undefined;
    for (let pair = first; pair < end; pair++) {
      const name = this.#name(raw.bytes, raw.pairs[pair * 4]!, raw.pairs[pair * 4 + 1]!, pair - first);
      if (name.fault !== '') return name.fault;
      const start = raw.pairs[pair * 4 + 2]!;
      const length = raw.pairs[pair * 4 + 3]!;
      const replaced = replacedText(raw.bytes, start, length);
      const changed = name.changed || replaced !== undefined;
      const known = places === undefined ? this.#find(name.name) : (places.get(name.name) ?? -1);
      const place = known < 0 ? this.#count : known;
      if (known < 0) {
        this.#count++;
        places?.set(name.name, place);
      } else if (this.#changed[known]! && !changed) continue;
      const repairs = known >= 0 && (changed || this.#changed[known]!);
      if (length > 0 && (name.levelPlace < this.#levelPlace || (repairs && name.levelPlace === this.#levelPlace))) {
        this.#levelPlace = name.levelPlace;
        this.#levelFrom = replaced ?? raw.bytes;
        this.#levelStart = replaced === undefined ? start : 0;
        this.#levelLength = replaced === undefined ? length : replaced.length;
      }
      this.#set(place, name, changed, replaced ?? raw.bytes, replaced === undefined ? start : 0, replaced === undefined ? length : replaced.length);
    }
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      if (this.#length[i] === 0) continue;
      if (kept !== i) this.#move(i, kept);
      kept++;
    }
    this.#count = kept;
    return null;
  }

  #find(name: string): number {
    for (let i = 0; i < this.#count; i++) if (this.#names[i]!.name === name) return i;
    return -1;
  }

  #set(place: number, name: MetadataName, changed: boolean, from: Buffer, start: number, length: number): void {
    this.#names[place] = name;
    this.#changed[place] = changed;
    this.#from[place] = from;
    this.#start[place] = start;
    this.#length[place] = length;
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#names[from]!, this.#changed[from]!, this.#from[from]!, this.#start[from]!, this.#length[from]!);
  }

  #text(place: number): string {
    const start = this.#start[place]!;
    return this.#from[place]!.toString('utf8', start, start + this.#length[place]!);
  }

  /** The client's own detected_level in its normal form, or else the level of labels, metadata, severity number and line, in this order. */
  #addLevel(bytes: Buffer, lineStart: number, lineEnd: number, streamLevel: string | undefined, discovery: LevelDiscovery): void {
    let own = -1;
    for (let i = 0; i < this.#count; i++) if (this.#names[i]!.levelPlace === detectedLevelPlace) own = i;
    let level: string;
    if (own >= 0) {
      const sent = this.#text(own);
      level = normalLevel(sent);
      if (level === sent) return;
    } else if (streamLevel !== undefined) level = streamLevel;
    else if (this.#levelPlace < noLevelPlace) {
      const sent = this.#levelFrom.toString('utf8', this.#levelStart, this.#levelStart + this.#levelLength);
      level = this.#levelPlace === severityNumberPlace ? levelOfSeverityNumber(sent) : normalLevel(sent);
    } else level = levelOfLine(bytes, lineStart, lineEnd, discovery.fields, discovery.jsonDepthMax);
    if (level !== this.#level) {
      this.#level = level;
      this.#levelBytes = levelBytes(level);
    }
    this.#set(own >= 0 ? own : this.#count++, detectedLevelName, false, this.#levelBytes, 0, this.#levelBytes.length);
  }

  /** The values of generic fields: of the stream's labels, else of the metadata as sent, else of the line. */
  #genericValues(fields: readonly GenericField[], bytes: Buffer, lineStart: number, lineEnd: number, labels: LabelSet): readonly (Buffer | undefined)[] {
    return fields.map((field) => {
      const label = valueOfLabels(field, labels);
      if (label !== undefined) return Buffer.from(label);
      for (const hint of field.hints) {
        const place = this.#find(hint);
        if (place >= 0) return this.#from[place]!.subarray(this.#start[place], this.#start[place]! + this.#length[place]!);
      }
      return valueOfLine(field, bytes, lineStart, lineEnd);
    });
  }

  #addGeneric(fields: readonly GenericField[], values: readonly (Buffer | undefined)[]): void {
    for (const [i, { name }] of fields.entries()) {
      const value = values[i];
      if (value === undefined) continue;
      const known = this.#find(name.name);
      this.#set(known < 0 ? this.#count++ : known, name, false, value, 0, value.length);
    }
  }

  #sort(): void {
    const count = this.#count;
    if (count > insertionMax) {
      this.#sortMany();
      return;
    }
    for (let i = 1; i < count; i++) {
      const name = this.#names[i]!;
      if (this.#names[i - 1]!.name < name.name) continue;
      const changed = this.#changed[i]!;
      const from = this.#from[i]!;
      const start = this.#start[i]!;
      const length = this.#length[i]!;
      let to = i;
      for (; to > 0 && this.#names[to - 1]!.name > name.name; to--) this.#move(to - 1, to);
      this.#set(to, name, changed, from, start, length);
    }
  }

  #sortMany(): void {
    const order = Array.from({ length: this.#count }, (_, i) => ({
      name: this.#names[i]!, changed: this.#changed[i]!, from: this.#from[i]!, start: this.#start[i]!, length: this.#length[i]!,
    })).sort((a, b) => (a.name.name < b.name.name ? -1 : 1));
    for (const [place, pair] of order.entries()) this.#set(place, pair.name, pair.changed, pair.from, pair.start, pair.length);
  }
}

const detectedLevelName = metadataName(Buffer.from(detectedLevel), []);
const levelCache = new Map<string, Buffer>();

function levelBytes(level: string): Buffer {
  let bytes = levelCache.get(level);
  if (bytes === undefined) {
    bytes = Buffer.from(level);
    if (levelCache.size < 64) levelCache.set(level, bytes);
  }
  return bytes;
}

/** The value with a space for each byte that is no UTF-8 and each U+FFFD; undefined where there are none. */
function replacedText(bytes: Buffer, start: number, length: number): Buffer | undefined {
  const end = start + length;
  let at = start;
  while (at < end && bytes[at]! < 0x80) at++;
  if (at === end) return undefined;
  const out: number[] = [];
  let replaced = false;
  for (at = start; at < end; ) {
    const size = utf8SequenceLength(bytes, at, end);
    if (size === 0 || (size === 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd)) {
      out.push(0x20);
      replaced = true;
      at += size === 0 ? 1 : 3;
    } else for (const sequenceEnd = at + size; at < sequenceEnd; at++) out.push(bytes[at]!);
  }
  return replaced ? Buffer.from(out) : undefined;
}
