import { setImmediate as nextTurn } from 'node:timers/promises';
import { LabelVerdict } from '../logql/mod.ts';
import { splitTenants } from '../model/mod.ts';
import type { LabelQuerier, LabelQuery } from './labels.ts';

/** A label that is worth showing, with the number of its values. */
export interface DetectedLabel {
  readonly label: string;
  readonly cardinality: number;
}

/** The event loop gets a turn after so many values. */
const turnValues = 4096;

/**
 * The labels of the streams that match with the number of their values, those with few first; without those that hold only identifiers. Of several tenants
 * (`a|b`, see joinTenants) each decides for itself what is an identifier, as in Loki.
 */
export async function detectLabels(labels: Pick<LabelQuerier, 'names' | 'values' | 'series'>, query: LabelQuery, signal: AbortSignal): Promise<DetectedLabel[]> {
  const shown = new Map<string, ReadonlySet<string>>();
  for (const tenant of splitTenants(query.tenant)) {
    for await (const [name, values] of valuesOf(labels, { ...query, tenant }, signal)) {
      if (!(await isShown(name, values, signal))) continue;
      const before = shown.get(name);
      shown.set(name, before === undefined ? values : new Set([...before, ...values]));
    }
  }
  const found = [...shown].map(([label, { size }]) => ({ label, cardinality: size }));
  return found.sort((a, b) => a.cardinality - b.cardinality || (a.label < b.label ? -1 : 1));
}

async function* valuesOf(labels: Pick<LabelQuerier, 'names' | 'values' | 'series'>, query: LabelQuery, signal: AbortSignal): AsyncGenerator<readonly [string, ReadonlySet<string>]> {
  if (query.matchers.length === 0) {
    // From the lists of label pairs, however many streams there are.
    for (const name of await labels.names(query, signal)) yield [name, new Set(await labels.values(name, query, signal))];
    return;
  }
  const found = new Map<string, Set<string>>();
  let sinceTurn = 0;
  for (const series of await labels.series([query], signal)) {
    for (const { name, value } of series) {
      const values = found.get(name);
      if (values === undefined) found.set(name, new Set([value]));
      else values.add(value);
    }
    sinceTurn += series.length;
    if (sinceTurn < turnValues) continue;
    sinceTurn = 0;
    await nextTurn();
    signal.throwIfAborted();
  }
  yield* found;
}

async function isShown(name: string, values: Iterable<string>, signal: AbortSignal): Promise<boolean> {
  const verdict = new LabelVerdict(name);
  let count = 0;
  for (const value of values) {
    if (verdict.add(value)) return true;
    count++;
    if (count % turnValues !== 0) continue;
    await nextTurn();
    signal.throwIfAborted();
  }
  return verdict.isShown;
}
