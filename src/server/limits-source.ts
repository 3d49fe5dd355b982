import { isJoined, splitTenants, strictestLimits, type Limits, type LimitsSource } from '../model/mod.ts';

/** Joined names whose limits are remembered. */
const joinedMax = 1000;

/** The limits of the configuration: the general ones, and those of tenants that differ. Of several tenants (joinTenants) the strictest. */
export class ConfiguredLimits implements LimitsSource {
  readonly #general: Limits;
  readonly #configured: ReadonlyMap<string, Partial<Limits>>;
  #tenants = new Map<string, Limits>();
  readonly #joined = new Map<string, Limits>();

  constructor(general: Limits, overrides: ReadonlyMap<string, Partial<Limits>>) {
    this.#general = general;
    this.#configured = overrides;
    this.replace(new Map());
  }

  /** Number of tenants with limits of their own. */
  get tenants(): number {
    return this.#tenants.size;
  }

  /** Takes what an overrides_file says, instead of what it said before; limit by limit it comes before the configuration. */
  replace(overrides: ReadonlyMap<string, Partial<Limits>>): void {
    const tenants = new Map<string, Limits>();
    for (const tenant of new Set([...this.#configured.keys(), ...overrides.keys()])) {
      tenants.set(tenant, { ...this.#general, ...this.#configured.get(tenant), ...overrides.get(tenant) });
    }
    this.#tenants = tenants;
    this.#joined.clear();
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
