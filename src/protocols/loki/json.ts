import { SpoorError, type Label } from '../../model/mod.ts';
import { RawBatchBuilder, type RawBatch } from '../batch.ts';
import type { PushBodyLimits } from '../limits.ts';
import { JsonReader } from './json-reader.ts';
import { labelsOfJson } from './json-labels.ts';
import { readOldEntries, readOldLabels } from './json-old-form.ts';
import { parseLabelText } from './label-text.ts';

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
 * ignored, keys match in any case, unknown keys are skipped, and of a repeated key the last counts. A stream without `stream` and `values` may have the form
 * that Loki had before them (json-old-form.ts). Throws `push_json`, `push_labels` and `push_too_many`.
 */
export function* decodeJsonPush(body: Buffer, limits: PushBodyLimits, backfillShard: string): Generator<void, RawBatch> {
  return yield* new JsonPush(body, limits).run(backfillShard);
}

class JsonPush {
  readonly #json: JsonReader;
  readonly #limits: PushBodyLimits;
  readonly #rows: RawBatchBuilder;
  #yieldAt = yieldBytes;
  #lastObject: Buffer | null = null;
  #lastLabels: readonly Label[] = [];

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
    let isNew = false;
    // Where the values of the old form's keys begin; they count only where the new ones are missing.
    let oldLabelsAt = -1;
    let oldEntriesAt = -1;
    for (let more = json.firstKey(); more; more = json.nextKey()) {
      if (json.keyIsFolded('stream')) {
        isNew = true;
        if (json.peek() !== openBrace) throw json.unexpected('the labels of a stream must be an object of strings');
        const start = json.at;
        json.skip();
        labels = json.bytes.subarray(start, json.at);
        this.#checkLabels(labels.length);
      } else if (json.keyIsFolded('values')) {
        isNew = true;
        if (json.peek() === letterN) json.literal('null');
        else {
          rows.truncate(firstRow);
          yield* this.#values();
        }
      } else {
        if (json.keyIsFolded('labels')) oldLabelsAt = json.at;
        else if (json.keyIsFolded('entries')) oldEntriesAt = json.at;
        json.skip();
      }
    }
    const end = json.at;
    if (isNew) rows.endStream(labels === null ? [] : this.#labels(labels), firstRow);
    else yield* this.#oldForm(oldLabelsAt, oldEntriesAt, firstRow);
    json.at = end;
    this.#yieldAt -= streamWork;
    if (end >= this.#yieldAt) {
      yield;
      this.#yieldAt = end + yieldBytes;
    }
  }

  *#oldForm(labelsAt: number, entriesAt: number, firstRow: number): Generator<void, void> {
    const json = this.#json;
    // Without entries there is nothing to lose: `labels` is a key like any unknown one then.
    if (entriesAt < 0) return this.#rows.endStream([], firstRow);
    json.at = entriesAt;
    yield* readOldEntries(json, this.#rows);
    if (labelsAt < 0) return this.#rows.endStream([], firstRow);
    json.at = labelsAt;
    const [start, length] = readOldLabels(json);
    this.#checkLabels(length);
    return this.#rows.endStream(parseLabelText(json.bytes, start, start + length, this.#limits.labelsBytesMax), firstRow);
  }

  /** The labels of an object. Many shippers send a stream for each entry: mostly they are those of the stream before. */
  #labels(object: Buffer): readonly Label[] {
    if (this.#lastObject === null || !this.#lastObject.equals(object)) {
      this.#lastLabels = labelsOfJson(object, this.#limits.jsonDepthMax);
      this.#lastObject = object;
    }
    return this.#lastLabels;
  }

  #checkLabels(bytes: number): void {
    if (bytes > this.#limits.labelsBytesMax) {
      throw new SpoorError('push_too_many', { limit: this.#limits.labelsBytesMax, what: 'bytes of labels in one stream', name: 'push.labels_bytes_max' });
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

  /** Nanoseconds: a string of nothing but decimal digits, with `-` before times that lie before 1970, or such a number. */
  #time(): void {
    const json = this.#json;
    const wrong = 'the time of an entry must be nanoseconds since 1970, as a string of decimal digits or a whole number';
    const kind = json.peek();
    const begin = kind === quote ? json.at + 1 : json.at;
    if (kind === quote) {
      json.string();
      // In place: an escaped digit is not one.
      if (json.at !== begin + json.length + 1) throw json.errorAt(begin, wrong);
    } else if (!json.integer()) throw json.unexpected(wrong);
    const bytes = json.bytes;
    const start = json.start;
    const length = json.length;
    if (length === 0 || length > 20) throw json.errorAt(begin, wrong);
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
