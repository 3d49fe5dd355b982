/**
 * Where segments, index files and manifests live: a directory or an S3-compatible bucket. Objects are immutable; only the compactor deletes.
 * Keys are `/`-separated, of letters, digits and `._-=`, at most 512 bytes. Failures are SpoorError `object_store` (retryable) or `object_not_found`.
 */
export interface ObjectStore {
  /** Writes an object; resolves when it is durable. Writing the same key again with the same bytes is harmless. */
  put(key: string, data: Uint8Array): Promise<void>;
  /** Writes an object unless the key exists; false: it was there. Durable when it resolves; of two writers exactly one gets true. */
  putIfAbsent(key: string, data: Uint8Array): Promise<boolean>;
  /** Reads `length` bytes from `offset`; fewer only at the object's end. A negative offset counts from the end. */
  getRange(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Keys under a prefix in byte order, after `after` if given. Maintenance and start-up only, never to answer a query. */
  list(prefix: string, after?: string): AsyncIterable<{ readonly key: string; readonly size: number }>;
  /** Deletes objects; absent ones are no error. */
  delete(keys: readonly string[]): Promise<void>;
  /** Where what was read is kept nearby: forgets what is kept of an object, since it turned out to be damaged, and may be so only here. */
  forget?(key: string): Promise<void>;
  close(): Promise<void>;
}
