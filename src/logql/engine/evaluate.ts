import { formatBinarySize, formatLabels, labelValue, SpoorError } from '../../model/mod.ts';
import { Holding, newControl, type QueryControl } from '../control.ts';
import { finishRange } from '../functions/finish.ts';
import { addStats, mergePartials, noStats } from '../functions/merge.ts';
import type { Matrix, Series } from '../functions/matrix.ts';
import type { RangeAggregation } from '../plan/aggregation.ts';
import type { ConstantNode, PlanNode, RangeNode } from '../plan/plan.ts';
import type { LogSource, Partial, ScanStats } from '../source.ts';
import { aggregate } from './aggregate.ts';
import { applyScalar, join } from './binary.ts';
import { labelReplace } from './label-replace.ts';
import { compareLabels, withoutEmpty } from './labels.ts';

/** What a series takes in memory besides its points, about. */
const seriesBytes = 512;

/** Memory of a matrix: a double and a byte for each point. */
function bytesOf(matrix: Matrix): number {
  return matrix.series.length * (seriesBytes + 9 * matrix.steps);
}

/** Partials that are held before they are merged. */
const partialsHeld = 16;

/** Carries what one query has read and noticed through its operators. */
export class Evaluation {
  readonly source: LogSource;
  readonly signal: AbortSignal;
  readonly steps: number;
  /** What the query's threads share. */
  readonly control: QueryControl;
  readonly warnings = new Set<string>();
  stats: ScanStats = noStats;
  readonly #bytesMax: number;
  readonly #partialSeries: boolean;

  readonly #holding: Holding;
  #matrixBytes = 0;

  constructor(source: LogSource, signal: AbortSignal, steps: number, bytesMax: number, partialSeries: boolean, control: QueryControl = newControl()) {
    this.control = control;
    this.#holding = new Holding(control);
    this.source = source;
    this.signal = signal;
    this.steps = steps;
    this.#bytesMax = bytesMax;
    this.#partialSeries = partialSeries;
  }

  /** Counts what a scan cost. Throws `max_query_bytes_read` where that is too much. */
  read(stats: ScanStats): void {
    this.stats = addStats(this.stats, stats);
    if (this.#bytesMax > 0 && this.stats.bytes > this.#bytesMax) {
      throw new SpoorError('max_query_bytes_read', { bytes: formatBinarySize(this.stats.bytes), limit: formatBinarySize(this.#bytesMax) });
    }
  }

  /** The values of a plan's node at all steps. */
  async evaluate(node: PlanNode): Promise<Matrix> {
    const matrix = this.#limit(await this.#evaluate(node), node.seriesMax);
    this.#hold(bytesOf(matrix));
    return matrix;
  }

  async #evaluate(node: PlanNode): Promise<Matrix> {
    switch (node.kind) {
      case 'range':
        return this.#range(node);
      case 'constant':
        return constant(node, this.steps);
      case 'aggregate':
        return this.#from(await this.evaluate(node.input), (input) => aggregate(node, input));
      case 'scalar':
        return this.#from(await this.evaluate(node.input), (input) => applyScalar(node, input));
      case 'label_replace':
        return this.#from(await this.evaluate(node.input), (input) => labelReplace(node, input));
      case 'join': {
        // Both legs are read at the same time; where one fails its error is the query's.
        const [left, right] = await Promise.all([this.evaluate(node.left), this.evaluate(node.right)]);
        const joined = join(node, left, right);
        this.#hold(-bytesOf(left) - bytesOf(right));
        return joined;
      }
    }
  }

  /** What an operator makes of its operand, which is held no longer then. */
  #from(input: Matrix, operator: (input: Matrix) => Matrix): Matrix {
    const result = operator(input);
    this.#hold(-bytesOf(input));
    return result;
  }

  #hold(more: number): void {
    this.#matrixBytes += more;
    this.#holding.hold(this.#matrixBytes);
  }

  /** Drops series without a value and counts the others. */
  #limit(matrix: Matrix, seriesMax: number): Matrix {
    const series = matrix.series.filter((one) => one.present.includes(1));
    if (seriesMax > 0 && series.length > seriesMax) {
      if (!this.#partialSeries) throw new SpoorError('max_query_series', { limit: seriesMax });
      this.warnings.add(`maximum number of series (${seriesMax}) reached for a single query; returning partial results`);
      series.length = seriesMax;
    }
    return { steps: matrix.steps, series };
  }

  async #range(node: RangeNode): Promise<Matrix> {
    let partials: Partial[] = [];
    for await (const found of this.source.scan({ ...node.task, control: this.control }, this.signal)) {
      if (found.kind !== 'partial') continue;
      this.read(found.stats);
      partials.push(found);
      if (partials.length >= partialsHeld) partials = [mergePartials(node.aggregation, partials)];
    }
    const matrix = finishRange(node.aggregation, mergePartials(node.aggregation, partials));
    for (const series of matrix.series) checkErrors(series, node.aggregation);
    if (node.absent !== null) return absent(node, matrix);
    const merged = mergeEmpty(node, matrix);
    return { steps: merged.steps, series: [...merged.series].sort((a, b) => compareLabels(a.labels, b.labels)) };
  }
}

/**
 * A line that a parser or an unwrap failed on makes the whole answer doubtful: the query fails, as in Loki. Such lines are not grouped; where the query
 * groups by errors (keepErrors) those of parsers are, and are series like others.
 */
function checkErrors(series: Series, { keepErrors, grouping }: RangeAggregation): void {
  const error = labelValue(series.labels, '__error__');
  if (error === undefined || !series.present.includes(1)) return;
  if (keepErrors && series.labels.every(({ name }) => grouping?.labels.includes(name))) return;
  throw new SpoorError('pipeline_error', { error, series: formatLabels(series.labels) });
}

function constant(node: ConstantNode, steps: number): Matrix {
  return { steps, series: [{ labels: [], values: new Float64Array(steps).fill(node.value), present: new Uint8Array(steps).fill(1) }] };
}

/** Leaves out empty labels where the plan says so. */
function mergeEmpty({ merge, seriesMax }: RangeNode, matrix: Matrix): Matrix {
  if (merge === null || !matrix.series.some(({ labels }) => withoutEmpty(labels) !== labels)) return matrix;
  return aggregate({ kind: 'aggregate', op: merge, param: 0, grouping: { without: true, labels: [] }, seriesMax }, matrix);
}

/** 1 wherever no series has a sample. */
function absent(node: RangeNode, matrix: Matrix): Matrix {
  const present = new Uint8Array(matrix.steps).fill(1);
  for (const series of matrix.series) {
    for (let step = 0; step < matrix.steps; step++) if (series.present[step] === 1) present[step] = 0;
  }
  return { steps: matrix.steps, series: [{ labels: node.absent ?? [], values: new Float64Array(matrix.steps).fill(1), present }] };
}
