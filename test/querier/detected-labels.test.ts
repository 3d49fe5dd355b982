import { describe, expect, it } from 'vitest';
import { labelSet, type LabelSet, type Matcher } from '../../src/model/mod.ts';
import { detectLabels, type LabelQuery } from '../../src/querier/mod.ts';

const signal = new AbortController().signal;
const anything: Matcher = { name: 'app', op: '=~', value: '.+' };

/** Answers like a LabelQuerier over these streams, whatever is asked for. */
function streams(ofTenants: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>) {
  const of = ({ tenant }: LabelQuery): readonly LabelSet[] => (ofTenants[tenant] ?? []).map((labels) => labelSet(Object.entries(labels)));
  const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];
  return {
    names: async (query: LabelQuery) => distinct(of(query).flatMap((labels) => labels.map(({ name }) => name))),
    values: async (name: string, query: LabelQuery) => distinct(of(query).flatMap((labels) => labels.filter((label) => label.name === name).map(({ value }) => value))),
    series: async (queries: readonly LabelQuery[]) => queries.flatMap((query) => [...of(query)]),
  };
}

async function detect(labels: ReturnType<typeof streams>, tenant = 'a'): Promise<readonly (readonly [string, number])[]> {
  const query = { tenant, startNs: 0n, endNs: 1n };
  const all = await detectLabels(labels, { ...query, matchers: [] }, signal);
  expect(await detectLabels(labels, { ...query, matchers: [anything] }, signal)).toEqual(all);
  return all.map(({ label, cardinality }) => [label, cardinality]);
}

describe('detectLabels', () => {
  it('counts values, those of few first, and leaves out identifiers', async () => {
    const labels = streams({ a: [{ app: 'x', pod: '1', build: '17', flag: '0' }, { app: 'y', pod: '2', build: '18', zone: 'eu' }, { app: 'z', pod: '3' }] });
    expect(await detect(labels)).toEqual([['flag', 1], ['zone', 1], ['app', 3], ['pod', 3]]);
  });

  it('finds nothing where nothing is', async () => {
    expect(await detect(streams({}))).toEqual([]);
  });

  it('joins tenants after each has decided', async () => {
    const labels = streams({ a: [{ app: 'x', build: '17' }, { app: 'y', build: '18' }], b: [{ app: 'x', build: 'main' }, { app: 'z' }] });
    expect(await detect(labels, 'a|b')).toEqual([['build', 1], ['app', 3]]);
  });

  it('gives way to others while it goes through many values', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ app: 'x', id: String(i) }));
    let turns = 0;
    const count = (): void => {
      turns++;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    expect(await detect(streams({ a: many }))).toEqual([['app', 1]]);
    clearImmediate(timer);
    expect(turns).toBeGreaterThan(4);
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(detectLabels(streams({ a: many }), { tenant: 'a', startNs: 0n, endNs: 1n, matchers: [] }, gone)).rejects.toThrow('gone');
  });
});
