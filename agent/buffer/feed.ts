import type { Clock } from '../../src/model/mod.ts';
import type { LineView } from '../join/line.ts';
import type { LogChain } from '../tail/chain.ts';
import type { Batch, BatchPool, StreamLabels } from './batch.ts';
import type { DestinationQueue, Lane } from './destination-queue.ts';

/** When a batch is full. */
export interface BatchLimits {
  /** Bytes of lines and metadata. */
  readonly bytesMax: number;
  /** Age of the first line. */
  readonly ageMaxMs: number;
}

/** What a feed is made from. */
export interface FeedOptions {
  readonly name: string;
  /** Every line that is routed here must be dealt with before its position is remembered. */
  readonly required: boolean;
  readonly limits: BatchLimits;
  readonly queue: DestinationQueue;
}

/** Fills the batches of one destination, one for each way. */
export class Feed {
  readonly name: string;
  readonly required: boolean;
  readonly queue: DestinationQueue;
  readonly #limits: BatchLimits;
  readonly #pool: BatchPool;
  readonly #clock: Clock;
  readonly #batches: Record<Lane, Batch | null> = { quiet: null, loud: null };
  readonly #shares = new Map<LogChain, number>();

  constructor(options: FeedOptions, pool: BatchPool, clock: Clock) {
    this.name = options.name;
    this.required = options.required;
    this.queue = options.queue;
    this.#limits = options.limits;
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Appends a copy of a line. `lastCut` is the number of the last cut. */
  append(labels: StreamLabels, line: LineView, lane: Lane, lastCut: number): void {
    (this.#batches[lane] ?? this.#begin(lane, lastCut)).append(labels, line);
  }

  /** Bytes of the batch that is being filled the loud way. */
  get loudBytes(): number {
    return this.#batches.loud?.bytes ?? 0;
  }

  /** Says that so many bytes of what goes the loud way are a chain's. */
  share(chain: LogChain, bytes: number): void {
    this.#shares.set(chain, (this.#shares.get(chain) ?? 0) + bytes);
  }

  /** Whether lines of a chain are on the loud way. */
  isLoud(chain: LogChain): boolean {
    return this.#shares.has(chain) || this.queue.isLoud(chain);
  }

  /**
   * Whether a batch is full, or old enough while nothing waits to be sent: behind others it can as well be filled. But not where the destination is stuck: only what is sealed comes to disk.
   */
  due(lane: Lane): boolean {
    const batch = this.#batches[lane];
    if (batch === null) return false;
    return batch.bytes >= this.#limits.bytesMax || (this.#clock.monotonicMs() - batch.sinceMs >= this.#limits.ageMaxMs && (!this.queue.waiting(lane) || this.queue.stuck));
  }

  /** Hands a batch to the queue. */
  seal(lane: Lane, labelsGeneration: number): void {
    const batch = this.#batches[lane];
    if (batch === null) return;
    this.#batches[lane] = null;
    batch.labelsGeneration = labelsGeneration;
    let shares: Map<LogChain, number> | null = null;
    if (lane === 'loud') {
      shares = new Map(this.#shares);
      this.#shares.clear();
    }
    this.queue.push(batch, lane, shares);
  }

  /** The cut that is reached: no line from before it is unfinished. */
  get reached(): number {
    let reached = Infinity;
    for (const cut of this.firstCuts()) reached = Math.min(reached, cut);
    return reached;
  }

  /** The last cuts before the first lines of each unfinished batch. */
  *firstCuts(): Generator<number> {
    for (const batch of [this.#batches.quiet, this.#batches.loud]) if (batch !== null) yield batch.firstCut;
    yield* this.queue.firstCuts();
  }

  #begin(lane: Lane, lastCut: number): Batch {
    const batch = this.#pool.take();
    batch.firstCut = lastCut;
    batch.sinceMs = this.#clock.monotonicMs();
    this.#batches[lane] = batch;
    return batch;
  }
}
