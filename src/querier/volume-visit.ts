import type { IndexReader } from '../index/mod.ts';
import { compileMatcher } from '../logql/mod.ts';
import type { LabelSet } from '../model/mod.ts';
import type { LabelQuery } from './labels.ts';
import { matchesAll } from './matching.ts';
import type { SnapshotSource } from './ports.ts';
import { headStreams, type HeadDuplicates } from './volume-duplicates.ts';
import { ceilMs, chunkExtent, floorMs, type Extent } from './volume-extents.ts';

/** Gets a stream with some of its extents, all of which touch the range; it may come several times. `key` gives formatLabels(labels). */
export type ExtentVisitor = (labels: LabelSet, extents: readonly Extent[], key: () => string) => void;

export interface ExtentParts {
  readonly snapshots: SnapshotSource;
  readonly index: IndexReader;
  readonly duplicates: HeadDuplicates;
}

/**
 * Visits what heads and segments hold of one tenant's streams in a range of time, by the index and the extents of the heads: no segment is opened. Equal rows of the heads count once; those of segments of different flushes
 * count as often as they were written, as in Loki.
 */
export async function visitExtents({ snapshots, index, duplicates }: ExtentParts, query: LabelQuery, signal: AbortSignal, visit: ExtentVisitor): Promise<void> {
  const { tenant, startNs, endNs } = query;
  if (startNs >= endNs) return;
  const matchers = query.matchers.map(compileMatcher);
  const [from, to] = [floorMs(startNs), ceilMs(endNs)];
  const touches = ({ min, max }: Extent): boolean => min < to && max >= from;
  const snapshot = snapshots.snapshot();
  try {
    // What the blocks hold is taken down before anything more is written to them.
    const heads = headStreams(snapshot.heads, tenant, (labels) => matchesAll(matchers, labels)).filter(({ pieces }) => pieces.some(({ extent }) => touches(extent)));
    for (const { labels, key, extents } of await duplicates.drop(heads, signal)) visit(labels, extents.filter(touches), () => key);
    const indexes = snapshot.catalogue.indexesFor(tenant, startNs, endNs);
    await index.eachStream(indexes, { matchers, startNs, endNs }, signal, (stream, chunks, dayNs) => {
      visit(stream.labels, chunks.map((chunk) => chunkExtent(chunk, dayNs)), () => stream.key);
    });
  } finally {
    snapshot.release();
  }
}
