import { MessageChannel } from 'node:worker_threads';
import { workerUrl } from '../model/mod.ts';
import type { SealPool } from '../ingester/mod.ts';
import type { Partial } from '../logql/mod.ts';
import { addReadCounts, noReadCounts, readsSince, type BlockPlace, type ReadCounts } from '../objects/mod.ts';
import { packUnit, unpackBatch, type DetectionPool, type PackedBatch, type ScanPool, type UnitDone } from '../querier/mod.ts';
import type { IoParts } from './blocking-io.ts';
import { IoCounts } from './io-counts.ts';
import { IoServer, type IoStore } from './serve-io.ts';
import { WorkerThreads, type ThreadData } from './threads.ts';

export interface PoolParts {
  readonly scanThreads: number;
  readonly store: IoStore;
  /** The store's directory, where objects are files of this machine. */
  readonly directory: string | null;
  /** Where the disk cache of any other store is. */
  readonly cache: BlockPlace | null;
  /** Bytes of footers and pools that each thread keeps. */
  readonly segmentCacheBytes: number;
}

/** What a thread that scans begins with. */
export interface ScanThreadData {
  readonly io: IoParts;
  readonly segmentCacheBytes: number;
}

/** Reads for a lane, by whichever thread it had. */
interface LaneReads {
  server: IoServer | undefined;
  /** What was told of them. */
  told: ReadCounts;
}

/** Worker threads for scanning and one for sealing, so that a flush does not hold up queries. */
export class Pools implements SealPool, ScanPool, DetectionPool {
  /** What the threads read by themselves. */
  readonly counts = new IoCounts();
  readonly #parts: PoolParts;
  readonly #scans: WorkerThreads;
  readonly #seals: WorkerThreads;
  readonly #reads: readonly LaneReads[];

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#reads = Array.from({ length: parts.scanThreads }, () => ({ server: undefined, told: noReadCounts() }));
    this.#scans = new WorkerThreads(workerUrl(import.meta.url, './scan-worker'), parts.scanThreads, (place) => this.#scanThread(place));
    this.#seals = new WorkerThreads(workerUrl(import.meta.url, './seal-worker'), 1);
  }

  /** Loads the thread that seals; those that scan begin with the first query. */
  async begin(): Promise<void> {
    await this.#seals.call(0, 'begin', []);
  }

  get lanes(): number {
    return this.#scans.size;
  }

  readonly seal: SealPool['seal'] = (task) => this.#seals.call(0, 'seal', [task]);

  readonly add: ScanPool['add'] = async (lane, scan, task, loaded) => {
    const done = await this.#scans.call<UnitDone>(lane, 'scanAdd', [scan, task, packUnit(loaded)]);
    // A lane works on one unit after the other: what was read for it here since the last one was for this one, or for those that come.
    return { ...done, reads: addReadCounts(done.reads ?? noReadCounts(), this.#untold(lane)) };
  };

  readonly finish: ScanPool['finish'] = async (lane, scan) => {
    const result = await this.#scans.call<PackedBatch | Partial | null>(lane, 'scanFinish', [scan]);
    return result?.kind === 'packed_batch' ? unpackBatch(result) : result;
  };

  readonly detect: DetectionPool['detect'] = (lane, detection, task, rows) => this.#scans.call(lane, 'detect', [detection, task, rows], [rows.lines.buffer]);

  readonly detected: DetectionPool['detected'] = (lane, detection) => this.#scans.call(lane, 'detected', [detection]);

  async close(): Promise<void> {
    await Promise.all([this.#scans.close(), this.#seals.close()]);
  }

  #untold(lane: number): ReadCounts {
    const reads = this.#reads[lane % this.#reads.length];
    if (reads?.server === undefined) return noReadCounts();
    const { told } = reads;
    reads.told = { ...reads.server.reads };
    return readsSince(reads.told, told);
  }

  #scanThread(place: number): ThreadData {
    const { store, directory, cache, segmentCacheBytes } = this.#parts;
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    const reads = this.#reads[place];
    if (reads !== undefined) [reads.server, reads.told] = [new IoServer(store, port1, signal), noReadCounts()];
    const io: IoParts = { port: port2, signal, directory, cache, counts: this.counts.memory };
    return { data: { io, segmentCacheBytes } satisfies ScanThreadData, transfer: [port2] };
  }
}
