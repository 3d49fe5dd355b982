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

interface SizedStream {
  readonly labels: LabelSet;
  fingerprint: bigint;
  chunks: number;
  rows: number;
  bytes: number;
}

const fingerprintMax = 2n ** 64n - 1n;
/** Fingerprints that are counted before the event loop gets a turn. */
const turnStreams = 500;

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
  const found = new Map<string, SizedStream>();
  await visitExtents(parts, query, signal, (labels, extents, key) => {
    const name = key();
    const stream = found.get(name) ?? { labels, fingerprint: 0n, chunks: 0, rows: 0, bytes: 0 };
    found.set(name, stream);
    for (const { rows, bytes } of extents) {
      stream.chunks += 1;
      stream.rows += rows;
      stream.bytes += bytes;
    }
  });
  let counted = 0;
  for (const stream of found.values()) {
    stream.fingerprint = fingerprint(stream.labels);
    counted += 1;
    if (counted % turnStreams !== 0) continue;
    await nextTurn();
    signal.throwIfAborted();
  }
  const streams = [...found.values()].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  return cut(streams, targetBytes);
}

/** Loki's fingerprint of a stream: XXH64 of its names and values, a byte 0xff after each. */
export function fingerprint(labels: LabelSet): bigint {
  const end = Buffer.from([0xff]);
  return xxhash64(Buffer.concat(labels.flatMap(({ name, value }) => [Buffer.from(name), end, Buffer.from(value), end])));
}

/** `streams` rise by fingerprint. */
function cut(streams: readonly SizedStream[], targetBytes: number): StreamShard[] {
  const groups: SizedStream[][] = [];
  let last: SizedStream[] = [];
  let bytes = 0;
  for (const stream of streams) {
    if (last.length === 0 || bytes + stream.bytes > targetBytes) {
      last = [];
      groups.push(last);
      bytes = 0;
    }
    last.push(stream);
    bytes += stream.bytes;
  }
  const total = (group: readonly SizedStream[], of: (stream: SizedStream) => number): number => group.reduce((sum, stream) => sum + of(stream), 0);
  return (groups.length === 0 ? [[]] : groups).map((group, i) => {
    const next = groups[i + 1]?.[0];
    return {
      min: i === 0 ? 0n : (group[0]?.fingerprint ?? 0n),
      max: next === undefined ? fingerprintMax : next.fingerprint - 1n,
      streams: group.length,
      chunks: total(group, (stream) => stream.chunks),
      rows: total(group, (stream) => stream.rows),
      bytes: total(group, (stream) => stream.bytes),
    };
  });
}
