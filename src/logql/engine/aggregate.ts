import type { LabelSet } from '../../model/mod.ts';
import { averageAccumulator } from '../functions/average.ts';
import { checkMatrixPoints } from '../functions/finish.ts';
import type { Matrix, Series } from '../functions/matrix.ts';
import { addCompensated } from '../functions/sum.ts';
import type { AggregateNode } from '../plan/plan.ts';
import type { VectorOp } from '../syntax/mod.ts';
import { groupLabels, labelsKey, withoutEmpty } from './labels.ts';

/** A vector aggregation (`sum by (x)`, `topk` …) of a matrix, step by step. */
export function aggregate(node: Aggregation, input: Matrix): Matrix {
  return aggregators[node.op](node, input);
}

/** What of a plan's node decides. */
type Aggregation = Omit<AggregateNode, 'input'>;

type Aggregator = (node: Aggregation, input: Matrix) => Matrix;

const aggregators: { readonly [op in VectorOp]: Aggregator } = {
  sum: folding(() => addToSum, finishSum),
  avg: folding(() => addAverage, (state) => averageAccumulator.result(state, 0)),
  min: folding(() => addExtreme(false), (state) => state[0] as number),
  max: folding(() => addExtreme(true), (state) => state[0] as number),
  count: folding(() => addOne, (state) => state[0] as number),
  stddev: folding(() => addVariance, (state) => Math.sqrt((state[2] as number) / (state[0] as number))),
  stdvar: folding(() => addVariance, (state) => (state[2] as number) / (state[0] as number)),
  topk: selecting(true),
  bottomk: selecting(false),
  // Exact where Loki estimates: the answer it aims at.
  approx_topk: selecting(true),
  sort: sorting(false),
  sort_desc: sorting(true),
};

/** Adds a value to the numbers of a group's state; `first` where it is the first one. */
type Add = (state: Float64Array, value: number, first: boolean) => void;

function folding(makeAdd: () => Add, finish: (state: Float64Array) => number): Aggregator {
  return (node, input) => {
    const groups = groupSeries(node, input);
    checkMatrixPoints(groups.length, input.steps);
    const add = makeAdd();
    const state = new Float64Array(4);
    const series = groups.map(({ labels, members }): Series => {
      const values = new Float64Array(input.steps);
      const present = new Uint8Array(input.steps);
      for (let step = 0; step < input.steps; step++) {
        let first = true;
        for (const member of members) {
          if (member.present[step] === 0) continue;
          add(state, member.values[step] as number, first);
          first = false;
        }
        if (first) continue;
        values[step] = finish(state);
        present[step] = 1;
      }
      return { labels, values, present };
    });
    return { steps: input.steps, series };
  };
}

interface Group {
  readonly labels: LabelSet;
  readonly members: Series[];
}

function groupSeries(node: Aggregation, input: Matrix): Group[] {
  const groups = new Map<string, Group>();
  for (const series of input.series) {
    const labels = groupLabels(series.labels, node.grouping);
    const key = labelsKey(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels: node.grouping.without ? withoutEmpty(labels) : labels, members: [series] });
    else group.members.push(series);
  }
  return [...groups.values()];
}

function addToSum(state: Float64Array, value: number, first: boolean): void {
  if (first) state[0] = state[1] = 0;
  addCompensated(state, 0, value);
}

function finishSum(state: Float64Array): number {
  const sum = state[0] as number;
  return Number.isFinite(sum) ? sum + (state[1] as number) : sum;
}

function addAverage(state: Float64Array, value: number, first: boolean): void {
  if (first) averageAccumulator.start(state, 0, value, 0, 0, 0, 0, 0);
  else averageAccumulator.add(state, 0, value, 0, 0, 0, 0, 0);
}

function addOne(state: Float64Array, _value: number, first: boolean): void {
  state[0] = first ? 1 : (state[0] as number) + 1;
}

function addExtreme(largest: boolean): Add {
  return (state, value, first) => {
    const held = state[0] as number;
    if (first || Number.isNaN(held) || (largest ? value > held : value < held)) state[0] = value;
  };
}

function addVariance(state: Float64Array, value: number, first: boolean): void {
  if (first) {
    state[0] = 1;
    state[1] = value;
    state[2] = 0;
    return;
  }
  const count = (state[0] as number) + 1;
  const delta = value - (state[1] as number);
  const mean = (state[1] as number) + delta / count;
  state[0] = count;
  state[1] = mean;
  state[2] = (state[2] as number) + delta * (value - mean);
}

/** Values in the order of topk (descending) or bottomk; NaN last. */
function compareValues(descending: boolean): (a: number, b: number) => number {
  return (a, b) => {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
    if (Number.isNaN(b)) return -1;
    return a === b ? 0 : a < b === descending ? 1 : -1;
  };
}

/** topk and bottomk keep whole series with their labels. Of equal values the one whose labels come first is kept. */
function selecting(largest: boolean): Aggregator {
  const compare = compareValues(largest);
  return (node, input) => {
    const kept: { readonly series: Series; readonly rank: number }[] = [];
    for (const { members } of groupSeries(node, input)) {
      const chosen = members.map(() => new Uint8Array(input.steps));
      const last = members.map(() => -1);
      for (let step = 0; step < input.steps; step++) {
        const here: number[] = [];
        for (const [i, member] of members.entries()) if (member.present[step] === 1) here.push(i);
        here.sort((a, b) => compare((members[a] as Series).values[step] as number, (members[b] as Series).values[step] as number) || a - b);
        for (const [rank, i] of here.slice(0, node.param).entries()) {
          (chosen[i] as Uint8Array)[step] = 1;
          last[i] = rank;
        }
      }
      const order = members.map((_, i) => i).filter((i) => (last[i] as number) >= 0);
      order.sort((a, b) => (last[a] as number) - (last[b] as number) || a - b);
      for (const i of order) {
        const member = members[i] as Series;
        kept.push({ series: { labels: member.labels, values: member.values, present: chosen[i] as Uint8Array }, rank: last[i] as number });
      }
    }
    return { steps: input.steps, series: kept.map((one) => one.series) };
  };
}

/** sort and sort_desc order an instant vector; over a range they change nothing. */
function sorting(descending: boolean): Aggregator {
  const compare = compareValues(descending);
  return (_node, input) => {
    if (input.steps !== 1) return input;
    const series = input.series.filter((one) => one.present[0] === 1);
    return { steps: 1, series: series.sort((a, b) => compare(a.values[0] as number, b.values[0] as number)) };
  };
}
