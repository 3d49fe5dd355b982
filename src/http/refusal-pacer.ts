import { Rates } from '../distributor/mod.ts';
import type { Clock } from '../model/mod.ts';

/** Bytes of refused pushes that are answered without a delay, per second and at once: of a tenant, and of all together. */
const tenantRate = 4 * 2 ** 20;
const tenantBurst = 4 * 2 ** 20;
const allRate = 8 * 2 ** 20;
const allBurst = 16 * 2 ** 20;
/** What a refused push costs beside its bytes. */
const pushCost = 512;
/** Answers that wait; further ones are given at once. */
const waitingMax = 8192;
/** The golden ratio's fraction: its multiples, without their whole parts, lie evenly in 0 … 1. */
const spreadStep = 0.618_033_988_75;
/** The tenant of those that name none, or none that can be. */
const nobody = '';
const tenantLengthMax = 150;

/**
 * Holds back the answers to refused pushes where they come in numbers. A client that repeats a refused push without waiting costs as much as one whose push is taken, and gets nothing for
 * it; since it sends the next one only after an answer, a later answer is what slows it down. Answers to pushes that are taken are never held back.
 */
export class RefusalPacer {
  readonly #rates: Rates;
  readonly #delayMaxMs: number;
  #waiting = 0;
  #spread = 0;

  /** @param delayMaxMs longest delay: well below the time in which clients expect an answer; 0: none */
  constructor(clock: Clock, delayMaxMs: number) {
    this.#rates = new Rates(clock);
    this.#delayMaxMs = delayMaxMs;
  }

  /** Answers that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Milliseconds by which the answer to a refused push of so many bytes is to be held back. */
  delayMs(tenant: string, bytes: number): number {
    if (this.#delayMaxMs === 0) return 0;
    const key = tenant.length > tenantLengthMax ? nobody : tenant;
    const cost = bytes + pushCost;
    const delay = Math.max(this.#charge('tenant', key, cost, tenantRate, tenantBurst), this.#charge('all', nobody, cost, allRate, allBurst));
    if (delay < this.#delayMaxMs) return delay;
    // Spread, or clients that were held back together would come back together.
    this.#spread = (this.#spread + spreadStep) % 1;
    return this.#delayMaxMs * (0.5 + this.#spread / 2);
  }

  /** Takes the cost, and tells how long ago it would have been there. A debt ends at the longest delay, so that who has stopped is soon free of it. */
  #charge(group: string, key: string, cost: number, rate: number, burst: number): number {
    const before = this.#rates.waitMs(group, key, 0, rate, burst);
    if (before >= this.#delayMaxMs) return before;
    this.#rates.take(group, key, cost, rate, burst);
    return this.#rates.waitMs(group, key, 0, rate, burst);
  }

  /** Waits for the delay of a refused push. */
  async pace(tenant: string, bytes: number): Promise<void> {
    const delay = this.delayMs(tenant, bytes);
    if (delay < 1 || this.#waiting >= waitingMax) return;
    this.#waiting++;
    await new Promise<void>((resolve) => { setTimeout(resolve, delay); });
    this.#waiting--;
  }
}
