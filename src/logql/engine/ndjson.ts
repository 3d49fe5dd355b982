import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../../bytes/mod.ts';
import { SpoorError } from '../../model/mod.ts';
import type { Batch, OutputLabels, OutputRow } from '../source.ts';
import { JsonWriter } from './json.ts';
import { writeLabels } from './streams.ts';

/**
 * Writes rows as JSON lines (docs/formats/ndjson.md), one object each, in chunks of about 64 KiB:
 * `{"ts":…,"id":…,"stream":{…},"structuredMetadata":{…},"parsed":{…},"line":…,"lineBase64":…}`.
 */
export function* encodeRowLines(batch: Batch): Generator<Buffer> {
  const json = new JsonWriter();
  const labels = batch.labels.map(labelsBytes);
  for (const row of batch.rows) {
    writeEntry(json, row, labels[row.labels]!);
    json.raw('\n');
    yield* json.takeFull();
  }
  yield* json.takeRest();
}

/** One row as the same object, without the end of the line. */
export function encodeEntry(row: OutputRow, labels: OutputLabels): string {
  const json = new JsonWriter(1024);
  writeEntry(json, row, labelsBytes(labels));
  return Buffer.concat([...json.takeRest()]).toString('utf8');
}

/** The last line of an answer that broke off. */
export function encodeErrorLine(error: SpoorError): Buffer {
  return Buffer.from(`${JSON.stringify({ error: { code: error.code, message: error.message.toWellFormed() } })}\n`);
}

function writeEntry(json: JsonWriter, row: OutputRow, labels: Buffer): void {
  json.raw(`{"ts":"${row.timeNs}","id":"${formatEntryId(row)}"`).copy(labels).bytes(row.line);
  if (!isUtf8(row.line)) json.raw(`,"lineBase64":"${asBuffer(row.line).toString('base64')}"`);
  json.raw('}');
}

function labelsBytes({ stream, structuredMetadata, parsed }: OutputLabels): Buffer {
  const json = new JsonWriter(512);
  json.raw(',"stream":');
  writeLabels(json, stream);
  if (structuredMetadata.length > 0) writeLabels(json.raw(',"structuredMetadata":'), structuredMetadata);
  if (parsed.length > 0) writeLabels(json.raw(',"parsed":'), parsed);
  json.raw(',"line":');
  return Buffer.concat([...json.takeRest()]);
}

/** What names a row together with its time: its place in the journal. */
export interface EntryId {
  readonly partition: number;
  readonly position: number;
  readonly index: number;
}

/** `partition-position-index`. */
export function formatEntryId({ partition, position, index }: EntryId): string {
  return `${partition}-${position}-${index}`;
}

/** Reads what formatEntryId wrote; throws `bad_request` for anything else. */
export function parseEntryId(text: string): EntryId {
  const match = /^(\d{1,9})-(\d{1,16})-(\d{1,10})$/.exec(text);
  if (match === null) throw new SpoorError('bad_request', { reason: `id is ${JSON.stringify(text.slice(0, 100))}; an entry's id is partition-position-index, as answers in application/x-ndjson have it` });
  return { partition: Number(match[1]), position: Number(match[2]), index: Number(match[3]) };
}
