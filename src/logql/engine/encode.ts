import type { LabelSet } from '../../model/mod.ts';
import type { OutputLabels } from '../source.ts';
import { formatGoFloat } from '../syntax/mod.ts';
import { JsonWriter } from './json.ts';
import { compareLabels, labelsKey } from './labels.ts';
import { writeStats } from './stats.ts';
import type { MatrixResult, QueryResult, StreamsResult, VectorResult } from './types.ts';

/** How an answer is written. */
export interface EncodeOptions {
  /** `X-Loki-Response-Encoding-Flags: categorize-labels`: streams hold the stream's labels only, the others stand beside each line. */
  readonly categorizeLabels?: boolean;
}

/**
 * Writes an answer as Loki's API does, in chunks of about 64 KiB. Grafana reads it as a stream, so the order of keys matters: `status`, `warnings`,
 * `data` with `resultType`, `encodingFlags`, `result`, `stats`.
 */
export function* encodeQueryResult(result: QueryResult, options: EncodeOptions = {}): Generator<Buffer> {
  const json = new JsonWriter();
  json.raw('{"status":"success",');
  if (result.warnings.length > 0) json.raw(`"warnings":${JSON.stringify(result.warnings)},`);
  json.raw(`"data":{"resultType":"${result.resultType}",`);
  if (options.categorizeLabels === true) json.raw('"encodingFlags":["categorize-labels"],');
  json.raw('"result":');
  switch (result.resultType) {
    case 'streams':
      yield* writeStreams(json, result, options.categorizeLabels === true);
      break;
    case 'matrix':
      yield* writeMatrix(json, result);
      break;
    case 'vector':
      yield* writeVector(json, result);
      break;
    case 'scalar':
      // Loki counts milliseconds here, and only here.
      json.raw(`[${result.timeNs / 1_000_000n},"${formatGoFloat(result.value)}"]`);
      break;
  }
  json.raw(',"stats":');
  writeStats(json, result.stats);
  json.raw('}}');
  yield* json.takeRest();
}

/** A label set as a JSON object. */
export function writeLabels(json: JsonWriter, labels: LabelSet): void {
  json.raw('{');
  for (const [i, label] of labels.entries()) {
    if (i > 0) json.raw(',');
    json.string(label.name).raw(':').string(label.value);
  }
  json.raw('}');
}

function* writeVector(json: JsonWriter, result: VectorResult): Generator<Buffer> {
  const time = formatSeconds(result.timeNs);
  json.raw('[');
  for (const [i, sample] of result.samples.entries()) {
    json.raw(i > 0 ? ',{"metric":' : '{"metric":');
    writeLabels(json, sample.labels);
    json.raw(`,"value":[${time},"${formatGoFloat(sample.value)}"]}`);
    yield* json.takeFull();
  }
  json.raw(']');
}

function* writeMatrix(json: JsonWriter, result: MatrixResult): Generator<Buffer> {
  const { matrix } = result;
  const times = Array.from({ length: matrix.steps }, (_, step) => formatSeconds(result.startNs + BigInt(step) * result.stepNs));
  json.raw('[');
  for (const [i, series] of matrix.series.entries()) {
    json.raw(i > 0 ? ',{"metric":' : '{"metric":');
    writeLabels(json, series.labels);
    json.raw(',"values":[');
    let comma = '';
    for (let step = 0; step < matrix.steps; step++) {
      if (series.present[step] === 0) continue;
      json.raw(`${comma}[${times[step] ?? ''},"${formatGoFloat(series.values[step] as number)}"]`);
      comma = ',';
    }
    json.raw(']}');
    yield* json.takeFull();
  }
  json.raw(']');
}

/** Seconds with up to three digits behind the point; below a millisecond is cut. */
function formatSeconds(timeNs: bigint): string {
  return formatGoFloat(Number(timeNs / 1_000_000n) / 1000);
}

interface OutputStream {
  readonly labels: LabelSet;
  /** Indices of its rows. */
  readonly rows: number[];
}

function* writeStreams(json: JsonWriter, result: StreamsResult, categorize: boolean): Generator<Buffer> {
  const sets = result.labels.map((labels) => (categorize ? labels.stream : mergedLabels(labels)));
  // The third element of a categorised value is the same for all rows of a label set.
  const categories = categorize ? result.labels.map(formatCategories) : null;
  const streams = new Map<string, OutputStream>();
  const streamOf = sets.map((labels) => {
    const key = labelsKey(labels);
    const known = streams.get(key);
    if (known !== undefined) return known;
    const stream: OutputStream = { labels, rows: [] };
    streams.set(key, stream);
    return stream;
  });
  for (const [i, row] of result.rows.entries()) (streamOf[row.labels] as OutputStream).rows.push(i);
  json.raw('[');
  let comma = '';
  for (const stream of [...streams.values()].sort((a, b) => compareLabels(a.labels, b.labels))) {
    json.raw(`${comma}{"stream":`);
    comma = ',';
    writeLabels(json, stream.labels);
    json.raw(',"values":[');
    for (const [i, at] of stream.rows.entries()) {
      const row = result.rows[at] as StreamsResult['rows'][number];
      json.raw(i > 0 ? ',["' : '["').raw(String(row.timeNs)).raw('",').bytes(row.line);
      if (categories !== null) json.raw(',').raw(categories[row.labels] as string);
      json.raw(']');
      yield* json.takeFull();
    }
    json.raw(']}');
  }
  json.raw(']');
}

/** All labels of a row in one set; of a name that occurs twice parsed wins over metadata, metadata over the stream. */
export function mergedLabels(labels: OutputLabels): LabelSet {
  if (labels.structuredMetadata.length === 0 && labels.parsed.length === 0) return labels.stream;
  const merged = new Map<string, string>();
  for (const set of [labels.stream, labels.structuredMetadata, labels.parsed]) for (const { name, value } of set) merged.set(name, value);
  return [...merged].map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function formatCategories(labels: OutputLabels): string {
  const json = new JsonWriter(512);
  json.raw('{');
  if (labels.structuredMetadata.length > 0) {
    json.raw('"structuredMetadata":');
    writeLabels(json, labels.structuredMetadata);
    if (labels.parsed.length > 0) json.raw(',');
  }
  if (labels.parsed.length > 0) {
    json.raw('"parsed":');
    writeLabels(json, labels.parsed);
  }
  json.raw('}');
  return Buffer.concat([...json.takeRest()]).toString('utf8');
}
