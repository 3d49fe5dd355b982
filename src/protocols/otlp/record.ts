import { SpoorError } from '../../model/mod.ts';
import type { RawBatchBuilder } from '../batch.ts';
import type { PushBodyLimits } from '../limits.ts';
import type { AttributeReader } from './attributes.ts';
import type { OtlpMapping } from './mapping.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import type { Room } from './room.ts';
import { valueNone, type ValueWriter } from './value.ts';

/** Names of what is stored as metadata beside attributes. */
const fieldNames = [
  'observed_timestamp', 'severity_number', 'severity_text', 'dropped_attributes_count', 'flags', 'trace_id', 'span_id', 'event_name', 'scope_name', 'scope_version', 'scope_dropped_attributes_count',
] as const;

/** Numbers below this stand ready as text. */
const readyNumbers = 25;

const eventName = 'event_name';

/** Reads log records and scopes. */
export class RecordReader {
  readonly #reader: ProtobufReader;
  readonly #room: Room;
  readonly #value: ValueWriter;
  readonly #attributes: AttributeReader;
  readonly #rows: RawBatchBuilder;
  readonly #mapping: OtlpMapping;
  readonly #nowNs: bigint;
  readonly #attributesMax: number;
  #withoutTime = 0n;
  /** Where the attributes of the record at hand stand: start and end of each. */
  #ranges = new Uint32Array(64);
  /** Where the names stand in the bytes of the room, by their place in `fieldNames`. */
  readonly #names: readonly number[];
  /** Where the ready numbers stand: two digits each, of which the first nine begin at the second. */
  readonly #digits: number;
  /** Length of the line that was read last. */
  lineLength = 0;

  constructor(
    reader: ProtobufReader, room: Room, value: ValueWriter, attributes: AttributeReader, rows: RawBatchBuilder, options: { readonly mapping: OtlpMapping; readonly nowNs: bigint; readonly limits: PushBodyLimits },
  ) {
    this.#reader = reader;
    this.#room = room;
    this.#value = value;
    this.#attributes = attributes;
    this.#rows = rows;
    this.#mapping = options.mapping;
    this.#attributesMax = options.limits.entryPairsMax;
    this.#nowNs = options.nowNs;
    this.#names = fieldNames.map((name) => {
      const start = room.used;
      room.text(name);
      return start;
    });
    this.#digits = room.used;
    for (let i = 0; i < readyNumbers; i++) room.text(String(i).padStart(2, '0'));
  }

  /** Reads an InstrumentationScope into the shared metadata. */
  scope(end: number): void {
    const reader = this.#reader;
    const room = this.#room;
    let [nameStart, nameEnd, versionStart, versionEnd, dropped] = [0, 0, 0, 0, 0];
    for (let place = 0; reader.at < end; ) {
      const tag = reader.varint(end);
      if (tag === 0x0a) {
        nameEnd = reader.lengthEnd(end);
        nameStart = reader.at;
        reader.at = nameEnd;
      } else if (tag === 0x12) {
        versionEnd = reader.lengthEnd(end);
        versionStart = reader.at;
        reader.at = versionEnd;
      } else if (tag === 0x1a) {
        const pairEnd = reader.lengthEnd(end);
        this.#attributes.read('scope', place++, pairEnd, '');
        reader.at = pairEnd;
      } else if (tag === 0x20) dropped = reader.varint(end) % 2 ** 32;
      else reader.skipField(tag, end, 'InstrumentationScope', 0b11110);
    }
    if (nameEnd > nameStart) this.#field('scope_name', nameStart, nameEnd - nameStart);
    if (versionEnd > versionStart) this.#field('scope_version', versionStart, versionEnd - versionStart);
    if (dropped !== 0) {
      const start = room.used;
      room.number(dropped);
      this.#field('scope_dropped_attributes_count', start, room.used - start);
    }
  }

  /** Reads a LogRecord into a new entry. */
  read(end: number): void {
    const reader = this.#reader;
    const { bytes } = reader;
    let [timeAt, observedAt, severityAt, severityStart, severityEnd, bodyStart, bodyEnd, dropped, flagsAt, traceAt, spanAt, eventStart, eventEnd] = [-1, -1, -1, 0, 0, 0, 0, 0, -1, -1, -1, 0, 0];
    let attributes = 0;
    while (reader.at < end) {
      const tag = reader.varint(end);
      switch (tag) {
        case 0x09:
          timeAt = reader.at;
          reader.forward(8, end);
          break;
        case 0x10:
          severityAt = reader.at;
          reader.varint(end);
          break;
        case 0x1a:
          severityEnd = reader.lengthEnd(end);
          severityStart = reader.at;
          reader.at = severityEnd;
          break;
        case 0x2a:
          bodyEnd = reader.lengthEnd(end);
          bodyStart = reader.at;
          reader.at = bodyEnd;
          break;
        case 0x32: {
          const pairEnd = reader.lengthEnd(end);
          if (attributes * 2 === this.#ranges.length) this.#growRanges();
          this.#ranges[attributes * 2] = reader.at;
          this.#ranges[attributes * 2 + 1] = pairEnd;
          attributes++;
          reader.at = pairEnd;
          break;
        }
        case 0x38:
          dropped = reader.varint(end) % 2 ** 32;
          break;
        case 0x45:
          flagsAt = reader.at;
          reader.forward(4, end);
          break;
        case 0x4a:
          traceAt = this.#id(end, 16, 'TraceID');
          break;
        case 0x52:
          spanAt = this.#id(end, 8, 'SpanID');
          break;
        case 0x59:
          observedAt = reader.at;
          reader.forward(8, end);
          break;
        case 0x62:
          eventEnd = reader.lengthEnd(end);
          eventStart = reader.at;
          reader.at = eventEnd;
          break;
        default:
          reader.skipField(tag, end, 'LogRecord', 0b1_1111_1110_1110);
      }
    }
    this.#rows.addRow();
    const hasTime = timeAt >= 0 && !isZero(bytes, timeAt, 8);
    const hasObserved = observedAt >= 0 && !isZero(bytes, observedAt, 8);
    this.#time(hasTime ? timeAt : hasObserved ? observedAt : -1);
    this.#line(bodyStart, bodyEnd);
    for (let i = 0; i < attributes; i++) {
      reader.at = this.#ranges[i * 2]!;
      // The field comes before an attribute of its name.
      this.#attributes.read('log', i, this.#ranges[i * 2 + 1]!, eventEnd > eventStart ? eventName : '');
    }
    reader.at = end;
    if (hasTime && hasObserved) this.#observed(observedAt);
    const severity = severityAt < 0 ? 0 : reader.signedAt(severityAt);
    if (severity !== 0) this.#number('severity_number', severity);
    if (severityEnd > severityStart) {
      if (this.#mapping.severityTextAsLabel) this.#attributes.labels.set('severity_text', bytes.toString('utf8', severityStart, severityEnd));
      this.#field('severity_text', severityStart, severityEnd - severityStart);
    }
    if (dropped !== 0) this.#number('dropped_attributes_count', dropped);
    if (flagsAt >= 0 && !isZero(bytes, flagsAt, 4)) this.#number('flags', bytes.readUInt32LE(flagsAt));
    if (traceAt >= 0 && !isZero(bytes, traceAt, 16)) this.#hex('trace_id', traceAt, 16);
    if (spanAt >= 0 && !isZero(bytes, spanAt, 8)) this.#hex('span_id', spanAt, 8);
    if (eventEnd > eventStart) this.#field(eventName, eventStart, eventEnd - eventStart);
  }

  #growRanges(): void {
    if (this.#ranges.length > this.#attributesMax * 2) {
      throw new SpoorError('push_too_many', { limit: this.#attributesMax, what: 'attributes of one record, resource or scope', name: 'push.entry_pairs_max' });
    }
    const larger = new Uint32Array(this.#ranges.length * 2);
    larger.set(this.#ranges);
    this.#ranges = larger;
  }

  /** Passes over an id; where it stands, or -1 for an empty one. */
  #id(end: number, length: number, what: string): number {
    const reader = this.#reader;
    const to = reader.lengthEnd(end);
    const from = reader.at;
    if (to - from !== length && to !== from) throw reader.damage(`invalid length for ${what}`);
    reader.at = to;
    return to === from ? -1 : from;
  }

  #time(at: number): void {
    const { bytes } = this.#reader;
    if (at < 0) this.#rows.setTimeNs(this.#nowNs + this.#withoutTime++);
    else this.#rows.setTimeWords(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
  }

  #line(start: number, end: number): void {
    const value = this.#value;
    this.#reader.at = start;
    value.locate(end);
    this.lineLength = 0;
    if (value.kind === valueNone) return;
    value.text();
    this.lineLength = value.length;
    this.#rows.setLine(value.start, value.length);
  }

  #observed(at: number): void {
    const { bytes } = this.#reader;
    const room = this.#room;
    const start = room.used;
    const high = bytes.readInt32LE(at + 4);
    // A signed number for Loki.
    if (high < 0) room.number(bytes.readBigInt64LE(at));
    else room.number64(bytes.readUInt32LE(at), high);
    this.#field('observed_timestamp', start, room.used - start);
  }

  #number(name: (typeof fieldNames)[number], value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < readyNumbers) {
      this.#field(name, this.#digits + value * 2 + (value < 10 ? 1 : 0), value < 10 ? 1 : 2);
      return;
    }
    const start = this.#room.used;
    this.#room.number(value);
    this.#field(name, start, this.#room.used - start);
  }

  #hex(name: (typeof fieldNames)[number], at: number, length: number): void {
    const start = this.#room.used;
    this.#room.hex(this.#reader.bytes, at, at + length);
    this.#field(name, start, length * 2);
  }

  #field(name: (typeof fieldNames)[number], valueStart: number, valueLength: number): void {
    this.#attributes.add(this.#names[places[name]]!, name.length, valueStart, valueLength);
  }
}

const places = Object.fromEntries(fieldNames.map((name, place) => [name, place])) as Readonly<Record<(typeof fieldNames)[number], number>>;

function isZero(bytes: Buffer, from: number, length: number): boolean {
  for (let at = from; at < from + length; at++) if (bytes[at] !== 0) return false;
  return true;
}
