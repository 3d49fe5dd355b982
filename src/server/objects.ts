import path from 'node:path';
import type { Logger } from 'pino';
import type { Metrics } from '../http/mod.ts';
import type { Clock } from '../model/mod.ts';
import { CachedStore, DiskCache, openDirectoryStore, openS3Store, storeIdentity, type CountedObjectStore, type ObjectCounts } from '../objects/mod.ts';
import type { Settings } from './config/settings.ts';
import type { IoCounts } from './io-counts.ts';

/** The object store of a process. */
export interface Objects {
  readonly store: CountedObjectStore;
  /** The same, where it is a store from which blocks are kept … */
  readonly cached: CachedStore | null;
  /** … and the disk that they are kept on. */
  readonly disk: DiskCache | null;
}

/** Blocks on their way to the disk, or read ahead, that are held in memory. */
const memoryBytesMax = 64 * 2 ** 20;

/** The directory of the objects, where they are files. */
export function objectDirectory(settings: Settings, dataDirectory: string): string | null {
  return settings['storage.type'] === 's3' ? null : path.resolve(settings['storage.directory'] || path.join(dataDirectory, 'objects'));
}

/** Opens the store that the settings name, with its cache. */
export async function openObjects(settings: Settings, dataDirectory: string, clock: Clock, log: Logger): Promise<Objects> {
  const directory = objectDirectory(settings, dataDirectory);
  if (directory !== null) return { store: await openDirectoryStore({ directory }), cached: null, disk: null };
  const store = await openS3Store({
    bucket: settings['storage.s3.bucket'],
    prefix: settings['storage.s3.prefix'],
    endpoint: settings['storage.s3.endpoint'] || undefined,
    region: settings['storage.s3.region'],
    forcePathStyle: settings['storage.s3.force_path_style'] || undefined,
    accessKeyId: settings['storage.s3.access_key_id'] || undefined,
    secretAccessKey: settings['storage.s3.secret_access_key'] || undefined,
    maxAttempts: settings['storage.s3.max_attempts'],
    requestTimeoutMs: settings['storage.s3.request_timeout'],
  });
  try {
    const disk = await openDisk(settings, dataDirectory, store, clock, log);
    const cached = new CachedStore({ store, disk, readsMax: settings['storage.s3.reads_max'], memoryBytesMax, isCached });
    return { store: cached, cached, disk };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Segments and index files never change once a manifest names them. Manifests are looked for before they are there. */
function isCached(key: string): boolean {
  return key.startsWith('segments/') || key.startsWith('index/');
}

async function openDisk(settings: Settings, dataDirectory: string, store: CountedObjectStore, clock: Clock, log: Logger): Promise<DiskCache | null> {
  const bytesMax = settings['cache.bytes_max'];
  if (bytesMax === 0) return null;
  return DiskCache.open({
    directory: path.resolve(settings['cache.directory'] || path.join(dataDirectory, 'cache')),
    scope: await storeIdentity(store),
    bytesMax,
    freeBytesMin: settings['cache.free_bytes_min'],
    clock,
    onTrouble: (reason) => log.warn({ reason }, 'the cache on disk keeps nothing for a while'),
  });
}

/** Requests to the object store, by all threads, and how the cache is doing. */
export function addObjectGauges(metrics: Metrics, { store, disk }: Objects, threads: IoCounts): void {
  const counts = (): ObjectCounts => {
    const { requests, failures, bytesRead, bytesWritten } = store.counts();
    const { reads, readBytes } = threads.snapshot();
    return { requests: { ...requests, get: requests.get + reads }, failures, bytesRead: bytesRead + readBytes, bytesWritten };
  };
  metrics.gauges('spoor_object_store_requests', 'Requests to the object store since the start', 'operation', () => Object.entries(counts().requests));
  metrics.gauges('spoor_object_store_failures', 'Failed requests to the object store since the start', 'operation', () => Object.entries(counts().failures));
  metrics.gauge('spoor_object_store_read_bytes', 'Bytes read from the object store since the start', () => counts().bytesRead);
  metrics.gauge('spoor_object_store_written_bytes', 'Bytes written to the object store since the start', () => counts().bytesWritten);
  if (disk === null) return;
  metrics.gauge('spoor_object_cache_bytes', 'Size of the cache on disk', () => disk.stats().bytes);
  metrics.gauge('spoor_object_cache_hits', 'Blocks that the cache on disk had, since the start', () => disk.stats().hits + threads.snapshot().cacheHits);
  metrics.gauge('spoor_object_cache_hit_bytes', 'Bytes read from the cache on disk since the start', () => disk.stats().hitBytes + threads.snapshot().cacheHitBytes);
  metrics.gauge('spoor_object_cache_misses', 'Blocks that the cache on disk did not have, since the start', () => disk.stats().misses);
  metrics.gauge('spoor_object_cache_written_bytes', 'Bytes written to the cache on disk since the start', () => disk.stats().writtenBytes);
  metrics.gauge('spoor_object_cache_evictions', 'Blocks evicted from the cache on disk since the start', () => disk.stats().evictions);
  metrics.gauge('spoor_object_cache_evicted_bytes', 'Bytes evicted from the cache on disk since the start', () => disk.stats().evictedBytes);
  metrics.gauge('spoor_object_cache_damaged', 'Damaged blocks found in the cache on disk, and deleted, since the start', () => disk.stats().damaged + threads.snapshot().cacheDamaged);
  metrics.gauge('spoor_object_cache_write_failures', 'Blocks that the cache on disk could not take, since the start', () => disk.stats().writeFailures);
}
