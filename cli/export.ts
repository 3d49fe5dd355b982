import { objectOf, parseJson, type Entry } from './answers.ts';
import type { Client } from './client.ts';
import { Failure } from './failure.ts';
import { labelsFrom, type Labels } from './labels.ts';
import type { RangeQuery } from './query.ts';

/** Entries that are printed at once. */
const batchEntries = 1000;

/**
 * Every entry of a log query in one answer of any length (docs/formats/ndjson.md). Null where the server does not answer so: another one than spoor, or a metric query.
 */
export async function exportEntries(client: Client, query: RangeQuery): Promise<AsyncIterable<readonly Entry[]> | null> {
  const lines = await client.lines('/loki/api/v1/query_range', {
    query: query.query,
    limit: 0,
    start: query.startNs,
    end: query.endNs,
    direction: query.forward ? 'FORWARD' : 'BACKWARD',
    interval: query.intervalSeconds,
  });
  return lines === null ? null : batches(lines);
}

async function* batches(lines: AsyncIterable<string>): AsyncGenerator<readonly Entry[]> {
  let batch: Entry[] = [];
  // Streams come again and again; entries share their labels.
  const known = new Map<string, Labels>();
  for await (const line of lines) {
    batch.push(readEntryLine(line, known));
    if (batch.length < batchEntries) continue;
    yield batch;
    batch = [];
    known.clear();
  }
  if (batch.length > 0) yield batch;
}

/** Reads one line. Throws the failure that a last line tells of. */
export function readEntryLine(text: string, known = new Map<string, Labels>()): Entry {
  const object = objectOf(parseJson(text), 'a line');
  const { error } = object;
  if (error !== undefined) throw new Failure(`the server broke off: ${String(objectOf(error, 'error')['message'])}`);
  const { ts, stream, structuredMetadata, parsed, line } = object;
  if (typeof ts !== 'string' || !/^-?\d{1,19}$/.test(ts) || typeof line !== 'string') throw new Failure('the server does not answer as spoor does: a line has no ts or no line');
  const key = JSON.stringify([stream, structuredMetadata, parsed]);
  let labels = known.get(key);
  if (labels === undefined) {
    labels = new Map([stream, structuredMetadata, parsed].flatMap((set) => (set === undefined ? [] : [...labelsFrom(set)])).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    known.set(key, labels);
  }
  return { timeNs: BigInt(ts), labels, line };
}
