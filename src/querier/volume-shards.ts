import { setImmediate as nextTurn } from 'node:timers/promises';
import { xxhash64 } from '../bytes/mod.ts';
import { splitTenants, type LabelSet } from '../model/mod.ts';
import type { LabelQuery } from './labels.ts';
import { visitExtents, type ExtentParts } from './volume-visit.ts';

/** Streams whose fingerprints lie between two bounds, both included, and what they hold. */
export interface StreamShard {
  readonly min: bigint;
  readonly max: bigint;
  readonly streams: number;
  readonly chunks: number;
  readonly rows: number;
  readonly bytes: number;
}

interface Size {
  streams: number;
  chunks: number;
  rows: number;
  bytes: number;
}

const fingerprintMax = 2n ** 64n - 1n;
/** Fingerprints that are counted before the event loop gets a turn. */
const turnStreams = 100;

/**
 * Cuts the streams that match into shards of about `targetBytes` (all bytes of the chunks that touch the range), by fingerprint, as Loki does: the shards cover all fingerprints, a stream that is
 * larger than the target has a shard of its own. Of several tenants the one with the most shards is answered, as in Loki.
 */
export async function readShards(parts: ExtentParts, query: LabelQuery, targetBytes: number, signal: AbortSignal): Promise<StreamShard[]> {
  let most: StreamShard[] = [];
  for (const tenant of splitTenants(query.tenant)) {
    const shards = await shardsOf(parts, { ...query, tenant }, targetBytes, signal);
    if (shards.length > most.length) most = shards;
  }
  return most;
}

async function shardsOf(parts: ExtentParts, query: LabelQuery, targetBytes: number, signal: AbortSignal): Promise<StreamShard[]> {
  const found = new Map<string, { readonly labels: LabelSet; readonly size: Size }>();
  await visitExtents(parts, query, signal, (labels, extents, key) => {
    const name = key();
    const stream = found.get(name) ?? { labels, size: { streams: 1, chunks: 0, rows: 0, bytes: 0 } };
    found.set(name, stream);
    for (const { rows, bytes } of extents) addSize(stream.size, { streams: 0, chunks: 1, rows, bytes });
  });
  const sizes = new Map<bigint, Size>();
  let counted = 0;
  for (const { labels, size } of found.values()) {
    const known = fingerprint(labels);
    const same = sizes.get(known);
    if (same === undefined) sizes.set(known, size);
    else addSize(same, size);
    counted += 1;
    if (counted % turnStreams !== 0) continue;
    await nextTurn();
    signal.throwIfAborted();
  }
  return cut(sizes, targetBytes);
}

function addSize(to: Size, size: Size): void {
  to.streams += size.streams;
  to.chunks += size.chunks;
  to.rows += size.rows;
  to.bytes += size.bytes;
}

/** Loki's fingerprint of a stream: XXH64 of its names and values, a byte 0xff after each. */
export function fingerprint(labels: LabelSet): bigint {
  const end = Buffer.from([0xff]);
  return xxhash64(Buffer.concat(labels.flatMap(({ name, value }) => [Buffer.from(name), end, Buffer.from(value), end])));
}

function cut(sizes: ReadonlyMap<bigint, Size>, targetBytes: number): StreamShard[] {
  const shards: (Size & { readonly min: bigint })[] = [{ min: 0n, streams: 0, chunks: 0, rows: 0, bytes: 0 }];
  // A typed array sorts many numbers in a tenth of the time.
  for (const known of BigUint64Array.from(sizes.keys()).sort()) {
    const size = sizes.get(known) as Size;
    const last = shards.at(-1) as Size;
    if (last.streams === 0 || last.bytes + size.bytes <= targetBytes) addSize(last, size);
    else shards.push({ min: known, ...size });
  }
  return shards.map((shard, i) => ({ ...shard, max: (shards[i + 1]?.min ?? fingerprintMax + 1n) - 1n }));
}
