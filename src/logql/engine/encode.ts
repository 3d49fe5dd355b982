import { formatGoFloat } from '../syntax/mod.ts';
import { JsonWriter } from './json.ts';
import { writeStats } from './stats.ts';
import { writeLabels, writeStreams } from './streams.ts';
import type { MatrixResult, QueryResult, VectorResult } from './types.ts';

/** How an answer is written. */
export interface EncodeOptions {
  /** `X-Loki-Response-Encoding-Flags: categorize-labels`: streams hold the stream's labels only, the others stand beside each line. */
  readonly categorizeLabels?: boolean;
  /** All flags of that header, to be repeated in the answer; `categorize-labels` alone where only the other option is given. */
  readonly encodingFlags?: readonly string[];
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
  const flags = options.encodingFlags ?? (options.categorizeLabels === true ? ['categorize-labels'] : []);
  if (flags.length > 0) json.raw(`"encodingFlags":${JSON.stringify(flags)},`);
  json.raw('"result":');
  switch (result.resultType) {
    case 'streams':
      yield* writeStreams(json, result.labels, result.rows, options.categorizeLabels === true);
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
