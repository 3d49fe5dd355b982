/** A read that waits for its turn, or runs. */
export interface GatedRead {
  /** Somebody waits for it; others are only brought near in case. May change while it waits. */
  isUrgent: boolean;
}

interface Waiting {
  readonly read: GatedRead;
  readonly begin: () => void;
}

/** Lets so many reads run at the same time; those that somebody waits for come first. */
export class ReadGate {
  readonly #max: number;
  #running = 0;
  readonly #waiting: Waiting[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `run` when it is its turn. Rejects with the reason of `signal` where that aborts before. */
  async run<Result>(read: GatedRead, signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    if (this.#running >= this.#max) await this.#turn(read, signal);
    else this.#running += 1;
    try {
      return await run();
    } finally {
      this.#next();
    }
  }

  async #turn(read: GatedRead, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { read, begin: resolve };
    this.#waiting.push(waiting);
    const onAbort = (): void => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Hands the place of a read that ended on. */
  #next(): void {
    const urgent = this.#waiting.findIndex(({ read }) => read.isUrgent);
    const [next] = this.#waiting.splice(Math.max(0, urgent), 1);
    if (next === undefined) this.#running -= 1;
    else next.begin();
  }
}
