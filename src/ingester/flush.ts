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
  const task = {
    blocks: generation.blocks.map((block) => ({ memory: block.view.memory, rows: block.rows })),
    streams: generation.streams,
    segmentKeyPrefix: prefix,
    segmentBytesMax: settings.segmentBytesMax,
  };
  // A thread that died (of memory, say) is replaced; one that dies again and again is not going to make it.
  const { segments, indexes } = await retry(parts, `sealing ${prefix}`, () => pool.seal(task), signal, sealTriesMax);
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

const sealTriesMax = 3;

/** A manifest that is there already is ours if an earlier try was written although its answer got lost; else another writer was faster. */
async function checkOwnManifest(parts: FlushParts, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const key = manifestKey(manifest.partition, manifest.first);
  const bytes = await retry(parts, key, () => parts.store.getRange(key, 0, manifestBytesMax, signal), signal);
  const found = decodeManifest(bytes, key);
  if (found.epoch !== manifest.epoch || found.last !== manifest.last) throw new SpoorError('lease_lost', { partition: manifest.partition });
}

const manifestBytesMax = 64 * 2 ** 20;

/** Runs a step of a flush, again after a pause where it failed in a way that may pass, until it succeeds or `signal` aborts. */
export async function retry<Result>(parts: Pick<FlushParts, 'settings' | 'log' | 'onStall'>, what: string, action: () => Promise<Result>, signal: AbortSignal, triesMax = Infinity): Promise<Result> {
  const { retryMinMs, retryMaxMs } = parts.settings;
  let pauseMs = retryMinMs;
  for (let tries = 1; ; tries++, pauseMs = Math.min(pauseMs * 2, retryMaxMs)) {
    try {
      return await unlessAborted(action, signal);
    } catch (error) {
      if (signal.aborted || !mayPass(error) || tries >= triesMax) throw error;
      parts.onStall();
      parts.log.warn({ step: what, reason: reasonOf(error), retryInMs: pauseMs }, 'a step of the flush failed; it waits and tries again');
    }
    await unlessAborted(() => sleep(pauseMs), signal);
  }
}

/** A lease that is lost and a journal that is closed stay so for this process. */
function mayPass(error: unknown): boolean {
  return isSpoorError(error) && error.retryable && error.code !== 'lease_lost' && error.code !== 'journal_closed';
}

/** What the action gives, or the reason of `signal` once that aborts: a store that does not answer must not hold up the end of the process. */
async function unlessAborted<Result>(action: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const abort = Promise.withResolvers<never>();
  const onAbort = (): void => abort.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([action(), abort.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
