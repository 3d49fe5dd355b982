import type { Limits, LimitsSource } from '../model/mod.ts';

/** The limits of the configuration: the general ones, and those of tenants that differ. */
export class ConfiguredLimits implements LimitsSource {
  readonly #general: Limits;
  readonly #tenants = new Map<string, Limits>();

  constructor(general: Limits, overrides: ReadonlyMap<string, Partial<Limits>>) {
    this.#general = general;
    for (const [tenant, own] of overrides) this.#tenants.set(tenant, { ...general, ...own });
  }

  forTenant(tenant: string): Limits {
    return this.#tenants.get(tenant) ?? this.#general;
  }
}
