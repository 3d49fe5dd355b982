import { SpoorError } from '../../model/mod.ts';
import { RawBatchBuilder, type RawBatch } from '../batch.ts';
import type { PushBodyLimits } from '../limits.ts';
import { JsonReader } from './json-reader.ts';
import { labelsOfJson } from './json-labels.ts';

/** Bytes that are read between two yields. */
const yieldBytes = 65_536;
/** What the labels of a stream cost, in the same measure. */
const streamWork = 1024;
const openBrace = 0x7b;
const openBracket = 0x5b;
const quote = 0x22;
const letterN = 0x6e;
/** Below this second all nanoseconds fit 64 bits. */
const exactSecondsEnd = 9_223_372_036;

/**
 * Reads a JSON push, `{"streams": [{"stream": {labels}, "values": [["<ns>", "<line>", {metadata}]]}]}`, over its bytes: strings without escapes are
 * pointed at where they stand, escaped ones are unescaped in place (in a copy of the body, made at the first). What follows the first document is
 * ignored, `streams` matches in any case, unknown keys are skipped, and of a repeated key the last counts, all as Loki does.
 * Throws `push_json`, `push_labels` and `push_too_many`.
 */
export function* decodeJsonPush(body: Buffer, limits: PushBodyLimits, backfillShard: string): Generator<void, RawBatch> {
  return yield* new JsonPush(body, limits).run(backfillShard);
}

class JsonPush {
  readonly #json: JsonReader;
  readonly #limits: PushBodyLimits;
  readonly #rows: RawBatchBuilder;
  #yieldAt = yieldBytes;

  constructor(body: Buffer, limits: PushBodyLimits) {
    this.#json = new JsonReader(body, limits.jsonDepthMax);
    this.#limits = limits;
    this.#rows = new RawBatchBuilder(limits, body.length >>> 7);
  }

  *run(backfillShard: string): Generator<void, RawBatch> {
    const json = this.#json;
    const first = json.peek();
    if (first === -1) throw json.error('EOF');
    if (first === letterN) json.literal('null');
    else {
      if (first !== openBrace) throw json.error(`readObjectStart: expect { or n, but found ${json.shown()}`);
      for (let more = json.firstKey(); more; more = json.nextKey()) {
        if (!json.keyIsFolded('streams')) json.skip();
        else if (json.peek() === letterN) {
          json.literal('null');
          this.#rows.clear();
        } else yield* this.#streams();
      }
    }
    return this.#rows.finish(json.bytes, backfillShard);
  }

  *#streams(): Generator<void, void> {
    const json = this.#json;
    this.#rows.clear();
    if (json.peek() !== openBracket) throw json.unexpected(`streams: expect [ or null, but found ${json.shown()}`);
    for (let more = json.firstElement(); more; more = json.nextElement()) {
      if (json.peek() !== openBrace) throw json.unexpected('a stream must be an object {"stream": {labels}, "values": [entries]}');
      yield* this.#stream();
    }
  }

  *#stream(): Generator<void, void> {
    const json = this.#json;
    const rows = this.#rows;
    const firstRow = rows.rows;
    let labels: Buffer | null = null;
    for (let more = json.firstKey(); more; more = json.nextKey()) {
      if (json.keyIs('stream')) {
        if (json.peek() !== openBrace) throw json.unexpected('the labels of a stream must be an object of strings');
        const start = json.at;
        json.skip();
        labels = json.bytes.subarray(start, json.at);
        if (labels.length > this.#limits.labelsBytesMax) {
          throw new SpoorError('push_too_many', { limit: this.#limits.labelsBytesMax, what: 'bytes of labels in one stream', name: 'push.labels_bytes_max' });
        }
      } else if (json.keyIs('values')) {
        if (json.peek() === letterN) json.literal('null');
        else {
          rows.truncate(firstRow);
          yield* this.#values();
        }
      } else json.skip();
    }
    rows.endStream(labels === null ? [] : labelsOfJson(labels, this.#limits.jsonDepthMax), firstRow);
    this.#yieldAt -= streamWork;
    if (json.at >= this.#yieldAt) {
      yield;
      this.#yieldAt = json.at + yieldBytes;
    }
  }

  *#values(): Generator<void, void> {
    const json = this.#json;
    if (json.peek() !== openBracket) throw json.unexpected('the values of a stream must be an array of ["<ns>", "<line>", {metadata}]');
    for (let more = json.firstElement(); more; more = json.nextElement()) {
      const kind = json.peek();
      if (kind === openBracket) this.#entry();
      else if (kind === letterN) json.literal('null');
      else throw json.unexpected('an entry must be an array ["<ns>", "<line>", {metadata}]');
      if (json.at >= this.#yieldAt) {
        yield;
        this.#yieldAt = json.at + yieldBytes;
      }
    }
  }

  #entry(): void {
    const json = this.#json;
    const rows = this.#rows;
    rows.addRow();
    let more = json.firstElement();
    if (!more) return;
    this.#time();
    more = json.nextElement();
    if (!more) return;
    if (json.peek() !== quote) throw json.unexpected('the line of an entry must be a string');
    json.string();
    rows.setLine(json.start, json.length);
    more = json.nextElement();
    if (!more) return;
    this.#metadata();
    while (json.nextElement()) json.skip();
  }

  /** A string of nothing but decimal digits, with `-` before times that lie before 1970. */
  #time(): void {
    const json = this.#json;
    const wrong = 'the time of an entry must be a string of decimal digits, nanoseconds since 1970';
    if (json.peek() !== quote) throw json.unexpected(wrong);
    const begin = json.at + 1;
    json.string();
    const bytes = json.bytes;
    const start = json.start;
    const length = json.length;
    // In place: an escaped digit is not one.
    if (json.at !== begin + length + 1 || length === 0 || length > 20) throw json.errorAt(begin, wrong);
    const split = Math.max(0, length - 9);
    const seconds = decimal(bytes, start, split);
    const nanos = decimal(bytes, start + split, length - split);
    const leadingZero = bytes[start] === 0x30 && length > 1;
    if (seconds >= 0 && seconds < exactSecondsEnd && nanos >= 0 && !leadingZero) {
      this.#rows.setTime(seconds, nanos);
      return;
    }
    const text = bytes.toString('latin1', start, start + length);
    if (!/^-?(?:0|[1-9][0-9]*)$/.test(text)) throw json.errorAt(begin, wrong);
    const timeNs = BigInt(text);
    if (timeNs !== BigInt.asIntN(64, timeNs)) throw json.errorAt(begin, `${wrong}, within 64 bits`);
    this.#rows.setTimeNs(timeNs);
  }

  #metadata(): void {
    const json = this.#json;
    if (json.peek() !== openBrace) throw json.unexpected('structured metadata must be an object of strings');
    for (let more = json.firstKey(); more; more = json.nextKey()) {
      const nameStart = json.start;
      const nameLength = json.length;
      if (json.peek() !== quote) throw json.unexpected('a value of structured metadata must be a string');
      json.string();
      this.#rows.addPair(nameStart, nameLength, json.start, json.length);
    }
  }
}

/** `length` digits as a number, or -1 where one is none. */
function decimal(bytes: Buffer, start: number, length: number): number {
  let value = 0;
  for (let i = start; i < start + length; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
