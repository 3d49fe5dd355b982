import { workerUrl } from '../model/mod.ts';
import type { SealPool } from '../ingester/mod.ts';
import type { DetectionPool, ScanPool } from '../querier/mod.ts';
import { WorkerThreads } from './threads.ts';

/** Worker threads for scanning and one for sealing, so that a flush does not hold up queries. */
export class Pools implements SealPool, ScanPool, DetectionPool {
  readonly #scans: WorkerThreads;
  readonly #seals: WorkerThreads;

  constructor(scanThreads: number) {
    this.#scans = new WorkerThreads(workerUrl(import.meta.url, './scan-worker'), scanThreads);
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

  readonly add: ScanPool['add'] = (lane, scan, task, loaded) =>
    this.#scans.call(
      lane,
      'scanAdd',
      [scan, task, loaded],
      loaded.fetched.flatMap((group) => group?.buffers ?? []).flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : [])),
    );

  readonly finish: ScanPool['finish'] = (lane, scan) => this.#scans.call(lane, 'scanFinish', [scan]);

  readonly detect: DetectionPool['detect'] = (lane, detection, task, rows) => this.#scans.call(lane, 'detect', [detection, task, rows], [rows.lines.buffer]);

  readonly detected: DetectionPool['detected'] = (lane, detection) => this.#scans.call(lane, 'detected', [detection]);

  async close(): Promise<void> {
    await Promise.all([this.#scans.close(), this.#seals.close()]);
  }
}
