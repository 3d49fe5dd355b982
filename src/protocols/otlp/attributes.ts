import { SpoorError } from '../../model/mod.ts';
import type { RawBatchBuilder } from '../batch.ts';
import type { AttributeOwner } from './mapping.ts';
import type { AttributeName, AttributeNames } from './names.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import type { Room } from './room.ts';
import { valueDepthMax, valueMap, type ValueWriter } from './value.ts';

/** Pairs of metadata that several entries have: those of their resource and scope. Four numbers a pair, as in RawBatch. */
export class SharedPairs {
  pairs: Uint32Array = new Uint32Array(64);
  count = 0;
  /** Bytes of the names and values. */
  bytes = 0;

  add(nameStart: number, nameLength: number, valueStart: number, valueLength: number): void {
    const at = this.count++ * 4;
    if (at === this.pairs.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.pairs);
      this.pairs = larger;
    }
    this.pairs[at] = nameStart;
    this.pairs[at + 1] = nameLength;
    this.pairs[at + 2] = valueStart;
    this.pairs[at + 3] = valueLength;
    this.bytes += nameLength + valueLength;
  }

  /** Forgets all pairs from number `count` on. */
  truncate(count: number): void {
    for (let at = count * 4; at < this.count * 4; at += 4) this.bytes -= this.pairs[at + 1]! + this.pairs[at + 3]!;
    this.count = count;
  }
}

/** Different names that the answer mentions. */
const namesNamed = 8;

/** Reads attributes (KeyValue) and hands them on: as labels, or as structured metadata, of which a map makes several. */
export class AttributeReader {
  readonly #reader: ProtobufReader;
  readonly #room: Room;
  readonly #value: ValueWriter;
  readonly #names: AttributeNames;
  /** Where labels go. */
  labels = new Map<string, string>();
  /** Where metadata go: to the entry at hand, or to `shared` while that is set. */
  shared: SharedPairs | null = null;
  readonly #rows: RawBatchBuilder;
  /** Bytes of the names and values that the entry at hand was given. */
  bytes = 0;
  /** Attributes, and members of maps in them, that one owner may have. */
  readonly #attributesMax: number;
  #attributes = 0;
  /** Names that cannot be used, and in how many places they stood. Their attributes are left out. */
  readonly unusable = new Map<string, number>();
  #otherUnusable = 0;

  constructor(reader: ProtobufReader, room: Room, value: ValueWriter, names: AttributeNames, rows: RawBatchBuilder, attributesMax: number) {
    this.#attributesMax = attributesMax;
    this.#reader = reader;
    this.#room = room;
    this.#value = value;
    this.#names = names;
    this.#rows = rows;
  }

  /** Attributes that were left out because of their names. */
  get unusableCount(): number {
    return [...this.unusable.values()].reduce((sum, count) => sum + count, this.#otherUnusable);
  }

  /**
   * Reads attribute number `place` of its owner: the KeyValue from the reader's position to `end`.
   * @param except the name, as sent, of an attribute that is left out, or ''
   */
  read(owner: AttributeOwner, place: number, end: number, except: string): void {
    const reader = this.#reader;
    const value = this.#value;
    if (place === 0) this.#attributes = 0;
    this.#count();
    this.#keyValue(end);
    const name = this.#names.find(owner, place, this.#keyFrom, this.#keyTo);
    if (name.action === 'drop' || (except !== '' && name.name === except && name.nameStart === name.from)) return;
    if (name.name === '') {
      this.#note(reader.bytes.toString('utf8', name.from, Math.min(name.from + name.length, name.from + 256)));
      return;
    }
    reader.at = this.#valueFrom;
    value.locate(this.#valueTo);
    this.#give(name, name.action === 'index_label', 1);
    reader.at = end;
  }

  /** Also those of which nothing comes cost time. */
  #count(): void {
    if (++this.#attributes > this.#attributesMax) throw new SpoorError('push_too_many', { limit: this.#attributesMax, what: 'attributes of one record, resource or scope', name: 'push.entry_pairs_max' });
  }

  #keyFrom = 0;
  #keyTo = 0;
  #valueFrom = 0;
  #valueTo = 0;

  #keyValue(end: number): void {
    const reader = this.#reader;
    this.#keyFrom = this.#keyTo = this.#valueFrom = this.#valueTo = reader.at;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === 0x0a) {
        this.#keyTo = reader.lengthEnd(end);
        this.#keyFrom = reader.at;
        reader.at = this.#keyTo;
      } else if (tag === 0x12) {
        this.#valueTo = reader.lengthEnd(end);
        this.#valueFrom = reader.at;
        reader.at = this.#valueTo;
      } else reader.skipField(tag, end, 'KeyValue', 0b110);
    }
  }

  /** Hands on the value that was located. */
  #give(name: AttributeName, asLabel: boolean, depth: number): void {
    const value = this.#value;
    if (value.kind === valueMap) {
      this.#members(name, asLabel, value.from, value.to, depth);
      return;
    }
    value.text();
    if (asLabel) {
      this.labels.set(name.name, this.#room.bytes.toString('utf8', value.start, value.start + value.length));
      return;
    }
    this.add(name.nameStart, name.nameLength, value.start, value.length);
  }

  #members(parent: AttributeName, asLabel: boolean, from: number, to: number, depth: number): void {
    if (depth > valueDepthMax) throw new SpoorError('push_too_many', { limit: valueDepthMax, what: 'arrays and maps within one another', name: 'otlp.value_depth_max' });
    const reader = this.#reader;
    reader.at = from;
    while (reader.at < to) {
      const tag = reader.varint(to);
      if (tag !== 0x0a) {
        reader.skipField(tag, to, 'KeyValueList', 0b10);
        continue;
      }
      const end = reader.lengthEnd(to);
      this.#count();
      this.#keyValue(end);
      const name = this.#names.member(parent, this.#keyFrom, this.#keyTo);
      reader.at = this.#valueFrom;
      this.#value.locate(this.#valueTo);
      this.#give(name, asLabel, depth + 1);
      reader.at = end;
    }
  }

  /** Adds a pair of metadata. */
  add(nameStart: number, nameLength: number, valueStart: number, valueLength: number): void {
    if (this.shared !== null) {
      this.shared.add(nameStart, nameLength, valueStart, valueLength);
      return;
    }
    this.#rows.addPair(nameStart, nameLength, valueStart, valueLength);
    this.bytes += nameLength + valueLength;
  }

  #note(name: string): void {
    const known = this.unusable.get(name);
    if (known !== undefined || this.unusable.size < namesNamed) this.unusable.set(name, (known ?? 0) + 1);
    else this.#otherUnusable++;
  }
}
