import type { Clock } from '../../src/model/mod.ts';
import type { LineSink } from '../join/line.ts';
import type { LogChain } from '../tail/chain.ts';
import type { LogFile } from '../tail/file.ts';
import type { Batch, StreamLabels } from './batch.ts';
import type { LabelledSink } from './outlet.ts';
import type { BatchQueue } from './queue.ts';

/** When a batch is full. */
export interface BatchLimits {
  /** Bytes of lines and metadata. */
  readonly bytesMax: number;
  /** Age of the first line. */
  readonly ageMaxMs: number;
}

/** Fills batches and seals them with the positions that their delivery confirms. */
export class Batcher {
  readonly #queue: BatchQueue;
  readonly #limits: BatchLimits;
  readonly #clock: Clock;
  readonly #labelsGeneration: () => number;
  readonly #touched = new Map<LogFile, LogChain>();
  /** Files whose position an unfinished line held back when it was last sealed: the line may end in another file, and then theirs moves on, too. */
  readonly #heldBack = new Map<LogFile, LogChain>();
  #batch: Batch;

  constructor(queue: BatchQueue, limits: BatchLimits, clock: Clock, labelsGeneration: () => number) {
    this.#queue = queue;
    this.#limits = limits;
    this.#clock = clock;
    this.#labelsGeneration = labelsGeneration;
    this.#batch = queue.takeEmpty();
  }

  /** Where lines go whose labels are decided per line. */
  readonly sink: LabelledSink = (labels, line) => this.#batch.append(labels, line);

  /** Where the lines of a container go, given what each of its streams is sent with. */
  sinkFor(streams: readonly [StreamLabels, StreamLabels, StreamLabels]): LineSink {
    return (line) => this.#batch.append(streams[line.stream], line);
  }

  /** Says that `file` was read: its position goes with the batch that is being filled. */
  touch(chain: LogChain, file: LogFile): void {
    this.#touched.set(file, chain);
    if (this.#batch.sinceMs < 0) this.#batch.sinceMs = this.#clock.monotonicMs();
  }

  /** Seals the batch if it is full, or old enough while nothing waits to be sent: behind others it can as well be filled. */
  sealIfDue(): void {
    const batch = this.#batch;
    if (batch.bytes >= this.#limits.bytesMax) this.seal();
    else if (!this.#queue.waiting && batch.sinceMs >= 0 && this.#clock.monotonicMs() - batch.sinceMs >= this.#limits.ageMaxMs) this.seal();
  }

  /** Hands what there is to the queue. */
  seal(): void {
    if (this.#touched.size === 0 && this.#batch.rows === 0) return;
    const batch = this.#batch;
    for (const [file, chain] of this.#heldBack) if (!file.gone) this.#touched.set(file, chain);
    this.#heldBack.clear();
    batch.positions = Array.from(this.#touched, ([file, chain]) => ({ chain: chain.name, file, position: chain.positionOf(file) }));
    for (const { file, position } of batch.positions) {
      const chain = this.#touched.get(file);
      if (chain !== undefined && Math.min(...position.offsets) < file.readOffset) this.#heldBack.set(file, chain);
    }
    batch.labelsGeneration = this.#labelsGeneration();
    this.#touched.clear();
    this.#queue.push(batch);
    this.#batch = this.#queue.takeEmpty();
  }
}
