import { SpoorError } from '../../model/mod.ts';
import type { PushBodyLimits } from '../limits.ts';
import { JsonReader } from '../loki/json-reader.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { valueDepthMax } from './value.ts';

/** Bytes that are read between two yields. */
const yieldBytes = 65_536;
const openBrace = 0x7b;
const openBracket = 0x5b;
const quote = 0x22;
const letterN = 0x6e;

/** Numbers by the names of SeverityNumber: TRACE, TRACE2 … FATAL4. */
const severities: ReadonlyMap<string, number> = new Map(
  ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name, i) => [1, 2, 3, 4].map((step) => [`SEVERITY_NUMBER_${name}${step === 1 ? '' : step}`, i * 4 + step] as const)),
);

/** Keys in lowerCamelCase, and in snake_case where that is another. */
const camelKeys = [
  'resourceLogs', 'resource', 'scopeLogs', 'scope', 'logRecords', 'attributes', 'name', 'version', 'droppedAttributesCount', 'timeUnixNano', 'observedTimeUnixNano', 'severityNumber', 'severityText',
  'eventName', 'body', 'flags', 'traceId', 'spanId', 'key', 'value', 'values', 'stringValue', 'boolValue', 'intValue', 'doubleValue', 'arrayValue', 'kvlistValue', 'bytesValue',
] as const;

/** By their lengths; `text` is the one in lowerCamelCase. */
const keysByLength: readonly (readonly { readonly text: string; readonly bytes: Uint8Array }[])[] = Array.from({ length: 32 }, (_, length) =>
  camelKeys.flatMap((text) => {
    const snake = text.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [...new Set([text, snake])].filter((key) => key.length === length).map((key) => ({ text, bytes: Buffer.from(key) }));
  }),
);

/** Values of hexadecimal digits, 255 for other bytes. */
const hexDigits = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) for (const digit of [i.toString(16), i.toString(16).toUpperCase()]) hexDigits[digit.charCodeAt(0)] = i;

/**
 * Turns the JSON form of an ExportLogsServiceRequest into the protobuf one, so that there is one reading of both: keys in lowerCamelCase or snake_case, 64-bit integers as numbers or
 * strings, severities by number or name, ids in hexadecimal of any case, bytes in base64, `null` as if the key were not there. Unknown keys and what follows the document are ignored.
 * Throws `push_json` and `push_too_many`.
 */
export function* otlpJsonToProtobuf(body: Buffer, limits: PushBodyLimits): Generator<void, Buffer> {
  return yield* new OtlpJson(body, limits).run();
}

class OtlpJson {
  readonly #json: JsonReader;
  readonly #out: ProtobufWriter;
  #yieldAt = yieldBytes;
  /** The id at hand. */
  readonly #id16 = Buffer.alloc(16);

  constructor(body: Buffer, limits: PushBodyLimits) {
    this.#json = new JsonReader(body, limits.jsonDepthMax);
    this.#out = new ProtobufWriter(body.length);
  }

  *run(): Generator<void, Buffer> {
    const json = this.#json;
    if (json.peek() === -1) throw json.error('EOF');
    for (let more = this.#enter('the export'); more; more = json.nextKey()) {
      if (this.#key() === 'resourceLogs') {
        for (let element = this.#enterArray('resourceLogs'); element; element = json.nextElement()) yield* this.#resourceLogs();
      } else json.skip();
    }
    return this.#out.view();
  }

  *#resourceLogs(): Generator<void, void> {
    const json = this.#json;
    const message = this.#out.open(0x0a);
    for (let more = this.#enter('an element of resourceLogs'); more; more = json.nextKey()) {
      const key = this.#key();
      if (key === 'resource') this.#resource();
      else if (key === 'scopeLogs') {
        for (let element = this.#enterArray('scopeLogs'); element; element = json.nextElement()) yield* this.#scopeLogs();
      } else json.skip();
    }
    this.#out.close(message);
  }

  #resource(): void {
    const message = this.#out.open(0x0a);
    for (let more = this.#enter('resource'); more; more = this.#json.nextKey()) {
      if (this.#key() === 'attributes') this.#keyValues(0x0a, 0);
      else this.#json.skip();
    }
    this.#out.close(message);
  }

  *#scopeLogs(): Generator<void, void> {
    const json = this.#json;
    const message = this.#out.open(0x12);
    for (let more = this.#enter('an element of scopeLogs'); more; more = json.nextKey()) {
      const key = this.#key();
      if (key === 'scope') this.#scope();
      else if (key === 'logRecords') {
        for (let element = this.#enterArray('logRecords'); element; element = json.nextElement()) {
          this.#record();
          if (json.at >= this.#yieldAt) {
            yield;
            this.#yieldAt = json.at + yieldBytes;
          }
        }
      } else json.skip();
    }
    this.#out.close(message);
  }

  #scope(): void {
    const message = this.#out.open(0x0a);
    for (let more = this.#enter('scope'); more; more = this.#json.nextKey()) {
      const key = this.#key();
      if (key === 'name') this.#string(0x0a);
      else if (key === 'version') this.#string(0x12);
      else if (key === 'attributes') this.#keyValues(0x1a, 0);
      else if (key === 'droppedAttributesCount') this.#unsigned32(0x20);
      else this.#json.skip();
    }
    this.#out.close(message);
  }

  #record(): void {
    const message = this.#out.open(0x12);
    for (let more = this.#enter('a log record'); more; more = this.#json.nextKey()) {
      switch (this.#key()) {
        case 'timeUnixNano':
          this.#time(0x09);
          break;
        case 'observedTimeUnixNano':
          this.#time(0x59);
          break;
        case 'severityNumber':
          this.#severity();
          break;
        case 'severityText':
          this.#string(0x1a);
          break;
        case 'eventName':
          this.#string(0x62);
          break;
        case 'body':
          this.#value(0x2a, 0);
          break;
        case 'attributes':
          this.#keyValues(0x32, 0);
          break;
        case 'droppedAttributesCount':
          this.#unsigned32(0x38);
          break;
        case 'flags':
          this.#unsigned32(0x45);
          break;
        case 'traceId':
          this.#id(0x4a, 32);
          break;
        case 'spanId':
          this.#id(0x52, 16);
          break;
        default:
          this.#json.skip();
      }
    }
    this.#out.close(message);
  }

  #keyValues(tag: number, depth: number): void {
    const json = this.#json;
    for (let element = this.#enterArray('attributes'); element; element = json.nextElement()) {
      const message = this.#out.open(tag);
      for (let more = this.#enter('an attribute'); more; more = json.nextKey()) {
        const key = this.#key();
        if (key === 'key') this.#string(0x0a);
        else if (key === 'value') this.#value(0x12, depth);
        else json.skip();
      }
      this.#out.close(message);
    }
  }

  #value(tag: number, depth: number): void {
    const json = this.#json;
    if (depth > valueDepthMax) throw new SpoorError('push_too_many', { limit: valueDepthMax, what: 'arrays and maps within one another', name: 'otlp.value_depth_max' });
    const message = this.#out.open(tag);
    for (let more = this.#enter('a value'); more; more = json.nextKey()) {
      switch (this.#key()) {
        case 'stringValue':
          this.#string(0x0a);
          break;
        case 'boolValue':
          this.#boolean();
          break;
        case 'intValue':
          this.#integer();
          break;
        case 'doubleValue':
          this.#double();
          break;
        case 'arrayValue':
          this.#list(0x2a, 'arrayValue', depth);
          break;
        case 'kvlistValue':
          this.#list(0x32, 'kvlistValue', depth);
          break;
        case 'bytesValue':
          this.#base64();
          break;
        default:
          json.skip();
      }
    }
    this.#out.close(message);
  }

  #list(tag: number, what: string, depth: number): void {
    const json = this.#json;
    const message = this.#out.open(tag);
    for (let more = this.#enter(what); more; more = json.nextKey()) {
      if (this.#key() !== 'values') json.skip();
      else if (tag === 0x32) this.#keyValues(0x0a, depth + 1);
      else for (let element = this.#enterArray('values'); element; element = json.nextElement()) this.#value(0x0a, depth + 1);
    }
    this.#out.close(message);
  }

  /** Enters an object and reads its first key; false where there is none. */
  #enter(what: string): boolean {
    const json = this.#json;
    const byte = json.peek();
    if (byte === openBrace) return json.firstKey();
    if (byte !== letterN) throw json.unexpected(`${what} must be an object, but found ${json.shown()}`);
    json.literal('null');
    return false;
  }

  #enterArray(what: string): boolean {
    const json = this.#json;
    const byte = json.peek();
    if (byte === openBracket) return json.firstElement();
    if (byte !== letterN) throw json.unexpected(`${what} must be an array, but found ${json.shown()}`);
    json.literal('null');
    return false;
  }

  /** The key that was read last, '' where it is none of ours. */
  #key(): string {
    const { bytes, start, length } = this.#json;
    const candidates = keysByLength[length];
    if (candidates === undefined) return '';
    for (const { text, bytes: key } of candidates) {
      let i = 0;
      while (i < length && bytes[start + i] === key[i]) i++;
      if (i === length) return text;
    }
    return '';
  }

  /** Passes over `null`. */
  #isNull(): boolean {
    if (this.#json.peek() !== letterN) return false;
    this.#json.literal('null');
    return true;
  }

  #string(tag: number): void {
    const json = this.#json;
    if (this.#isNull()) return;
    if (json.peek() !== quote) throw json.unexpected('expect a string');
    json.string();
    this.#out.field(tag, json.bytes, json.start, json.length);
  }

  /** The text of a number, or of a string. */
  #scalar(what: string): string {
    const json = this.#json;
    const byte = json.peek();
    if (byte === quote) {
      json.string();
      return json.bytes.toString('latin1', json.start, json.start + Math.min(json.length, 64));
    }
    if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) throw json.unexpected(`expect ${what}`);
    const start = json.at;
    json.skip();
    return json.bytes.toString('latin1', start, Math.min(json.at, start + 64));
  }

  /** A whole number, or undefined where the text is none. */
  #whole(text: string): number | bigint | undefined {
    if (/^-?[0-9]{1,15}$/.test(text)) return Number(text);
    return /^-?[0-9]{16,40}$/.test(text) ? BigInt(text) : undefined;
  }

  #time(tag: number): void {
    const json = this.#json;
    if (this.#isNull()) return;
    const at = json.at;
    let text: string;
    if (json.peek() === quote) {
      json.string();
      const split = json.start + json.length - 9;
      // As clients write them: up to 19 digits, nine of them nanoseconds.
      if (json.length > 9 && json.length < 20) {
        const seconds = decimal(json.bytes, json.start, split);
        const nanos = decimal(json.bytes, split, split + 9);
        if (seconds >= 0 && nanos >= 0) {
          this.#out.fixed64Time(tag, seconds, nanos);
          return;
        }
      }
      text = json.bytes.toString('latin1', json.start, json.start + Math.min(json.length, 64));
    } else text = this.#scalar('nanoseconds since 1970');
    const value = this.#whole(text);
    if (value === undefined || value < 0 || value >= 2n ** 64n) throw json.errorAt(at, 'a time must be nanoseconds since 1970, a whole number of 64 bits');
    this.#out.fixed64(tag, BigInt(value));
  }

  #unsigned32(tag: number): void {
    if (this.#isNull()) return;
    const at = this.#json.at;
    const value = this.#whole(this.#scalar('a whole number'));
    if (value === undefined || value < 0 || value >= 2 ** 32) throw this.#json.errorAt(at, 'expect a whole number of 32 bits');
    if (tag === 0x45) this.#out.fixed32(tag, Number(value));
    else this.#out.varint(tag, Number(value));
  }

  #severity(): void {
    if (this.#isNull()) return;
    const at = this.#json.at;
    const text = this.#scalar('a severity number');
    const value = severities.get(text) ?? this.#whole(text) ?? (/^[A-Z_0-9]*$/.test(text) ? 0 : undefined);
    if (value === undefined || value < -(2 ** 31) || value >= 2 ** 31) throw this.#json.errorAt(at, 'expect a severity: a number or a name such as SEVERITY_NUMBER_INFO');
    this.#out.varint(0x10, value);
  }

  #boolean(): void {
    const json = this.#json;
    if (this.#isNull()) return;
    const isTrue = json.peek() === 0x74;
    json.literal(isTrue ? 'true' : 'false');
    this.#out.varint(0x10, isTrue ? 1 : 0);
  }

  /** An intValue. A number that 64 bits do not hold is an error, as in Loki, although JavaScript's exporter writes all numbers without a fraction so. */
  #integer(): void {
    if (this.#isNull()) return;
    const at = this.#json.at;
    const value = this.#whole(this.#scalar('a whole number'));
    if (value === undefined || (typeof value === 'bigint' && value !== BigInt.asIntN(64, value))) throw this.#json.errorAt(at, 'expect a whole number of 64 bits');
    this.#out.varint(0x18, value);
  }

  #double(): void {
    if (this.#isNull()) return;
    const at = this.#json.at;
    const text = this.#scalar('a number');
    const value = text === '' ? Number.NaN : Number(text);
    if (Number.isNaN(value) && text !== 'NaN') throw this.#json.errorAt(at, 'expect a number, "NaN", "Infinity" or "-Infinity"');
    this.#out.double(0x21, value);
  }

  #base64(): void {
    const json = this.#json;
    if (this.#isNull()) return;
    if (json.peek() !== quote) throw json.unexpected('expect bytes in base64');
    const at = json.at;
    json.string();
    const text = json.bytes.toString('latin1', json.start, json.start + json.length);
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw json.errorAt(at, 'expect bytes in base64');
    const bytes = Buffer.from(text, 'base64');
    this.#out.field(0x3a, bytes, 0, bytes.length);
  }

  #id(tag: number, digits: number): void {
    const json = this.#json;
    if (this.#isNull()) return;
    if (json.peek() !== quote) throw json.unexpected(`expect an id of ${digits} hexadecimal digits`);
    const at = json.at;
    json.string();
    if (json.length === 0) return;
    const { bytes, start, length } = json;
    const id = this.#id16;
    let bits = length === digits ? 0 : 255;
    for (let i = 0; i < digits / 2 && bits < 16; i++) {
      const [upper, lower] = [hexDigits[bytes[start + i * 2]!]!, hexDigits[bytes[start + i * 2 + 1]!]!];
      bits |= upper | lower;
      id[i] = upper * 16 + lower;
    }
    if (bits > 15) throw json.errorAt(at, `expect an id of ${digits} hexadecimal digits`);
    this.#out.field(tag, id, 0, digits / 2);
  }
}

/** Digits as a number, or -1 where one is none. */
function decimal(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
