import type { Matrix, Series } from '../../../src/logql/functions/matrix.ts';
import { formatLabels, labelSet } from '../../../src/model/mod.ts';

/** A matrix from `{ 'a=1,b=2': [1, null, 3] }`; null is no sample. */
export function matrixOf(series: Readonly<Record<string, readonly (number | null)[]>>): Matrix {
  const all = Object.entries(series).map(([labels, values]): Series => ({
    labels: labelSet(labels === '' ? [] : labels.split(',').map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? ''])),
    values: Float64Array.from(values, (value) => value ?? 0),
    present: Uint8Array.from(values, (value) => (value === null ? 0 : 1)),
  }));
  return { steps: Object.values(series)[0]?.length ?? 1, series: all };
}

/** The opposite; in the order of the series, those without a sample left out. */
export function seriesOf(matrix: Matrix): readonly (readonly [string, readonly (number | null)[]])[] {
  return matrix.series
    .filter((one) => one.present.includes(1))
    .map((one) => [formatLabels(one.labels).replaceAll(/[{}" ]/g, ''), Array.from(one.values, (value, step) => (one.present[step] === 1 ? value : null))]);
}
