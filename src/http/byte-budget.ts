/** A part of a budget that somebody holds. */
export interface Share {
  /** Gives back what is more than `bytes`. */
  shrinkTo(bytes: number): void;
  /** Gives back all of it; more than once does nothing. */
  release(): void;
}

/** Bytes that all requests together may hold. */
export class ByteBudget {
  readonly limit: number;
  #used = 0;
  readonly #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];

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
      next.resolve();
    }
  }

  /** Takes a share, in order of asking, as soon as there is room. One that is greater than the whole budget waits until it can have all of it. */
  async take(bytes: number): Promise<Share> {
    const wanted = Math.min(bytes, this.limit);
    if (this.#waiting.length > 0 || !this.tryTake(wanted)) await new Promise<void>((resolve) => this.#waiting.push({ bytes: wanted, resolve }));
    let held = wanted;
    const shrinkTo = (to: number): void => {
      if (to >= held) return;
      const given = held - to;
      held = to;
      this.give(given);
    };
    return { shrinkTo, release: () => shrinkTo(0) };
  }
}
