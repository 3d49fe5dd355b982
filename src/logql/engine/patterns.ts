import { setImmediate as nextTurn } from 'node:timers/promises';
import { SpoorError, type Limits, type Matcher } from '../../model/mod.ts';
import { newControl } from '../control.ts';
import { PatternClusters, type PatternsState } from '../patterns/clusters.ts';
import { finishPatterns, type Pattern } from '../patterns/finish.ts';
import { patternClustersMax, patternStepNsMin } from '../patterns/limits.ts';
import { checkRequiredLabels } from '../plan/query-limits.ts';
import type { LogSource, ScanTask } from '../source.ts';
import { checkStages } from '../stages/check.ts';
import { parseQuery, type LogQuery } from '../syntax/mod.ts';
import { Evaluation } from './evaluate.ts';
import { JsonWriter } from './json.ts';

/** A question for patterns. Times are nanoseconds since the epoch; the end is not included. */
export interface PatternsParams {
  /** One or several (joinTenants). */
  readonly tenant: string;
  /** A selector; line filters may follow. */
  readonly query: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Lines are counted by steps, which begin at its multiples since 1970; at least 10 s. */
  readonly stepNs: bigint;
  readonly limits: Limits;
  /** About how many bytes the streams have in the range: where it is more than max_patterns_bytes_scanned, a sample is looked at. */
  bytesOf(matchers: readonly Matcher[]): Promise<number>;
}

/** Patterns, the most frequent first. */
export interface PatternsResult {
  readonly patterns: readonly Pattern[];
  /** Begin of step 0, and the length of steps. */
  readonly firstNs: bigint;
  readonly stepNs: bigint;
  readonly warnings: readonly string[];
}

/** Shapes that are worked on before others get their turn: a few milliseconds. */
const shapesPerTurn = 64;

/**
 * Finds what lines have in common. Throws `parse_error`, `matchers_only` for anything but a selector with line filters, `required_labels`, `minimum_labels_number`, `max_query_bytes_read`, `max_query_memory`, whatever the source throws, and the
 * reason of `signal` once that aborts.
 */
export async function findPatterns(source: LogSource, params: PatternsParams, signal: AbortSignal): Promise<PatternsResult> {
  const { tenant, startNs, endNs, limits } = params;
  const { matchers, stages } = parsePatternsQuery(params.query);
  checkRequiredLabels(matchers.map(({ name }) => name), limits);
  const matchersMax = limits.max_streams_matchers_per_query;
  if (matchersMax > 0 && matchers.length > matchersMax) throw new SpoorError('max_streams_matchers', { count: matchers.length, limit: matchersMax });
  // Whole milliseconds, as in Loki.
  const stepNs = params.stepNs < patternStepNsMin ? patternStepNsMin : params.stepNs - (params.stepNs % 1_000_000n);
  const firstNs = startNs - (((startNs % stepNs) + stepNs) % stepNs);
  if (startNs >= endNs) return { patterns: [], firstNs, stepNs, warnings: [] };
  const bytesMax = limits.max_patterns_bytes_scanned;
  const oneOf = bytesMax > 0 ? Math.max(1, Math.ceil((await params.bytesOf(matchers)) / bytesMax)) : 1;
  const control = newControl(limits.max_query_memory);
  const evaluation = new Evaluation(source, signal, 0, limits.max_query_bytes_read, false, control);
  const task: ScanTask = { tenant, matchers, startNs, endNs, stages, output: { kind: 'patterns', stepNs, oneOf }, control };
  const merged = new PatternClusters();
  let worked = 0;
  for await (const found of source.scan(task, signal)) {
    if (found.kind !== 'partial') continue;
    evaluation.read(found.stats);
    for (const { state } of found.series) {
      const { shapes, dropped } = state as PatternsState;
      merged.addDropped(dropped);
      for (const shape of shapes) {
        merged.addShape(shape);
        if (++worked % shapesPerTurn === 0) await nextTurn();
      }
    }
  }
  signal.throwIfAborted();
  const { shapes, dropped } = merged.finish();
  const work = finishPatterns(shapes, oneOf);
  let step = work.next();
  for (; step.done !== true; step = work.next()) if (++worked % shapesPerTurn === 0) await nextTurn();
  const warnings: string[] = [];
  if (oneOf > 1) warnings.push(`the query covers more than ${bytesMax} bytes (max_patterns_bytes_scanned): one line of ${oneOf} was looked at, and counts are estimates`);
  if (dropped > 0) warnings.push(`there are more than ${patternClustersMax} patterns: ${dropped * oneOf} lines of the rarest are not counted`);
  return { patterns: step.value, firstNs, stepNs, warnings };
}

/** Throws `parse_error`, and `matchers_only` for stages that are no line filters: those see lines as they were stored, and so do patterns. */
function parsePatternsQuery(text: string): LogQuery {
  const query = parseQuery(text);
  if (query.kind !== 'log_query') throw new SpoorError('matchers_only');
  checkStages(query.stages);
  if (query.stages.some(({ kind }) => kind !== 'line_filter')) throw new SpoorError('matchers_only');
  return query;
}

/** Gaps up to this long are filled with zeros, as in Loki, where a chunk of samples is so long; not where the step is the finest one. */
const gapNs = 3_600_000_000_000n;

/** Writes patterns as Loki's API does, in chunks of about 64 KiB. */
export function* encodePatterns({ patterns, firstNs, stepNs, warnings }: PatternsResult): Generator<Buffer> {
  const json = new JsonWriter();
  json.raw('{"status":"success",');
  if (warnings.length > 0) json.raw(`"warnings":${JSON.stringify(warnings)},`);
  json.raw('"data":[');
  const gapMax = stepNs === patternStepNsMin ? 0 : Number(gapNs / stepNs);
  const seconds = (step: number): bigint => (firstNs + BigInt(step) * stepNs) / 1_000_000_000n;
  for (const [i, { pattern, level, counts }] of patterns.entries()) {
    json.raw(i > 0 ? ',{"pattern":' : '{"pattern":').string(pattern).raw(`,"level":"${level}","samples":[`);
    let comma = '';
    let next = -1;
    for (const [step, lines] of counts) {
      if (next >= 0 && step - next < gapMax) for (; next < step; next++) json.raw(`,[${seconds(next)},0]`);
      json.raw(`${comma}[${seconds(step)},${lines}]`);
      comma = ',';
      next = step + 1;
    }
    json.raw(']}');
    yield* json.takeFull();
  }
  json.raw(']}\n');
  yield* json.takeRest();
}
