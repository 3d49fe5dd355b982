import { setTimeout as sleep } from 'node:timers/promises';
import { decodeManifest, encodeManifest, manifestKey, type Manifest } from '../index/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import { isSpoorError, reasonOf, SpoorError } from '../model/mod.ts';
import type { Generation } from './head/generation.ts';
import { indexKey, segmentKeyPrefix } from './keys.ts';
import type { FlushHook, IngesterLog, IngesterSettings, SealPool } from './ports.ts';

export interface FlushParts {
  readonly store: ObjectStore;
  readonly pool: SealPool;
  readonly settings: IngesterSettings;
  readonly log: IngesterLog;
  readonly hook: FlushHook;
  /** Called when the object store fails and the flush has to wait. */
  readonly onStall: () => void;
}

/**
 * Writes a generation to object storage: segments, then index files, then by put-if-absent the manifest that names them. Object-store failures that may pass are
 * retried until `signal` aborts. The manifest returned is durable; commit and trim are the caller's.
 */
export async function writeGeneration(parts: FlushParts, generation: Generation, epoch: bigint, createdMs: number, signal: AbortSignal): Promise<Manifest> {
  const { store, pool, settings, hook } = parts;
  const { partition, first, last } = generation;
  const prefix = segmentKeyPrefix(partition, first, epoch);
  const { segments, indexes } = await pool.seal({
    blocks: generation.blocks.map((block) => ({ memory: block.view.memory, rows: block.rows })),
    streams: generation.streams,
    segmentKeyPrefix: prefix,
    segmentBytesMax: settings.segmentBytesMax,
  });
  await hook('sealed');
  const attempt = <Result>(what: string, action: () => Promise<Result>): Promise<Result> => retry(parts, what, action, signal);
  for (const { key, data } of segments) {
    await attempt(key, () => store.put(key, data));
    await hook('segment_put');
  }
  const indexReferences: Manifest['indexes'][number][] = [];
  for (const { tenant, day, data, minNs, maxNs, rows, streams, bytes } of indexes) {
    const key = indexKey(tenant, day, partition, first, epoch);
    await attempt(key, () => store.put(key, data));
    await hook('index_put');
    indexReferences.push({ key, size: data.length, tenant, day, minNs, maxNs, rows, streams, bytes });
  }
  const manifest: Manifest = {
    version: 1,
    partition,
    first,
    last,
    epoch,
    createdMs,
    segments: segments.map(({ key, data, rows, minNs, maxNs }) => ({ key, size: data.length, rows, minNs, maxNs })),
    indexes: indexReferences,
  };
  const key = manifestKey(partition, first);
  const created = await attempt(key, () => store.putIfAbsent(key, encodeManifest(manifest)));
  if (!created) await checkOwnManifest(parts, manifest, signal);
  await hook('manifest_put');
  return manifest;
}

/** A manifest that is there already is ours if an earlier try was written although its answer got lost; else another writer was faster. */
async function checkOwnManifest(parts: FlushParts, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const key = manifestKey(manifest.partition, manifest.first);
  const bytes = await retry(parts, key, () => parts.store.getRange(key, 0, manifestBytesMax, signal), signal);
  const found = decodeManifest(bytes, key);
  if (found.epoch !== manifest.epoch || found.last !== manifest.last) throw new SpoorError('lease_lost', { partition: manifest.partition });
}

const manifestBytesMax = 64 * 2 ** 20;

async function retry<Result>(parts: FlushParts, what: string, action: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { retryMinMs, retryMaxMs } = parts.settings;
  for (let pauseMs = retryMinMs; ; pauseMs = Math.min(pauseMs * 2, retryMaxMs)) {
    try {
      signal.throwIfAborted();
      return await action();
    } catch (error) {
      if (signal.aborted || !isSpoorError(error) || !error.retryable) throw error;
      parts.onStall();
      parts.log.warn({ object: what, reason: reasonOf(error), retryInMs: pauseMs }, 'object store failed; the flush waits and tries again');
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
