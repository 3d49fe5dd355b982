import { formatRfc3339, parseRfc3339, timeNsMax, timeNsMin } from '../../model/mod.ts';
import type { RawBatchBuilder } from '../batch.ts';
import type { JsonReader } from './json-reader.ts';

/** Bytes that are read between two yields. */
const yieldBytes = 65_536;
const openBrace = 0x7b;
const openBracket = 0x5b;
const quote = 0x22;
const letterN = 0x6e;
/** How Go writes "no time". */
const zeroTime = '0001-01-01T00:00:00Z';

/**
 * The labels of a stream in the form that Loki's first API (/api/prom/push) had: one string, `{app="a"}`. Gives its place and length in `json.bytes`.
 * Throws `push_json`.
 */
export function readOldLabels(json: JsonReader): readonly [start: number, length: number] {
  if (json.peek() === letterN) {
    json.literal('null');
    return [json.at, 0];
  }
  if (json.peek() !== quote) throw json.unexpected('the labels of a stream must be a string, {name="value", …}');
  json.string();
  return [json.start, json.length];
}

/**
 * The entries of such a stream: `[{"ts": "<RFC 3339>", "line": "<line>", "structuredMetadata": {name: value}}]`. Keys match in any case, unknown ones are skipped, null stands for
 * nothing; an entry without `ts` has no time. Throws `push_json` and `push_too_many`.
 */
export function* readOldEntries(json: JsonReader, rows: RawBatchBuilder): Generator<void, void> {
  if (json.peek() === letterN) return json.literal('null');
  if (json.peek() !== openBracket) throw json.unexpected('the entries of a stream must be an array of {"ts": "<RFC 3339>", "line": "<line>"}');
  let yieldAt = json.at + yieldBytes;
  for (let more = json.firstElement(); more; more = json.nextElement()) {
    rows.addRow();
    if (json.peek() === letterN) json.literal('null');
    else readEntry(json, rows);
    if (json.at >= yieldAt) {
      yield;
      yieldAt = json.at + yieldBytes;
    }
  }
}

function readEntry(json: JsonReader, rows: RawBatchBuilder): void {
  if (json.peek() !== openBrace) throw json.unexpected('an entry must be an object {"ts": "<RFC 3339>", "line": "<line>"}');
  for (let more = json.firstKey(); more; more = json.nextKey()) {
    const isTime = json.keyIsFolded('ts');
    const isLine = !isTime && json.keyIsFolded('line');
    const isMetadata = !isTime && !isLine && json.keyIsFolded('structuredmetadata');
    if (!isTime && !isLine && !isMetadata) json.skip();
    else if (json.peek() === letterN) json.literal('null');
    else if (isTime) readTime(json, rows);
    else if (isLine) {
      if (json.peek() !== quote) throw json.unexpected('the line of an entry must be a string');
      json.string();
      rows.setLine(json.start, json.length);
    } else readMetadata(json, rows);
  }
}

function readTime(json: JsonReader, rows: RawBatchBuilder): void {
  const wrong = 'the time of an entry must be a string with an RFC 3339 time such as 2026-01-02T15:04:05.123456789Z';
  if (json.peek() !== quote) throw json.unexpected(wrong);
  const at = json.at;
  json.string();
  const text = json.length > 64 ? '' : json.bytes.toString('utf8', json.start, json.start + json.length);
  if (text === zeroTime) return;
  const timeNs = parseRfc3339(text);
  if (timeNs === undefined) throw json.errorAt(at + 1, wrong);
  if (timeNs < timeNsMin) throw json.errorAt(at + 1, `the time of an entry must not be before ${formatRfc3339(timeNsMin)}`);
  // What lies beyond 2262 becomes its last nanosecond, which every tenant's creation_grace_period refuses.
  rows.setTimeNs(timeNs > timeNsMax ? timeNsMax : timeNs);
}

function readMetadata(json: JsonReader, rows: RawBatchBuilder): void {
  if (json.peek() !== openBrace) throw json.unexpected('structured metadata must be an object of strings');
  rows.dropPairs();
  for (let more = json.firstKey(); more; more = json.nextKey()) {
    const nameStart = json.start;
    const nameLength = json.length;
    if (json.peek() !== quote) throw json.unexpected('a value of structured metadata must be a string');
    json.string();
    rows.addPair(nameStart, nameLength, json.start, json.length);
  }
}
