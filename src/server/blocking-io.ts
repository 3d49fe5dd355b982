import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { ByteRange } from '../chunks/mod.ts';
import { SpoorError, type Clock } from '../model/mod.ts';
import { BlockReader, LocalReader, noReadCounts, type BlockPlace } from '../objects/mod.ts';
import type { SegmentIo } from '../querier/mod.ts';
import { IoCounts } from './io-counts.ts';
import type { ThreadFailure } from './threads.ts';

/** What a thread is given to read objects with. */
export interface IoParts {
  /** To the thread that has the object store. */
  readonly port: MessagePort;
  /** [answers that were sent]. */
  readonly signal: Int32Array<SharedArrayBuffer>;
  /** The directory store's directory, where objects are files of this machine. */
  readonly directory: string | null;
  /** Where the disk cache of any other store is. */
  readonly cache: BlockPlace | null;
  /** Memory of IoCounts. */
  readonly counts: SharedArrayBuffer;
}

/** What a thread asks for; only a read is answered. */
export type IoRequest =
  | { readonly kind: 'read'; readonly id: number; readonly key: string; readonly ranges: readonly ByteRange[] }
  /** Nobody waits for it any more. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** May be wanted soon. */
  | { readonly kind: 'near'; readonly key: string; readonly ranges: readonly ByteRange[] }
  /** What is kept of it is damaged. */
  | { readonly kind: 'forget'; readonly key: string };

export type IoAnswer = { readonly id: number } & ({ readonly buffers: readonly Uint8Array[] } | { readonly failure: ThreadFailure });

/** A thread that waits looks this often whether its query shall stop. */
const sliceMs = 20;
/** Unwanted bytes that are read along rather than reading twice. */
const localGapBytes = 16 * 1024;
const remoteGapBytes = 128 * 1024;

/**
 * Reads objects in a thread that has nothing else to do meanwhile: files itself, those of the directory store and those of the disk cache; everything else by the main thread, for which it
 * waits, until the query shall stop.
 */
export class BlockingIo implements SegmentIo {
  readonly gapBytesMax: number;
  readonly reads = noReadCounts();
  /** Whether reads go ahead of being asked for: where they take long. */
  readonly isRemote: boolean;
  readonly #parts: IoParts;
  readonly #local: LocalReader | null;
  readonly #cache: BlockReader | null;
  readonly #counts: IoCounts;
  #id = 0;

  constructor(parts: IoParts, clock: Clock) {
    this.#parts = parts;
    this.#local = parts.directory === null ? null : new LocalReader(parts.directory);
    this.#cache = parts.cache === null ? null : new BlockReader(parts.cache, clock);
    this.#counts = new IoCounts(parts.counts);
    this.isRemote = parts.directory === null;
    this.gapBytesMax = this.isRemote ? remoteGapBytes : localGapBytes;
  }

  read(key: string, ranges: readonly ByteRange[], isStopped: () => boolean = () => false): readonly Uint8Array[] {
    const near = ranges.map((range) => this.readNear(key, range));
    const missing = ranges.filter((_, i) => near[i] === undefined);
    if (missing.length === 0) return near.filter((bytes) => bytes !== undefined);
    const asked = this.#ask(key, missing, isStopped);
    let next = 0;
    return near.map((bytes) => bytes ?? asked[next++] ?? new Uint8Array(0));
  }

  readNear(key: string, { offset, length }: ByteRange): Uint8Array | undefined {
    return this.#local === null ? this.#readCache(key, offset, length) : this.#readFile(this.#local, key, offset, length);
  }

  #readFile(local: LocalReader, key: string, offset: number, length: number): Uint8Array | undefined {
    try {
      const bytes = local.read(key, offset, length);
      this.reads.requests += 1;
      this.reads.bytes += bytes.length;
      this.#counts.add('reads', 1);
      this.#counts.add('readBytes', bytes.length);
      return bytes;
    } catch {
      // The store itself says what is wrong.
      return undefined;
    }
  }

  #readCache(key: string, offset: number, length: number): Uint8Array | undefined {
    if (this.#cache === null) return undefined;
    const before = { ...this.#cache.counts };
    const bytes = this.#cache.read(key, offset, length);
    const { hits, hitBytes, damaged } = this.#cache.counts;
    this.reads.cacheHits += hits - before.hits;
    this.reads.cacheBytes += hitBytes - before.hitBytes;
    this.#counts.add('cacheHits', hits - before.hits);
    this.#counts.add('cacheHitBytes', hitBytes - before.hitBytes);
    this.#counts.add('cacheDamaged', damaged - before.damaged);
    return bytes;
  }

  bringNear(key: string, ranges: readonly ByteRange[]): void {
    if (this.isRemote && ranges.length > 0) this.#post({ kind: 'near', key, ranges });
  }

  forget(key: string): void {
    if (this.isRemote) this.#post({ kind: 'forget', key });
  }

  #post(request: IoRequest): void {
    this.#parts.port.postMessage(request, []);
  }

  #ask(key: string, ranges: readonly ByteRange[], isStopped: () => boolean): readonly Uint8Array[] {
    const { port, signal } = this.#parts;
    const id = ++this.#id;
    this.#post({ kind: 'read', id, key, ranges });
    for (;;) {
      const answers = Atomics.load(signal, 0);
      for (let message = receiveMessageOnPort(port); message !== undefined; message = receiveMessageOnPort(port)) {
        const answer = message.message as IoAnswer;
        // Others are late answers to what was cancelled.
        if (answer.id !== id) continue;
        if ('failure' in answer) throw new SpoorError(answer.failure.code, answer.failure.details);
        return answer.buffers;
      }
      if (isStopped()) {
        this.#post({ kind: 'cancel', id });
        throw new SpoorError('query_cancelled');
      }
      // Not where an answer came since.
      Atomics.wait(signal, 0, answers, sliceMs);
    }
  }
}
