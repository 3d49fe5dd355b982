import { joinTenants, SpoorError } from '../model/mod.ts';

/** The tenant of everything while authentication is off, as in Loki. */
export const soleTenant = 'fake';

const tenantBytesMax = 150;

/**
 * The tenants that `X-Scope-OrgID` names, sorted, each once: names with `|` between them, each perhaps with metadata behind a `:`, which says nothing to us.
 * One of several may be empty, and has nothing. Throws `no_org_id` and `bad_org_id`.
 */
export function tenantsOf(header: string | undefined, authEnabled: boolean): readonly string[] {
  if (!authEnabled) return [soleTenant];
  const names = (header ?? '').split('|').map((name) => name.replace(/:.*/s, ''));
  for (const name of names) checkTenant(name);
  const tenants = [...new Set(names)].sort();
  if (tenants.length === 1 && tenants[0] === '') throw new SpoorError('no_org_id');
  return tenants;
}

/** The one tenant that a request is for. Throws `several_tenants` where it names more. */
export function tenantOf(header: string | undefined, authEnabled: boolean): string {
  const tenants = tenantsOf(header, authEnabled);
  if (tenants.length > 1) throw new SpoorError('several_tenants');
  return tenants[0] as string;
}

/** What of the configuration decides about tenants. */
export interface TenantSettings {
  readonly authEnabled: boolean;
  /** Whether one query may be for several tenants. */
  readonly severalTenants: boolean;
}

/** The tenants that a query is for, as one name (joinTenants): what queries, plans, limits and sources are given. */
export function queryTenantOf(header: string | undefined, settings: TenantSettings): string {
  return settings.severalTenants ? joinTenants(tenantsOf(header, settings.authEnabled)) : tenantOf(header, settings.authEnabled);
}

function checkTenant(tenant: string): void {
  const bad = /[^A-Za-z0-9!\-_.*'()]/u.exec(tenant);
  if (bad !== null) throw new SpoorError('bad_org_id', { tenant, reason: `contains unsupported character '${bad[0]}'` });
  if (tenant.length > tenantBytesMax) throw new SpoorError('bad_request', { reason: `tenant ID is too long: max ${tenantBytesMax} characters` });
  if (tenant === '.' || tenant === '..') throw new SpoorError('bad_request', { reason: "tenant ID is '.' or '..'" });
}
