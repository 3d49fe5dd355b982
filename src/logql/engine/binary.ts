import { labelValue, SpoorError, type LabelSet } from '../../model/mod.ts';
import { checkMatrixPoints } from '../functions/finish.ts';
import type { Matrix, Series } from '../functions/matrix.ts';
import type { JoinNode, ScalarNode } from '../plan/plan.ts';
import { isComparison } from '../plan/planner.ts';
import { applyArithmetic, type VectorMatching } from '../syntax/mod.ts';
import { groupLabels, labelsKey, withLabel, withoutEmpty } from './labels.ts';

/** An operator between each value of a vector and a number. A comparison keeps the vector's value, or drops it. */
export function applyScalar(node: ScalarNode, input: Matrix): Matrix {
  const filters = isComparison(node.op) && !node.returnBool;
  const series = input.series.map((one): Series => {
    const values = new Float64Array(input.steps);
    const present = new Uint8Array(input.steps);
    for (let step = 0; step < input.steps; step++) {
      if (one.present[step] === 0) continue;
      const value = one.values[step] as number;
      const result = node.numberFirst ? applyArithmetic(node.op, node.value, value) : applyArithmetic(node.op, value, node.value);
      if (filters && result === 0) continue;
      values[step] = filters ? value : result;
      present[step] = 1;
    }
    return { labels: one.labels, values, present };
  });
  return { steps: input.steps, series };
}

/** An operator between two vectors. Throws `vector_matching` where at one step several series of a side match that may not. */
export function join(node: JoinNode, left: Matrix, right: Matrix): Matrix {
  if (node.op === 'and' || node.op === 'or' || node.op === 'unless') return joinSets(node, left, right);
  return joinValues(node, left, right);
}

function signature(labels: LabelSet, matching: VectorMatching): string {
  return labelsKey(withoutEmpty(groupLabels(labels, { without: !matching.on, labels: matching.labels })));
}

/** Per signature: at which steps a series of the matrix is there. */
function presence(matrix: Matrix, matching: VectorMatching): { readonly signatures: readonly string[]; readonly steps: ReadonlyMap<string, Uint8Array> } {
  const steps = new Map<string, Uint8Array>();
  const signatures = matrix.series.map((series) => {
    const key = signature(series.labels, matching);
    const mask = steps.get(key);
    if (mask === undefined) steps.set(key, series.present.slice());
    else for (let i = 0; i < mask.length; i++) mask[i] = (mask[i] as number) | (series.present[i] as number);
    return key;
  });
  return { signatures, steps };
}

function joinSets(node: JoinNode, left: Matrix, right: Matrix): Matrix {
  const [l, r] = [presence(left, node.matching), presence(right, node.matching)];
  /** `series` where `mask` is `wanted`. */
  const where = (series: Series, mask: Uint8Array | undefined, wanted: 0 | 1): Series => {
    if (mask === undefined) return wanted === 0 ? series : { ...series, present: new Uint8Array(series.present.length) };
    return { ...series, present: series.present.map((there, step) => (there === 1 && mask[step] === wanted ? 1 : 0)) };
  };
  if (node.op === 'or') {
    const added = right.series.map((series, i) => where(series, l.steps.get(r.signatures[i] as string), 0));
    return { steps: left.steps, series: mergeEqual([...left.series, ...added], left.steps) };
  }
  const wanted = node.op === 'and' ? 1 : 0;
  return { steps: left.steps, series: left.series.map((series, i) => where(series, r.steps.get(l.signatures[i] as string), wanted)) };
}

/** Puts series with the same labels that are never there at the same step together. */
function mergeEqual(series: readonly Series[], steps: number): Series[] {
  const byKey = new Map<string, number[]>();
  const result: Series[] = [];
  for (const one of series) {
    const key = labelsKey(one.labels);
    const known = byKey.get(key);
    const at = known?.find((i) => !overlap(one, result[i] as Series));
    if (at === undefined) {
      if (known === undefined) byKey.set(key, [result.length]);
      else known.push(result.length);
      result.push(one);
      continue;
    }
    const other = result[at] as Series;
    const merged = { labels: one.labels, values: other.values.slice(), present: other.present.slice() };
    for (let step = 0; step < steps; step++) {
      if (one.present[step] === 0) continue;
      merged.values[step] = one.values[step] as number;
      merged.present[step] = 1;
    }
    result[at] = merged;
  }
  return result;
}

/** Whether both series are there at one step. */
function overlap(a: Series, b: Series): boolean {
  return a.present.some((there, step) => there === 1 && b.present[step] === 1);
}

function joinValues(node: JoinNode, left: Matrix, right: Matrix): Matrix {
  const { matching, op } = node;
  const swapped = matching.card === 'one-to-many';
  const [many, one] = swapped ? [right, left] : [left, right];
  const { steps } = left;
  // Each series of the one side, by signature; several may share one as long as they are not there at the same step.
  const bySignature = new Map<string, Series[]>();
  for (const series of one.series) {
    const key = signature(series.labels, matching);
    const known = bySignature.get(key);
    if (known === undefined) bySignature.set(key, [series]);
    else {
      if (known.some((other) => overlap(series, other))) throw duplicateSide(swapped ? 'left' : 'right');
      known.push(series);
    }
  }
  const filters = isComparison(op) && !node.returnBool;
  const results = new Map<string, Series>();
  const taken = new Map<string, Uint8Array>();
  for (const series of many.series) {
    const key = signature(series.labels, matching);
    for (const partner of bySignature.get(key) ?? []) {
      const labels = resultLabels(series.labels, partner.labels, matching);
      const resultKey = labelsKey(labels);
      // One-to-one: each signature once per step. Many-to-one: each resulting label set once per signature and step.
      const once = matching.card === 'one-to-one' ? key : `${key}|${resultKey}`;
      let used = taken.get(once);
      let result = results.get(resultKey);
      for (let step = 0; step < steps; step++) {
        if (series.present[step] === 0 || partner.present[step] === 0) continue;
        used ??= new Uint8Array(steps);
        if (used[step] === 1) throw multipleMatches(matching);
        used[step] = 1;
        const [a, b] = swapped ? [partner.values[step] as number, series.values[step] as number] : [series.values[step] as number, partner.values[step] as number];
        const value = applyArithmetic(op, a, b);
        if (filters && value === 0) continue;
        if (result === undefined || result.present[step] === 1) {
          checkMatrixPoints(results.size + 1, steps);
          result = { labels, values: new Float64Array(steps), present: new Uint8Array(steps) };
          results.set(results.has(resultKey) ? `${resultKey}|${results.size}` : resultKey, result);
        }
        result.values[step] = filters ? a : value;
        result.present[step] = 1;
      }
      if (used !== undefined) taken.set(once, used);
    }
  }
  return { steps, series: [...results.values()] };
}

function duplicateSide(side: string): SpoorError {
  return new SpoorError('vector_matching', {
    reason: `found duplicate series on the ${side} hand-side;many-to-many matching not allowed: matching labels must be unique on one side`,
  });
}

function multipleMatches(matching: VectorMatching): SpoorError {
  const reason = matching.card === 'one-to-one' ? 'many-to-one matching must be explicit (group_left/group_right)' : 'grouping labels must ensure unique matches';
  return new SpoorError('vector_matching', { reason: `multiple matches for labels: ${reason}` });
}

function resultLabels(many: LabelSet, one: LabelSet, matching: VectorMatching): LabelSet {
  let labels = matching.card === 'one-to-one' ? groupLabels(many, { without: !matching.on, labels: matching.labels }) : many;
  for (const name of matching.include) labels = withLabel(labels, name, labelValue(one, name) ?? '');
  return withoutEmpty(labels);
}
