import { describe, expect, it } from 'vitest';
import type { Ask } from '../../../../src/logql/scan/shredded/alignments.ts';
import { searchColumn } from '../../../../src/logql/scan/shredded/column-search.ts';
import { placesOf } from '../../../../src/logql/scan/shredded/marks.ts';
import { groupOf, templateOf } from './group.ts';

const columns: Readonly<Record<string, readonly string[]>> = {
  'few words': Array.from({ length: 200 }, (_, i) => ['error', 'info', 'ERR', ''][i % 4]!),
  'whole numbers': Array.from({ length: 200 }, (_, i) => String(1000 + 37 * i)),
  'fractions': Array.from({ length: 200 }, (_, i) => String(i / 8)),
  'hex': Array.from({ length: 200 }, (_, i) => (i * 0x9e3779b1).toString(16).padStart(12, '0')),
  'words behind a prefix': Array.from({ length: 200 }, (_, i) => `req-${(i * 7919).toString(36)}`),
  'texts': Array.from({ length: 200 }, (_, i) => `${'ab'.repeat(i % 5)}${i}error${i % 3 === 0 ? 'Task' : 'tasK'}`),
  'one text': Array.from({ length: 200 }, () => 'error'),
};

const asks: readonly (readonly Ask[])[] = (['contains', 'starts', 'ends', 'equals'] as const).flatMap((kind) => ['err', 'error', 'task', '1', '12', 'req-1', 'zz', '1000'].map((text) => [{ kind, bytes: Buffer.from(text) }]));

function naive(value: string, own: readonly Ask[], fold: boolean): boolean {
  const text = fold ? value.toLowerCase() : value;
  return own.some(({ kind, bytes }) => {
    const wanted = bytes.toString();
    return kind === 'contains' ? text.includes(wanted) : kind === 'starts' ? text.startsWith(wanted) : kind === 'ends' ? text.endsWith(wanted) : text === wanted;
  });
}

describe('searchColumn', () => {
  it.each(Object.entries(columns))('finds what each value tells: %s', (_name, values) => {
    const template = templateOf(groupOf(values.map((value) => `a=b k=${JSON.stringify(value)}`)));
    const column = template.columns[1]!;
    for (const fold of [false, true]) {
      for (const own of [...asks, [...asks[0]!, ...asks[9]!], []]) {
        const wanted = values.flatMap((value, i) => (naive(value, own, fold) ? [i] : []));
        expect([...placesOf(searchColumn(column, template.count, own, fold), template.count)], `${fold} ${own.map(({ kind, bytes }) => `${kind} ${bytes.toString()}`).join()}`).toEqual(wanted);
      }
    }
  });
});
