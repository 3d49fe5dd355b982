import { formatLabels, SpoorError, splitTenants, type LabelSet, type Matcher } from '../model/mod.ts';
import type { LabelQuery } from './labels.ts';
import { bucketsOf, type Bucket } from './volume-buckets.ts';
import { shareOf, type Extent } from './volume-extents.ts';
import { visitExtents, type ExtentParts } from './volume-visit.ts';

/** A question for volumes. `tenant` may be several (joinTenants), whose volumes are added up. */
export interface VolumeQuery extends LabelQuery {
  /** The labels that volumes are told apart by; none: those of the matchers, or all where there is no matcher. */
  readonly targetLabels: readonly string[];
  /** One volume for each set of values of these labels, or one for each label. */
  readonly aggregateBy: 'series' | 'labels';
  /** The largest volumes of each bucket. */
  readonly limit: number;
  /** Length of a bucket; 0: one bucket. */
  readonly stepNs: bigint;
  /** More volumes in one bucket are `volume_max_series`; 0: no limit. */
  readonly seriesMax: number;
}

/** Bytes that the streams with some labels hold in some buckets. */
export interface Volume {
  readonly labels: LabelSet;
  /** Rising. */
  readonly points: readonly { readonly timeMs: number; readonly bytes: number }[];
}

/** Points of all volumes, before the limit. */
const pointsMax = 1_000_000;

/**
 * Volumes of streams, largest first by the first point, equal ones by their printed labels. Rows of a chunk that a bucket covers in part count in proportion. Throws `volume_max_series`
 * and `query_memory`.
 */
export async function readVolumes(parts: ExtentParts, query: VolumeQuery, signal: AbortSignal): Promise<Volume[]> {
  const buckets = bucketsOf(query.startNs, query.endNs, query.stepNs);
  const sums = new VolumeSums(buckets, query);
  const matchers = withTargets(query.matchers, query.targetLabels);
  for (const tenant of splitTenants(query.tenant)) await visitExtents(parts, { ...query, tenant, matchers }, signal, (labels, extents) => sums.add(labels, extents));
  return sums.volumes();
}

/** Streams without a label that is asked for do not count, unless a matcher of that label says so. */
function withTargets(matchers: readonly Matcher[], targets: readonly string[]): Matcher[] {
  const missing = targets.filter((target) => !matchers.some(({ name }) => name === target));
  return [...matchers, ...[...new Set(missing)].map((name) => ({ name, op: '=~' as const, value: '.+' }))];
}

class VolumeSums {
  readonly #buckets: readonly Bucket[];
  readonly #query: VolumeQuery;
  /** Bytes by name, for each bucket. */
  readonly #sums: Map<string, number>[];
  readonly #labels = new Map<string, LabelSet>();
  /** The labels that tell volumes apart; undefined: all. */
  readonly #wanted: ReadonlySet<string> | undefined;
  #points = 0;

  constructor(buckets: readonly Bucket[], query: VolumeQuery) {
    this.#buckets = buckets;
    this.#query = query;
    this.#sums = buckets.map(() => new Map());
    const { targetLabels, matchers, aggregateBy } = query;
    if (targetLabels.length > 0) this.#wanted = new Set(targetLabels);
    else if (aggregateBy === 'series' && matchers.length > 0) this.#wanted = new Set(matchers.map(({ name }) => name));
  }

  add(labels: LabelSet, extents: readonly Extent[]): void {
    const names = this.#names(labels);
    for (const extent of extents) {
      for (let i = this.#firstBucket(extent); i < this.#buckets.length; i++) {
        const { from, to } = this.#buckets[i] as Bucket;
        if (from > extent.max) break;
        const share = shareOf(extent, from, to);
        if (share > 0) for (const name of names) this.#addTo(i, name, Math.floor(extent.bytes * share));
      }
    }
  }

  #names(labels: LabelSet): readonly string[] {
    const wanted = this.#wanted;
    const own = wanted === undefined ? labels : labels.filter(({ name }) => wanted.has(name));
    const sets: readonly LabelSet[] = this.#query.aggregateBy === 'series' ? [own] : own.map(({ name }) => [{ name, value: '' }]);
    return sets.map((set) => {
      const name = this.#query.aggregateBy === 'series' ? formatLabels(set) : (set[0]?.name ?? '');
      if (!this.#labels.has(name)) this.#labels.set(name, set);
      return name;
    });
  }

  /** The first bucket that does not end before the extent begins. */
  #firstBucket({ min }: Extent): number {
    let low = 0;
    let high = this.#buckets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#buckets[middle] as Bucket).to <= min) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #addTo(bucket: number, name: string, bytes: number): void {
    const sums = this.#sums[bucket] as Map<string, number>;
    const before = sums.get(name);
    sums.set(name, (before ?? 0) + bytes);
    if (before !== undefined) return;
    const { seriesMax } = this.#query;
    if (seriesMax > 0 && sums.size > seriesMax) throw new SpoorError('volume_max_series', { limit: seriesMax });
    this.#points += 1;
    if (this.#points > pointsMax) throw new SpoorError('query_memory', { count: pointsMax, what: 'points of volumes', limit: 'pointsMax' });
  }

  volumes(): Volume[] {
    const found = new Map<string, { timeMs: number; bytes: number }[]>();
    for (const [i, sums] of this.#sums.entries()) {
      const largest = [...sums].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1)).slice(0, this.#query.limit);
      for (const [name, bytes] of largest) {
        const points = found.get(name) ?? [];
        found.set(name, points);
        points.push({ timeMs: (this.#buckets[i] as Bucket).time, bytes });
      }
    }
    return [...found]
      .sort(([nameA, [a]], [nameB, [b]]) => (b?.bytes ?? 0) - (a?.bytes ?? 0) || (nameA < nameB ? -1 : 1))
      .map(([name, points]) => ({ labels: this.#labels.get(name) ?? [], points }));
  }
}
