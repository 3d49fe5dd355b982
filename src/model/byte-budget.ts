/** A part of a budget that somebody holds. */
export interface Share {
  /** Gives back what is more than `bytes`. */
  shrinkTo(bytes: number): void;
  /** Gives back all of it; more than once does nothing. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly resolve: (share: Share) => void;
}

/** Bytes that all who share it may hold together. */
export class ByteBudget {
  readonly limit: number;
  #used = 0;
  readonly #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes that are held. */
  get used(): number {
    return this.#used;
  }

  /** Takes at once; false where there is no room. */
  tryTake(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives back what tryTake took. */
  give(bytes: number): void {
    this.#used -= bytes;
    for (let next = this.#waiting[0]; next !== undefined && this.tryTake(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.resolve(this.#share(next.bytes));
    }
  }

  /** A share at once; undefined where there is no room, or others wait. */
  tryShare(bytes: number): Share | undefined {
    const wanted = Math.min(bytes, this.limit);
    return this.#waiting.length === 0 && this.tryTake(wanted) ? this.#share(wanted) : undefined;
  }

  /**
   * A share, in order of asking, as soon as there is room. One that is greater than the whole budget waits until it can have all of it.
   * Rejects with the reason of `signal` once that aborts.
   */
  async share(bytes: number, signal?: AbortSignal): Promise<Share> {
    signal?.throwIfAborted();
    const now = this.tryShare(bytes);
    if (now !== undefined) return now;
    const { promise, resolve, reject } = Promise.withResolvers<Share>();
    const waiting: Waiting = { bytes: Math.min(bytes, this.limit), resolve };
    this.#waiting.push(waiting);
    const onAbort = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      reject(signal?.reason);
      // It may have stood before others that have room.
      this.give(0);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #share(bytes: number): Share {
    let held = bytes;
    const shrinkTo = (to: number): void => {
      if (to >= held) return;
      const given = held - to;
      held = to;
      this.give(given);
    };
    return { shrinkTo, release: () => shrinkTo(0) };
  }
}
