import { MessageChannel } from 'node:worker_threads';
import { workerUrl } from '../model/mod.ts';
import type { ObjectStore } from '../objects/mod.ts';
import type { SealPool } from '../ingester/mod.ts';
import type { DetectionPool, ScanPool } from '../querier/mod.ts';
import { serveIo, type IoParts } from './blocking-io.ts';
import { WorkerThreads, type ThreadData } from './threads.ts';

export interface PoolParts {
  readonly scanThreads: number;
  readonly store: Pick<ObjectStore, 'getRange'>;
  /** The store's directory, where objects are files of this machine. */
  readonly directory: string | null;
  /** Bytes of footers and pools that each thread keeps. */
  readonly segmentCacheBytes: number;
}

/** What a thread that scans begins with. */
export interface ScanThreadData {
  readonly io: IoParts;
  readonly segmentCacheBytes: number;
}

/** Worker threads for scanning and one for sealing, so that a flush does not hold up queries. */
export class Pools implements SealPool, ScanPool, DetectionPool {
  readonly #scans: WorkerThreads;
  readonly #seals: WorkerThreads;

  constructor(parts: PoolParts) {
    this.#scans = new WorkerThreads(workerUrl(import.meta.url, './scan-worker'), parts.scanThreads, () => scanThread(parts));
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

  readonly add: ScanPool['add'] = (lane, scan, task, loaded) => this.#scans.call(lane, 'scanAdd', [scan, task, loaded]);

  readonly finish: ScanPool['finish'] = (lane, scan) => this.#scans.call(lane, 'scanFinish', [scan]);

  readonly detect: DetectionPool['detect'] = (lane, detection, task, rows) => this.#scans.call(lane, 'detect', [detection, task, rows], [rows.lines.buffer]);

  readonly detected: DetectionPool['detected'] = (lane, detection) => this.#scans.call(lane, 'detected', [detection]);

  async close(): Promise<void> {
    await Promise.all([this.#scans.close(), this.#seals.close()]);
  }
}

function scanThread({ store, directory, segmentCacheBytes }: PoolParts): ThreadData {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  serveIo(store, port1, signal);
  return { data: { io: { port: port2, signal, directory }, segmentCacheBytes } satisfies ScanThreadData, transfer: [port2] };
}
