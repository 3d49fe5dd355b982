import type { Limits } from '../model/mod.ts';
import type { StreamRegistry } from './ports.ts';

/** Holds a tenant to its number of active streams, counting those that pushes under way are about to create. */
export class StreamAdmission {
  readonly #registry: StreamRegistry;
  /** By tenant: keys of streams that are not in the registry yet, with the number of pushes that hold them. */
  readonly #coming = new Map<string, Map<string, number>>();

  constructor(registry: StreamRegistry) {
    this.#registry = registry;
  }

  /** Whether the stream exists or may be created. A new one is held until `release`. */
  admit(tenant: string, key: string, limits: Limits, held: string[]): boolean {
    const limit = streamsMax(limits);
    if (limit === 0 || this.#registry.has(tenant, key)) return true;
    let coming = this.#coming.get(tenant);
    const holders = coming?.get(key) ?? 0;
    if (holders === 0 && this.#registry.count(tenant) + (coming?.size ?? 0) >= limit) return false;
    if (coming === undefined) {
      coming = new Map();
      this.#coming.set(tenant, coming);
    }
    coming.set(key, holders + 1);
    held.push(key);
    return true;
  }

  /** Ends what `admit` held: the streams are in the registry now, or will not come. */
  release(tenant: string, held: readonly string[]): void {
    const coming = this.#coming.get(tenant);
    if (coming === undefined) return;
    for (const key of held) {
      const holders = coming.get(key) ?? 0;
      if (holders > 1) coming.set(key, holders - 1);
      else coming.delete(key);
    }
    if (coming.size === 0) this.#coming.delete(tenant);
  }
}

function streamsMax(limits: Limits): number {
  const { max_streams_per_user: local, max_global_streams_per_user: global } = limits;
  if (local === 0) return global;
  return global === 0 ? local : Math.min(local, global);
}
