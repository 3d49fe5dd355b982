import { utf8SequenceLength } from '../../bytes/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import type { Room } from './room.ts';

/** Arrays and maps that an AnyValue may hold within one another (`otlp.value_depth_max`). */
export const valueDepthMax = 64;

/** Bytes of an array, a map or bytes that are written as text (`otlp.value_bytes_max`): that is done in one go. */
const valueBytesMax = 4 * 2 ** 20;

/** Fields of AnyValue, by number; 0 where none is set. */
export const valueNone = 0;
export const valueString = 1;
export const valueBool = 2;
export const valueInt = 3;
export const valueDouble = 4;
export const valueArray = 5;
export const valueMap = 6;
export const valueBytes = 7;

/** Keys of a map up to here are sorted by insertion. */
const insertionMax = 24;

/** What a byte of a JSON string is: 0 itself, 1 part of a longer sequence of UTF-8, otherwise the letter behind the backslash (`u` where there is no shorter form). */
const escapes = new Uint8Array(256);
escapes.fill(0x75, 0, 0x20);
escapes.fill(1, 0x80);
for (const [character, letter] of Object.entries({ '"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' })) escapes[character.charCodeAt(0)] = letter.charCodeAt(0);

/**
 * Writes values of OpenTelemetry (AnyValue of opentelemetry/proto/common/v1) as text, as the Collector's pdata does and Loki stores it: strings as they are, numbers as JSON has
 * them, bytes in base64, arrays and maps as compact JSON with sorted keys.
 */
export class ValueWriter {
  readonly #reader: ProtobufReader;
  readonly #room: Room;
  /** What `locate` found: the field that is set, and its content (of bool and int the varint, of a double its eight bytes). */
  kind = valueNone;
  from = 0;
  to = 0;
  /** Where the text lies that `text` made, in the bytes of the room. */
  start = 0;
  length = 0;
  /** Four numbers for each member of the maps that are open: from, to of the key, from, to of the value. */
  readonly #members: number[] = [];
  /** A number in an array or map that JSON does not have. */
  #unsupported = false;

  constructor(reader: ProtobufReader, room: Room) {
    this.#reader = reader;
    this.#room = room;
  }

  /** Finds what the AnyValue at the reader's position is; the reader then stands at its end. */
  locate(end: number): void {
    const reader = this.#reader;
    let kind = valueNone;
    let from = reader.at;
    let to = from;
    while (reader.at < end) {
      const tag = reader.varint(end);
      switch (tag) {
        case 0x0a:
        case 0x2a:
        case 0x32:
        case 0x3a:
          to = reader.lengthEnd(end);
          from = reader.at;
          reader.at = to;
          break;
        case 0x10:
        case 0x18:
          from = reader.at;
          reader.varint(end);
          to = reader.at;
          break;
        case 0x21:
          from = reader.at;
          reader.forward(8, end);
          to = reader.at;
          break;
        default:
          reader.skipField(tag, end, 'AnyValue', 0b1111_1110);
          continue;
      }
      kind = tag >>> 3;
    }
    this.kind = kind;
    this.from = from;
    this.to = to;
  }

  /** Makes the text of what `locate` found. */
  text(): void {
    const room = this.#room;
    const { kind, from, to } = this;
    if (kind === valueString) {
      this.start = from;
      this.length = to - from;
      return;
    }
    if (to - from > valueBytesMax) throw new SpoorError('push_too_many', { limit: valueBytesMax, what: 'bytes in one value that is no text', name: 'otlp.value_bytes_max' });
    const start = room.used;
    if (kind === valueBytes) this.#base64(from, to);
    else if (kind === valueDouble) {
      const value = this.#reader.bytes.readDoubleLE(from);
      // What the Collector makes of these.
      if (Number.isFinite(value)) room.text(floatText(value));
      else room.text(`json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`);
    } else if (kind !== valueNone) {
      this.#unsupported = false;
      this.#json(kind, from, to, 1);
      if (this.#unsupported) room.used = start;
    }
    this.start = start;
    this.length = room.used - start;
  }

  #json(kind: number, from: number, to: number, depth: number): void {
    const room = this.#room;
    if (kind === valueArray || kind === valueMap) {
      if (depth > valueDepthMax) throw new SpoorError('push_too_many', { limit: valueDepthMax, what: 'arrays and maps within one another', name: 'otlp.value_depth_max' });
      if (kind === valueArray) this.#array(from, to, depth);
      else this.#map(from, to, depth);
    } else if (kind === valueString) this.#string(from, to);
    else if (kind === valueInt) room.number(this.#reader.signedAt(from));
    else if (kind === valueBool) room.text(this.#reader.signedAt(from) === 0 ? 'false' : 'true');
    else if (kind === valueDouble) {
      const value = this.#reader.bytes.readDoubleLE(from);
      if (Number.isFinite(value)) room.text(floatText(value));
      else this.#unsupported = true;
    } else if (kind === valueBytes) {
      room.text('"');
      this.#base64(from, to);
      room.text('"');
    } else room.text('null');
  }

  #array(from: number, to: number, depth: number): void {
    const reader = this.#reader;
    const room = this.#room;
    const back = reader.at;
    reader.at = from;
    room.text('[');
    const first = room.used;
    while (reader.at < to) {
      const tag = reader.varint(to);
      if (tag !== 0x0a) {
        reader.skipField(tag, to, 'ArrayValue', 0b10);
        continue;
      }
      if (room.used > first) room.text(',');
      this.locate(reader.lengthEnd(to));
      this.#json(this.kind, this.from, this.to, depth + 1);
    }
    room.text(']');
    reader.at = back;
  }

  #map(from: number, to: number, depth: number): void {
    const reader = this.#reader;
    const room = this.#room;
    const members = this.#members;
    const base = members.length;
    const back = reader.at;
    reader.at = from;
    while (reader.at < to) {
      const tag = reader.varint(to);
      if (tag !== 0x0a) reader.skipField(tag, to, 'KeyValueList', 0b10);
      else this.#member(reader.lengthEnd(to));
    }
    this.#sortMembers(base);
    room.text('{');
    const first = room.used;
    const end = members.length;
    for (let at = base; at < end; at += 4) {
      // Of a repeated key the last counts.
      if (at + 4 < end && this.#compareKeys(at, at + 4) === 0) continue;
      if (room.used > first) room.text(',');
      this.#string(members[at]!, members[at + 1]!);
      room.text(':');
      reader.at = members[at + 2]!;
      this.locate(members[at + 3]!);
      this.#json(this.kind, this.from, this.to, depth + 1);
    }
    room.text('}');
    members.length = base;
    reader.at = back;
  }

  #member(end: number): void {
    const reader = this.#reader;
    let [keyFrom, keyTo, valueFrom, valueTo] = [0, 0, 0, 0];
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === 0x0a) {
        keyTo = reader.lengthEnd(end);
        keyFrom = reader.at;
        reader.at = keyTo;
      } else if (tag === 0x12) {
        valueTo = reader.lengthEnd(end);
        valueFrom = reader.at;
        reader.at = valueTo;
      } else reader.skipField(tag, end, 'KeyValue', 0b110);
    }
    this.#members.push(keyFrom, keyTo, valueFrom, valueTo);
  }

  #compareKeys(a: number, b: number): number {
    const members = this.#members;
    const { bytes } = this.#reader;
    return bytes.compare(bytes, members[b], members[b + 1], members[a], members[a + 1]);
  }

  /** Sorts the members from `base` on by their keys, those of equal keys in the order sent. */
  #sortMembers(base: number): void {
    const members = this.#members;
    const end = members.length;
    if (end - base > insertionMax * 4) {
      const order = Array.from({ length: (end - base) / 4 }, (_, i) => base + i * 4).sort((a, b) => this.#compareKeys(a, b) || a - b);
      const sorted = order.flatMap((at) => members.slice(at, at + 4));
      for (const [i, value] of sorted.entries()) members[base + i] = value;
      return;
    }
    for (let i = base + 4; i < end; i += 4) {
      for (let at = i; at > base && this.#compareKeys(at - 4, at) > 0; at -= 4) {
        for (let part = 0; part < 4; part++) {
          const moved = members[at + part]!;
          members[at + part] = members[at - 4 + part]!;
          members[at - 4 + part] = moved;
        }
      }
    }
  }

  #base64(from: number, to: number): void {
    // In whole groups of three bytes, so that no large string is made.
    for (let at = from; at < to; at += 12_288) this.#room.text(this.#reader.bytes.toString('base64', at, Math.min(to, at + 12_288)));
  }

  /** A JSON string as Go's encoding/json writes it without the escapes for HTML. */
  #string(from: number, to: number): void {
    const { bytes } = this.#reader;
    const room = this.#room;
    room.reserve(1);
    room.byte(0x22);
    let plain = from;
    for (let at = from; at < to; ) {
      const letter = escapes[bytes[at]!]!;
      if (letter === 0) {
        at++;
        continue;
      }
      const length = letter === 1 ? utf8SequenceLength(bytes, at, to) : 1;
      // U+2028 and U+2029, which JavaScript once took for line ends.
      const isSeparator = length === 3 && bytes[at] === 0xe2 && bytes[at + 1] === 0x80 && (bytes[at + 2]! & 0xfe) === 0xa8;
      if (length > 1 && !isSeparator) {
        at += length;
        continue;
      }
      room.copy(bytes, plain, at);
      if (length === 0) room.text('\\ufffd');
      else if (isSeparator) room.text(`\\u202${(bytes[at + 2]! & 1) === 0 ? 8 : 9}`);
      else if (letter === 0x75) room.text(`\\u00${bytes[at]!.toString(16).padStart(2, '0')}`);
      else {
        room.reserve(2);
        room.byte(0x5c);
        room.byte(letter);
      }
      at += Math.max(1, length);
      plain = at;
    }
    room.copy(bytes, plain, to);
    room.reserve(1);
    room.byte(0x22);
  }
}

/** The shortest decimal form of a finite number, as Go's JSON has it: like JavaScript's but for `-0`. */
function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
