import { isJoined, splitTenants, strictestLimits, type Limits, type LimitsSource } from '../model/mod.ts';

/** Joined names whose limits are remembered. */
const joinedMax = 1000;

/** The limits of the configuration: the general ones, and those of tenants that differ. Of several tenants (joinTenants) the strictest. */
export class ConfiguredLimits implements LimitsSource {
  readonly #general: Limits;
  readonly #tenants = new Map<string, Limits>();
  readonly #joined = new Map<string, Limits>();

  constructor(general: Limits, overrides: ReadonlyMap<string, Partial<Limits>>) {
    this.#general = general;
    for (const [tenant, own] of overrides) this.#tenants.set(tenant, { ...general, ...own });
  }

  forTenant(tenant: string): Limits {
    return this.#tenants.get(tenant) ?? (isJoined(tenant) ? this.#forSeveral(tenant) : this.#general);
  }

  #forSeveral(joined: string): Limits {
    let limits = this.#joined.get(joined);
    if (limits === undefined) {
      limits = strictestLimits(this.#general, splitTenants(joined).map((tenant) => this.#tenants.get(tenant) ?? this.#general));
      // Anybody can make up such names.
      if (this.#joined.size >= joinedMax) this.#joined.clear();
      this.#joined.set(joined, limits);
    }
    return limits;
  }
}
