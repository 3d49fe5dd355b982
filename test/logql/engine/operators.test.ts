import { describe, expect, test } from 'vitest';
import { aggregate } from '../../../src/logql/engine/aggregate.ts';
import { applyScalar, join } from '../../../src/logql/engine/binary.ts';
import { labelReplace } from '../../../src/logql/engine/label-replace.ts';
import type { AggregateNode, JoinNode, PlanNode, ScalarNode } from '../../../src/logql/plan/plan.ts';
import type { BinaryOp, Grouping, VectorMatching, VectorOp } from '../../../src/logql/syntax/mod.ts';
import { isSpoorError } from '../../../src/model/mod.ts';
import { matrixOf, seriesOf } from './matrices.ts';

const nothing: PlanNode = { kind: 'constant', value: 0, scalar: false, seriesMax: 0 };
const by = (...labels: string[]): Grouping => ({ without: false, labels });
const without = (...labels: string[]): Grouping => ({ without: true, labels });
type Rows = Readonly<Record<string, readonly (number | null)[]>>;

function aggregated(op: VectorOp, input: Rows, grouping: Grouping = by(), param = 0): unknown {
  const node: AggregateNode = { kind: 'aggregate', op, param, grouping, input: nothing, seriesMax: 0 };
  return seriesOf(aggregate(node, matrixOf(input)));
}

describe('vector aggregations', () => {
  const input: Rows = { 'a=1,b=1': [1, 2, null], 'a=1,b=2': [3, null, null], 'a=2,b=1': [5, 6, null], 'a=2,b=2': [7, 8, 9] };
  const cases: readonly (readonly [VectorOp, Grouping, number, unknown])[] = [
    ['sum', by(), 0, [['', [16, 16, 9]]]],
    ['sum', by('a'), 0, [['a=1', [4, 2, null]], ['a=2', [12, 14, 9]]]],
    ['sum', without('a'), 0, [['b=1', [6, 8, null]], ['b=2', [10, 8, 9]]]],
    ['sum', by('c'), 0, [['', [16, 16, 9]]]],
    ['avg', by('a'), 0, [['a=1', [2, 2, null]], ['a=2', [6, 7, 9]]]],
    ['min', by('b'), 0, [['b=1', [1, 2, null]], ['b=2', [3, 8, 9]]]],
    ['max', by('b'), 0, [['b=1', [5, 6, null]], ['b=2', [7, 8, 9]]]],
    ['count', by('a'), 0, [['a=1', [2, 1, null]], ['a=2', [2, 2, 1]]]],
    ['stdvar', by(), 0, [['', [5, 56 / 9, 0]]]],
    ['stddev', by('a'), 0, [['a=1', [1, 0, null]], ['a=2', [1, 1, 0]]]],
    ['topk', by(), 1, [['a=2,b=2', [7, 8, 9]]]],
    ['topk', by('a'), 1, [['a=1,b=2', [3, null, null]], ['a=1,b=1', [null, 2, null]], ['a=2,b=2', [7, 8, 9]]].sort((x, y) => (x[0] === 'a=1,b=1' && y[0] === 'a=1,b=2' ? -1 : 0))],
    ['bottomk', by(), 2, [['a=1,b=1', [1, 2, null]], ['a=2,b=2', [null, null, 9]], ['a=1,b=2', [3, null, null]], ['a=2,b=1', [null, 6, null]]]],
    ['approx_topk', by(), 1, [['a=2,b=2', [7, 8, 9]]]],
  ];
  test.each(cases)('%s %j %i', (op, grouping, param, want) => {
    expect(aggregated(op, input, grouping, param)).toEqual(want);
  });

  test('NaN and infinities', () => {
    const strange: Rows = { 'a=1': [NaN], 'a=2': [1], 'a=3': [Infinity] };
    expect(aggregated('max', { 'a=1': [NaN], 'a=2': [1] })).toEqual([['', [1]]]);
    expect(aggregated('min', { 'a=1': [NaN] })).toEqual([['', [NaN]]]);
    expect(aggregated('avg', { 'a=1': [Infinity], 'a=2': [1] })).toEqual([['', [Infinity]]]);
    expect(aggregated('avg', { 'a=1': [Infinity], 'a=2': [-Infinity] })).toEqual([['', [NaN]]]);
    expect(aggregated('sum', { 'a=1': [1e16], 'a=2': [1], 'a=3': [-1e16] })).toEqual([['', [1]]]);
    expect(aggregated('topk', strange, by(), 2)).toEqual([['a=3', [Infinity]], ['a=2', [1]]]);
    expect(aggregated('bottomk', strange, by(), 2)).toEqual([['a=2', [1]], ['a=3', [Infinity]]]);
    expect(aggregated('sort', strange)).toEqual([['a=2', [1]], ['a=3', [Infinity]], ['a=1', [NaN]]]);
    expect(aggregated('sort_desc', strange)).toEqual([['a=3', [Infinity]], ['a=2', [1]], ['a=1', [NaN]]]);
  });

  test('labels that a stage made empty tell series apart, and stay but for `without`', () => {
    const matrix = matrixOf({ 'a=1,b=2': [1], 'a=1': [2] });
    const [first, second] = matrix.series;
    const empty = { steps: 1, series: [{ ...first!, labels: [{ name: 'a', value: '1' }, { name: 'b', value: '' }] }, second!] };
    const sum = (grouping: Grouping): unknown => seriesOf(aggregate({ op: 'sum', kind: 'aggregate', param: 0, grouping, seriesMax: 0 }, empty));
    expect(sum(by('b'))).toEqual([['b=', [1]], ['', [2]]]);
    expect(sum(without('b'))).toEqual([['a=1', [3]]]);
    expect(sum(without('c'))).toEqual([['a=1', [1]], ['a=1', [2]]]);
  });

  test('sort leaves ranges as they are', () => {
    expect(aggregated('sort', { 'a=1': [3, 1], 'a=2': [2, 2] })).toEqual([['a=1', [3, 1]], ['a=2', [2, 2]]]);
  });
});

function scalar(op: BinaryOp, value: number, numberFirst: boolean, returnBool = false): unknown {
  const node: ScalarNode = { kind: 'scalar', op, value, numberFirst, returnBool, input: nothing, seriesMax: 0 };
  return seriesOf(applyScalar(node, matrixOf({ 'a=1': [4, 0, null], 'a=2': [2, 2, 2] })));
}

describe('a vector and a number', () => {
  const cases: readonly (readonly [BinaryOp, number, boolean, boolean, unknown])[] = [
    ['+', 1, false, false, [['a=1', [5, 1, null]], ['a=2', [3, 3, 3]]]],
    ['-', 1, true, false, [['a=1', [-3, 1, null]], ['a=2', [-1, -1, -1]]]],
    ['/', 8, true, false, [['a=1', [2, NaN, null]], ['a=2', [4, 4, 4]]]],
    ['%', 3, false, false, [['a=1', [1, 0, null]], ['a=2', [2, 2, 2]]]],
    ['^', 2, false, false, [['a=1', [16, 0, null]], ['a=2', [4, 4, 4]]]],
    ['>', 2, false, false, [['a=1', [4, null, null]]]],
    ['>', 2, false, true, [['a=1', [1, 0, null]], ['a=2', [0, 0, 0]]]],
    // The vector's value is kept, also where it stands on the right.
    ['<', 2, true, false, [['a=1', [4, null, null]]]],
    ['==', 2, true, false, [['a=2', [2, 2, 2]]]],
    ['!=', 0, false, false, [['a=1', [4, null, null]], ['a=2', [2, 2, 2]]]],
    ['==', 0, false, false, [['a=1', [null, 0, null]]]],
  ];
  test.each(cases)('%s %d, number first: %s, bool: %s', (op, value, numberFirst, returnBool, want) => {
    expect(scalar(op, value, numberFirst, returnBool)).toEqual(want);
  });
});

const plain: VectorMatching = { on: false, labels: [], card: 'one-to-one', include: [] };

function joined(op: BinaryOp, left: Rows, right: Rows, matching: Partial<VectorMatching> = {}, returnBool = false): unknown {
  const node: JoinNode = { kind: 'join', op, returnBool, matching: { ...plain, ...matching }, left: nothing, right: nothing, seriesMax: 0 };
  return seriesOf(join(node, matrixOf(left), matrixOf(right)));
}

describe('two vectors', () => {
  test('match on all labels, step by step', () => {
    expect(joined('+', { 'a=1': [1, 2, null], 'a=2': [3, 3, 3] }, { 'a=1': [10, null, 30], 'a=3': [1, 1, 1] })).toEqual([['a=1', [11, null, null]]]);
  });

  test('on and ignoring keep the labels they match on', () => {
    expect(joined('/', { 'a=1,b=2': [6] }, { 'a=1,c=3': [2] }, { on: true, labels: ['a'] })).toEqual([['a=1', [3]]]);
    expect(joined('/', { 'a=1,b=2': [6] }, { 'a=1,c=3': [2] }, { labels: ['b', 'c'] })).toEqual([['a=1', [3]]]);
    expect(joined('-', { 'a=1': [6] }, { 'b=1': [2] }, { on: true, labels: [] })).toEqual([['', [4]]]);
  });

  test('group_left and group_right take labels from the one side', () => {
    const many: Rows = { 'a=1,b=1': [6], 'a=1,b=2': [8] };
    const one: Rows = { 'a=1,c=3': [2] };
    const on = { on: true, labels: ['a'] };
    expect(joined('/', many, one, { ...on, card: 'many-to-one' })).toEqual([['a=1,b=1', [3]], ['a=1,b=2', [4]]]);
    expect(joined('/', many, one, { ...on, card: 'many-to-one', include: ['c', 'd'] })).toEqual([['a=1,b=1,c=3', [3]], ['a=1,b=2,c=3', [4]]]);
    expect(joined('/', one, many, { ...on, card: 'one-to-many', include: ['c'] })).toEqual([['a=1,b=1,c=3', [1 / 3]], ['a=1,b=2,c=3', [0.25]]]);
  });

  test('comparisons filter the left side or yield 0 and 1', () => {
    expect(joined('>', { 'a=1': [1, 5] }, { 'a=1': [3, 3] })).toEqual([['a=1', [null, 5]]]);
    expect(joined('>', { 'a=1': [1, 5] }, { 'a=1': [3, 3] }, {}, true)).toEqual([['a=1', [0, 1]]]);
    expect(joined('==', { 'a=1': [0] }, { 'a=1': [0] })).toEqual([['a=1', [0]]]);
  });

  test('set operators', () => {
    const left: Rows = { 'a=1': [1, 1, null], 'a=2': [2, 2, 2] };
    const right: Rows = { 'a=1': [9, null, 9], 'a=3': [7, 7, 7] };
    expect(joined('and', left, right)).toEqual([['a=1', [1, null, null]]]);
    expect(joined('unless', left, right)).toEqual([['a=1', [null, 1, null]], ['a=2', [2, 2, 2]]]);
    expect(joined('or', left, right)).toEqual([['a=1', [1, 1, 9]], ['a=2', [2, 2, 2]], ['a=3', [7, 7, 7]]]);
    expect(joined('or', { 'a=1': [1] }, { '': [0] })).toEqual([['a=1', [1]], ['', [0]]]);
    expect(joined('and', left, { 'b=1': [1, null, 1] }, { on: true, labels: [] })).toEqual([['a=1', [1, null, null]], ['a=2', [2, null, 2]]]);
  });

  test('what matches more than once is an error, at the step where it does', () => {
    const failure = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        if (isSpoorError(error, 'vector_matching')) return error.message;
      }
      return 'no error';
    };
    const on = { on: true, labels: ['a'] };
    const two: Rows = { 'a=1,b=1': [1], 'a=1,b=2': [2] };
    const apart: Rows = { 'a=1,b=1': [1, null], 'a=1,b=2': [null, 2] };
    expect(failure(() => joined('+', two, { 'a=1': [1] }, on))).toContain('many-to-one matching must be explicit');
    expect(failure(() => joined('+', { 'a=1': [1] }, two, on))).toContain('duplicate series on the right hand-side');
    expect(failure(() => joined('+', two, { 'a=1': [1] }, { ...on, card: 'one-to-many' }))).toContain('duplicate series on the left hand-side');
    expect(joined('+', apart, { 'a=1': [10, 20] }, on)).toEqual([['a=1', [11, 22]]]);
    expect(joined('+', { 'a=1': [10, 20] }, apart, on)).toEqual([['a=1', [11, 22]]]);
  });
});

describe('label_replace', () => {
  const replaced = (pattern: string, replacement: string, source = 'a', destination = 'd'): unknown => {
    const node = { kind: 'label_replace' as const, destination, replacement, source, pattern, input: nothing, seriesMax: 0 };
    return seriesOf(labelReplace(node, matrixOf({ 'a=x-1,b=2': [1] })));
  };
  const cases: readonly (readonly [string, string, string])[] = [
    ['(.*)-(.*)', '$2', 'a=x-1,b=2,d=1'],
    ['(.*)-(.*)', '${2}$$${1}', 'a=x-1,b=2,d=1$x'],
    ['(?P<left>.*)-.*', '${left}!$left', 'a=x-1,b=2,d=x!x'],
    ['(.*)-(.*)', '$1a$3', 'a=x-1,b=2'],
    ['x', 'never', 'a=x-1,b=2'],
    ['.*', '', 'a=x-1,b=2'],
  ];
  test.each(cases)('%s %s', (pattern, replacement, want) => {
    expect(replaced(pattern, replacement)).toEqual([[want, [1]]]);
  });

  test('an absent source is empty, an empty value removes the label', () => {
    expect(replaced('', 'new', 'nothing')).toEqual([['a=x-1,b=2,d=new', [1]]]);
    expect(replaced('.*', '', 'a', 'b')).toEqual([['a=x-1', [1]]]);
  });
});
