/**
 * The one place where time comes from. Everything that needs the time is handed a Clock; tests hand in a manual one.
 */
export interface Clock {
  /** Wall-clock time, nanoseconds since the epoch. */
  nowNs(): bigint;
  /** Wall-clock time, milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back, with a fraction; only differences mean something. */
  monotonicMs(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A clock that stands still until it is told otherwise. */
export class ManualClock implements Clock {
  #ns: bigint;

  constructor(startNs: bigint) {
    this.#ns = startNs;
  }

  nowNs(): bigint {
    return this.#ns;
  }

  nowMs(): number {
    return Number(this.#ns / 1_000_000n);
  }

  monotonicMs(): number {
    return Number(this.#ns) / 1e6;
  }

  /** Moves the time on by `ms` milliseconds. */
  advanceMs(ms: number): void {
    this.#ns += BigInt(Math.round(ms * 1e6));
  }
}
