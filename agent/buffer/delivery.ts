import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/model/mod.ts';
import type { LogChain } from '../tail/chain.ts';
import type { LogFile } from '../tail/file.ts';
import type { StreamLabels } from './batch.ts';
import { Cuts, type CutPosition } from './cuts.ts';
import type { Feed } from './feed.ts';
import { atRisk, type LabelledSink, type Outlet } from './outlet.ts';
import type { Lane } from './destination-queue.ts';

/** Most destinations: they are bits of a number. */
export const destinationsMax = 16;

export interface DeliveryOptions {
  /** Destinations, required or not. */
  readonly feeds: readonly Feed[];
  /** The places in `feeds` that lines of a stream go to. */
  readonly route: (labels: StreamLabels) => readonly number[];
  /** Told each position that holds from now on. */
  readonly confirm: (position: CutPosition) => void;
  /** Smallest offset of a file up to which it is dealt with. */
  readonly confirmed: (file: LogFile) => number;
  readonly labelsGeneration: () => number;
  /** How long positions may move without a batch being sealed (every line was dropped). */
  readonly ageMaxMs: number;
}

interface Route {
  readonly feeds: readonly Feed[];
  /** Bits of the required ones. */
  readonly bits: number;
}

/** Hands lines to the destinations that their labels choose, and makes positions hold once each that must have a line has it. */
export class Delivery implements Outlet {
  readonly sink: LabelledSink;
  /** Lines that no destination takes. */
  unrouted = 0;
  readonly #feeds: readonly Feed[];
  readonly #options: DeliveryOptions;
  readonly #clock: Clock;
  readonly #cuts: Cuts;
  readonly #routes = new WeakMap<StreamLabels, Route>();
  readonly #bits = new WeakMap<LogChain, number>();
  readonly #chainOfFile = new Map<number, { readonly chain: LogChain; readonly file: LogFile }>();
  /** Bits of lines of files that are not known any more: every chain waits for these. */
  #strayBits = 0;
  #lastLabels: StreamLabels | null = null;
  #lastFile = -1;
  #lastRoute: Route = { feeds: [], bits: 0 };
  #lane: Lane = 'quiet';
  #loudChain: LogChain | null = null;
  readonly #loudBefore: number[];
  #movedSinceMs = -1;
  #waiters: (() => void)[] = [];

  constructor(options: DeliveryOptions, clock: Clock) {
    this.#options = options;
    this.#feeds = options.feeds;
    this.#loudBefore = options.feeds.map(() => 0);
    this.#clock = clock;
    this.#cuts = new Cuts(options.confirm);
    this.sink = (labels, line) => {
      if (labels !== this.#lastLabels || line.file !== this.#lastFile) this.#turnTo(labels, line.file);
      const { feeds } = this.#lastRoute;
      if (feeds.length === 0) this.unrouted++;
      for (let i = 0; i < feeds.length; i++) (feeds[i] as Feed).append(labels, line, this.#lane, this.#cuts.last);
    };
  }

  touch(chain: LogChain, file: LogFile): void {
    this.#cuts.touch(chain, file);
    if (this.#movedSinceMs < 0) this.#movedSinceMs = this.#clock.monotonicMs();
    this.#know(chain, file);
  }

  sealIfDue(): void {
    let sealed = false;
    for (const feed of this.#feeds) {
      for (const lane of lanes) {
        if (!feed.due(lane)) continue;
        this.#attribute();
        feed.seal(lane, this.#options.labelsGeneration());
        sealed = true;
      }
    }
    if (sealed || (this.#movedSinceMs >= 0 && this.#clock.monotonicMs() - this.#movedSinceMs >= this.#options.ageMaxMs)) this.#cut();
  }

  seal(): void {
    this.#attribute();
    for (const feed of this.#feeds) for (const lane of lanes) feed.seal(lane, this.#options.labelsGeneration());
    this.#cut();
  }

  get full(): boolean {
    return this.#feeds.some((feed) => feed.required && feed.queue.full);
  }

  mayRead(chain: LogChain): boolean {
    this.#attribute();
    this.#lane = 'quiet';
    this.#loudChain = null;
    const file = chain.current();
    if (file !== undefined) this.#know(chain, file);
    const bits = this.#bits.get(chain);
    let loud = false;
    let required = 0;
    let full = 0;
    for (let i = 0; i < this.#feeds.length; i++) {
      const feed = this.#feeds[i] as Feed;
      // Where a chain's lines go is known once some were read.
      if (!feed.required || (bits !== undefined && (bits & (1 << i)) === 0)) continue;
      required++;
      if (feed.isLoud(chain)) loud = true;
      if (feed.queue.full) full++;
    }
    // One of which nothing was read yet need not wait for a destination that may not be its own.
    if (!loud && (full === 0 || (bits === undefined && full < required))) return true;
    if (!loud && !this.#atRisk(chain)) return false;
    for (let i = 0; i < this.#feeds.length; i++) {
      const feed = this.#feeds[i] as Feed;
      if ((bits === undefined || (bits & (1 << i)) !== 0) && !feed.queue.mayTakeLoud(chain)) return false;
    }
    this.#lane = 'loud';
    this.#loudChain = chain;
    for (let i = 0; i < this.#feeds.length; i++) this.#loudBefore[i] = (this.#feeds[i] as Feed).loudBytes;
    return true;
  }

  /** Whether one of these chains is at risk. */
  anyAtRisk(chains: Iterable<{ readonly chain: LogChain }>): boolean {
    for (const { chain } of chains) if (this.#atRisk(chain)) return true;
    return false;
  }

  /** Confirms what holds, and wakes who waits; destinations call it at each change. */
  readonly settle = (): void => {
    this.#cuts.settle(this.#feeds.map((feed) => (feed.required ? feed.reached : Infinity)));
    this.wake();
  };

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** Batches that are neither delivered nor on disk, of required destinations or of all. */
  undelivered(requiredOnly: boolean): number {
    let count = 0;
    for (const feed of this.#feeds) if (feed.required || !requiredOnly) count += feed.queue.batches;
    return count;
  }

  /** Waits until nothing is left to deliver, at most `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonicMs() + timeoutMs;
    for (let left = timeoutMs; this.undelivered(false) > 0 && left > 0; left = deadline - this.#clock.monotonicMs()) {
      const timer = new AbortController();
      await Promise.race([this.changed(), sleep(left, undefined, { signal: timer.signal }).catch(() => undefined)]);
      timer.abort();
    }
  }

  #cut(): void {
    this.#movedSinceMs = -1;
    this.#cuts.cut(
      (chain) => (this.#bits.get(chain) ?? 0) | this.#strayBits,
      () => new Set(this.#feeds.flatMap((feed) => (feed.required ? Array.from(feed.firstCuts()) : []))),
    );
    // Where every line was dropped there is nobody to wait for.
    this.settle();
  }

  #turnTo(labels: StreamLabels, file: number): void {
    this.#lastLabels = labels;
    this.#lastFile = file;
    let route = this.#routes.get(labels);
    if (route === undefined) {
      const places = this.#options.route(labels);
      const feeds = places.map((place) => this.#feeds[place] as Feed);
      route = { feeds, bits: places.reduce((bits, place) => (this.#feeds[place]?.required === true ? bits | (1 << place) : bits), 0) };
      this.#routes.set(labels, route);
    }
    this.#lastRoute = route;
    // 0 is no file: a line that the agent made itself.
    if (file === 0) return;
    const known = this.#chainOfFile.get(file);
    if (known === undefined) this.#strayBits |= route.bits;
    else this.#bits.set(known.chain, (this.#bits.get(known.chain) ?? 0) | route.bits);
  }

  #know(chain: LogChain, file: LogFile): void {
    if (this.#chainOfFile.has(file.id)) return;
    if (this.#chainOfFile.size > filesMax) for (const [id, known] of this.#chainOfFile) if (known.file.gone) this.#chainOfFile.delete(id);
    this.#chainOfFile.set(file.id, { chain, file });
  }

  #atRisk(chain: LogChain): boolean {
    return atRisk(chain, this.#options.confirmed);
  }

  /** Says whose the lines are that went the loud way since the last block. */
  #attribute(): void {
    const chain = this.#loudChain;
    if (chain === null) return;
    for (let i = 0; i < this.#feeds.length; i++) {
      const feed = this.#feeds[i] as Feed;
      const bytes = feed.loudBytes;
      const before = this.#loudBefore[i] as number;
      if (bytes > before) feed.share(chain, bytes - before);
      this.#loudBefore[i] = bytes;
    }
  }
}

const lanes: readonly Lane[] = ['quiet', 'loud'];
/** Files that are known before those that are gone are forgotten. */
const filesMax = 4096;
