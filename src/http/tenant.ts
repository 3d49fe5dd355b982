import { SpoorError } from '../model/mod.ts';

/** The tenant of everything while authentication is off, as in Loki. */
export const soleTenant = 'fake';

const tenantBytesMax = 150;

/** The tenants that `X-Scope-OrgID` names. Throws `no_org_id` and `bad_org_id`. */
export function tenantsOf(header: string | undefined, authEnabled: boolean): readonly string[] {
  if (!authEnabled) return [soleTenant];
  if (header === undefined || header === '') throw new SpoorError('no_org_id');
  const tenants = [...new Set(header.split('|'))].sort();
  for (const tenant of tenants) checkTenant(tenant);
  return tenants;
}

/** The one tenant that a request is for. */
export function tenantOf(header: string | undefined, authEnabled: boolean): string {
  const tenants = tenantsOf(header, authEnabled);
  const [tenant] = tenants;
  if (tenant === undefined || tenants.length > 1) throw new SpoorError('bad_request', { reason: 'multiple org IDs present' });
  return tenant;
}

function checkTenant(tenant: string): void {
  if (tenant === '') throw new SpoorError('no_org_id');
  const bad = /[^A-Za-z0-9!\-_.*'()]/u.exec(tenant);
  if (bad !== null) throw new SpoorError('bad_org_id', { tenant, reason: `contains unsupported character '${bad[0]}'` });
  if (tenant.length > tenantBytesMax) throw new SpoorError('bad_request', { reason: `tenant ID is too long: max ${tenantBytesMax} characters` });
  if (tenant === '.' || tenant === '..') throw new SpoorError('bad_request', { reason: "tenant ID is '.' or '..'" });
}
