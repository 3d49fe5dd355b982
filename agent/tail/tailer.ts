import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/model/mod.ts';
import type { Outlet } from '../buffer/outlet.ts';
import type { LineSink } from '../join/line.ts';
import type { LogChain } from './chain.ts';
import type { LogFile } from './file.ts';
import { openGzip } from './gzip.ts';
import type { BlockReader } from './read.ts';

/** What the tailer asks of delivery. */
export type TailOutlet = Pick<Outlet, 'touch' | 'sealIfDue' | 'full' | 'mayRead' | 'changed'>;

/** A chain with what the tailer needs to read it. */
export interface TailedChain {
  readonly chain: LogChain;
  /** Where its lines go; undefined while its labels are not known yet. */
  sink(): LineSink | undefined;
  /** Lets its pipeline let go of what it held long enough (monotonic clock); see Stage.tick. */
  tick(nowMs: number, caughtUp: boolean): void;
  /** Makes its pipeline let go of everything: nothing more will come. */
  flush(): void;
  /** Lists the chain's directory now. */
  relist(): void;
  /** The container's directory is gone: nobody writes any more. */
  containerGone: boolean;
  /** The container was started again: nobody writes to this run's files any more. */
  superseded: boolean;
}

export interface TailerOptions {
  /** Rest between two rounds while nothing is behind. */
  readonly readIntervalMs: number;
  /** Every file is looked at this often, whatever was said about changes. */
  readonly pollIntervalMs: number;
  /** A rotated file counts as complete when nothing came for so long after its successor appeared. */
  readonly rotateWaitMs: number;
  /** Folder for decompressed members. */
  readonly temporaryDir: string;
}

/** What the tailer tells those around it. */
export interface TailerEvents {
  /** A file was read to its end for good. */
  finished(file: LogFile): void;
  /** A compressed member could be read in part only. */
  damaged(file: LogFile, error: Error): void;
  /** Looking at or reading a file failed; it is tried again. */
  failed(path: string, error: unknown): void;
}

/**
 * Reads all chains in turn, one block each, so that a loud one does not hold up the others, and only while the queue has room: what cannot be delivered
 * stays in the files.
 */
export class Tailer {
  readonly #chains: ReadonlyMap<string, TailedChain>;
  readonly #reader: BlockReader;
  readonly #outlet: TailOutlet;
  readonly #options: TailerOptions;
  readonly #events: TailerEvents;
  readonly #clock: Clock;
  /** Chains that could not be read for want of room. */
  #passedOver: TailedChain[] = [];
  /** The next change of the outlet, while it is waited for. */
  #change: Promise<void> | null = null;

  constructor(
    chains: ReadonlyMap<string, TailedChain>, reader: BlockReader, outlet: TailOutlet, options: TailerOptions, events: TailerEvents, clock: Clock,
  ) {
    this.#chains = chains;
    this.#reader = reader;
    this.#outlet = outlet;
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
  }

  /** Reads until the signal; never throws for what a file does. */
  async run(signal: AbortSignal): Promise<void> {
    let polledMs = this.#clock.monotonicMs();
    let tickedMs = polledMs;
    while (!signal.aborted) {
      if (this.#clock.monotonicMs() - tickedMs >= tickIntervalMs) {
        tickedMs = this.#clock.monotonicMs();
        this.#tick(tickedMs);
      }
      if (this.#clock.monotonicMs() - polledMs >= this.#options.pollIntervalMs) {
        polledMs = this.#clock.monotonicMs();
        for (const { chain } of this.#chains.values()) {
          chain.retryUnreadable();
          chain.flagged = true;
        }
      }
      const more = await this.#round(signal);
      this.#outlet.sealIfDue();
      if (!signal.aborted) await (more ? sleep(0) : sleep(this.#options.readIntervalMs, undefined, { signal }).catch(() => undefined));
    }
  }

  /**
   * Lets held lines go whose time has come; the positions that they held back move on with the next batch. A chain that has something to read is read first: what is there may
   * belong to what is held.
   */
  #tick(nowMs: number): void {
    for (const tailed of this.#chains.values()) {
      const { chain } = tailed;
      if (chain.held === null) continue;
      const held = chain.mayHold ? chain.files.filter((file) => isHeld(chain, file)) : [];
      chain.mayHold = held.length > 0;
      tailed.tick(nowMs, chain.caughtUp);
      // It has to be shown anew by a look at the file.
      chain.caughtUp = false;
      if (held.length > 0) chain.flagged = true;
      for (const file of held) this.#outlet.touch(chain, file);
    }
  }

  /** One block of every chain that has something; whether there is more. */
  async #round(signal: AbortSignal): Promise<boolean> {
    let more = false;
    let waiting = false;
    // Those that found no room in the round before come first: else the first chain would take all room that there ever is.
    const order = new Set([...this.#passedOver, ...this.#chains.values()]);
    this.#passedOver = [];
    for (const tailed of order) {
      if (!tailed.chain.flagged || tailed.chain.busy) continue;
      if (signal.aborted) return false;
      if (!this.#outlet.mayRead(tailed.chain)) {
        waiting = true;
        this.#passedOver.push(tailed);
        continue;
      }
      const sink = tailed.sink();
      if (sink === undefined) continue;
      try {
        if (this.#step(tailed, sink)) more = true;
      } catch (error) {
        tailed.chain.flagged = false;
        this.#events.failed(tailed.chain.name, error);
        // A handle of a network file system that has become stale stays so; the file is opened anew.
        if ((error as NodeJS.ErrnoException).code === 'ESTALE') {
          tailed.chain.current()?.close();
          tailed.relist();
        }
      }
      this.#outlet.sealIfDue();
      // Answers of the server are read in between, not only after a whole round.
      if (more) await yieldToEvents();
    }
    // Nothing could be read for want of room.
    if (waiting && !more && !signal.aborted) {
      this.#change ??= this.#outlet.changed().finally(() => {
        this.#change = null;
      });
      await Promise.race([this.#change, sleep(roomWaitMs)]);
      return true;
    }
    return more;
  }

  #step(tailed: TailedChain, sink: LineSink): boolean {
    const { chain } = tailed;
    const file = chain.current();
    if (file === undefined) {
      chain.flagged = false;
      chain.caughtUp = true;
      return false;
    }
    if (file.fd === null) {
      chain.flagged = false;
      if (file.gzip) void this.#prepare(chain, file);
      else {
        // Others of the chain are read meanwhile.
        file.unreadable = true;
        chain.flagged = true;
        tailed.relist();
      }
      return false;
    }
    const before = file.seenOffset;
    if (file.resumedTime !== null && file.readOffset === Math.min(...file.skip)) chain.lastTime = { ...file.resumedTime };
    const outcome = this.#reader.read(chain, file, sink);
    if (outcome === 'truncated') {
      // The copy that logrotate made, if it did, has to be known before what was not read is given up.
      tailed.relist();
      tailed.flush();
      this.#outlet.touch(chain, file);
      this.#outlet.touch(chain, chain.restart(file, sink));
      return true;
    }
    if (file.seenOffset !== before) {
      chain.mayHold = true;
      file.quietSinceMs = -1;
      this.#outlet.touch(chain, file);
    }
    chain.caughtUp = outcome === 'end' && chain.successors(file) === 0;
    if (outcome !== 'end') return true;
    if (file.quietSinceMs < 0) file.quietSinceMs = this.#clock.monotonicMs();
    return this.#atEnd(tailed, file, sink);
  }

  /** Everything of `file` is read: is it complete? True where the next file should be read at once. */
  #atEnd(tailed: TailedChain, file: LogFile, sink: LineSink): boolean {
    const { chain } = tailed;
    const successors = chain.successors(file);
    const quietMs = this.#clock.monotonicMs() - file.quietSinceMs;
    const old = this.#clock.nowMs() - file.modifiedMs > this.#options.rotateWaitMs + 1000;
    const quiet = quietMs >= this.#options.rotateWaitMs || old;
    const over = tailed.containerGone || tailed.superseded;
    // The writer has opened the successor; and with two successors it has left even that one.
    // Who deletes a file that belongs to no container may still write to it.
    const abandoned = file.unlinked && tailed.containerGone && (chain.origin === null || quietMs >= this.#options.rotateWaitMs * deletedWaits);
    const complete = file.gzip || successors >= 2 || (quiet && (successors === 1 || abandoned));
    if (!complete) {
      if (over && successors === 0 && quietMs >= this.#options.rotateWaitMs && chain.joiner.pending) {
        chain.joiner.flush(sink);
        tailed.flush();
        this.#outlet.touch(chain, file);
      }
      chain.flagged = successors > 0 || file.unlinked || (over && chain.joiner.pending);
      return false;
    }
    this.#reader.finish(chain, file, sink);
    if (over && successors === 0) {
      chain.joiner.flush(sink);
      tailed.flush();
    }
    file.finished = true;
    this.#outlet.touch(chain, file);
    this.#events.finished(file);
    file.close();
    if (file.unlinked) chain.release(file);
    return true;
  }

  async #prepare(chain: LogChain, file: LogFile): Promise<void> {
    chain.busy = true;
    try {
      const { fd, damage } = await openGzip(file, this.#options.temporaryDir);
      if (file.gone) {
        closeSync(fd);
        return;
      }
      file.fd = fd;
      if (damage !== null) this.#events.damaged(file, damage);
    } catch (error) {
      file.unreadable = true;
      this.#events.failed(file.path, error);
    } finally {
      chain.busy = false;
      chain.flagged = true;
    }
  }
}

/** A deleted file of no container is read until nothing came for so many times `rotateWaitMs`. */
const deletedWaits = 10;
/** Room is looked for at least this often. */
const roomWaitMs = 250;
/** Pipelines are told the time this often. */
const tickIntervalMs = 100;

function isHeld(chain: LogChain, file: LogFile): boolean {
  return chain.held !== null && streamIndexes.some((stream) => chain.held?.heldFrom(file.id, stream) !== null);
}

const streamIndexes = [0, 1, 2] as const;

function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
