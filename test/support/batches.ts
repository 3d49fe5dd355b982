import { encodeMetadata } from '../../src/bytes/mod.ts';
import { labelSet, type EntryBatch, type LabelSet } from '../../src/model/mod.ts';

/** An entry as tests write it down. */
export interface PlainEntry {
  readonly labels: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  readonly line: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Builds a normalised batch; entries of one stream are put together in the order in which they come. */
export function entryBatch(tenant: string, entries: readonly PlainEntry[]): EntryBatch {
  const byStream = Map.groupBy(entries, (entry) => JSON.stringify(labelSet(Object.entries(entry.labels))));
  const sorted = [...byStream.values()].flat();
  const lines = sorted.map((entry) => Buffer.from(entry.line, 'utf8'));
  const metadata = sorted.map((entry) => encodeMetadata(labelSet(Object.entries(entry.metadata ?? {}))));
  return {
    tenant,
    streams: [...byStream.entries()].map(([key, own]) => ({ labels: JSON.parse(key) as LabelSet, rows: own.length })),
    rows: sorted.length,
    timeNs: BigInt64Array.from(sorted, (entry) => entry.timeNs),
    lines: Buffer.concat(lines),
    lineStart: offsets(lines),
    metadata: Buffer.concat(metadata),
    metadataStart: offsets(metadata),
  };
}

function offsets(parts: readonly Uint8Array[]): Uint32Array {
  const starts = new Uint32Array(parts.length + 1);
  for (const [i, part] of parts.entries()) starts[i + 1] = (starts[i] as number) + part.length;
  return starts;
}
