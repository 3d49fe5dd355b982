import { SpoorError, type Clock } from '../../model/mod.ts';

/** How many queries a QueryQueue lets in. */
export interface QueueSettings {
  /** Queries that run at the same time. */
  readonly runningMax: number;
  /** Queries of all tenants that wait. */
  readonly lengthMax: number;
  readonly clock: Clock;
  /** Told of each query that began, with the milliseconds that it waited. */
  readonly onStart?: (waitMs: number) => void;
  /** Told of each query that was refused, with the limit that was full. */
  readonly onRefused?: (limit: string) => void;
}

interface Tenant {
  running: number;
  readonly waiting: Waiting[];
  /** When it last began a query. */
  served: number;
}

interface Waiting {
  readonly start: () => void;
}

/**
 * Where queries wait until they may begin, so that snapshots, plans and results of only so many are in memory. Tenants take turns; one alone gets half of the places, of
 * several each the same part, and one part is always left for whoever comes next. A tenant that has no query running begins one also where all places are taken, up to
 * twice their number. How running queries share the threads is FairTurns' business.
 */
export class QueryQueue {
  readonly #settings: QueueSettings;
  readonly #tenants = new Map<string, Tenant>();
  #running = 0;
  #waiting = 0;
  #served = 0;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
  }

  /** Queries that run. */
  get running(): number {
    return this.#running;
  }

  /** Queries that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Waits for a place; the function returned gives it back and must be called. `outstandingMax` is how many queries of the tenant may run and wait together (0: any number).
   * Throws `too_many_outstanding` at once where the queue is full, and the reason of `signal` once that aborts.
   */
  async enter(tenantName: string, outstandingMax: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const tenant = this.#tenants.get(tenantName) ?? { running: 0, waiting: [], served: 0 };
    if (outstandingMax > 0 && tenant.running + tenant.waiting.length >= outstandingMax) this.#refuse('max_outstanding_requests_per_tenant', outstandingMax);
    this.#tenants.set(tenantName, tenant);
    if (tenant.waiting.length > 0 || !this.#hasPlace(tenant)) await this.#wait(tenantName, tenant, signal);
    else {
      this.#begin(tenant);
      this.#settings.onStart?.(0);
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      tenant.running -= 1;
      this.#running -= 1;
      this.#forget(tenantName, tenant);
      this.#startWaiting();
    };
  }

  #refuse(limit: string, max: number): never {
    this.#settings.onRefused?.(limit);
    throw new SpoorError('too_many_outstanding', { limit, max });
  }

  async #wait(tenantName: string, tenant: Tenant, signal: AbortSignal): Promise<void> {
    const { clock, lengthMax, onStart } = this.#settings;
    if (this.#waiting >= lengthMax) {
      this.#forget(tenantName, tenant);
      this.#refuse('querier.queue_length_max', lengthMax);
    }
    const sinceMs = clock.monotonicMs();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { start: resolve };
    tenant.waiting.push(waiting);
    this.#waiting += 1;
    const onAbort = (): void => {
      const place = tenant.waiting.indexOf(waiting);
      if (place < 0) return;
      tenant.waiting.splice(place, 1);
      this.#waiting -= 1;
      this.#forget(tenantName, tenant);
      // One tenant less leaves the others larger parts.
      this.#startWaiting();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    onStart?.(clock.monotonicMs() - sinceMs);
  }

  #hasPlace(tenant: Tenant): boolean {
    const { runningMax } = this.#settings;
    if (tenant.running === 0) return this.#running < 2 * runningMax;
    return this.#running < runningMax && tenant.running < Math.max(1, Math.ceil(runningMax / (this.#tenants.size + 1)));
  }

  #begin(tenant: Tenant): void {
    tenant.running += 1;
    tenant.served = ++this.#served;
    this.#running += 1;
  }

  #startWaiting(): void {
    for (;;) {
      let next: Tenant | undefined;
      for (const tenant of this.#tenants.values()) {
        if (tenant.waiting.length === 0 || !this.#hasPlace(tenant)) continue;
        if (next === undefined || tenant.running < next.running || (tenant.running === next.running && tenant.served < next.served)) next = tenant;
      }
      if (next === undefined) return;
      this.#waiting -= 1;
      this.#begin(next);
      next.waiting.shift()?.start();
    }
  }

  #forget(tenantName: string, tenant: Tenant): void {
    if (tenant.running === 0 && tenant.waiting.length === 0) this.#tenants.delete(tenantName);
  }
}
