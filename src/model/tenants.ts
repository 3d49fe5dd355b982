import type { Label, LabelSet } from './labels.ts';

/** The label that tells the tenants of an answer apart. */
export const tenantLabel = '__tenant_id__';
/** What a stream's own label of that name is called beside it. */
export const originalTenantLabel = `original_${tenantLabel}`;

const separator = '|';

/**
 * Several tenants as one name, as `X-Scope-OrgID` has them: `a|b`, sorted, each once. No tenant's name holds the separator. A query, its plan and its limits carry
 * such a name; sources that know only single tenants are asked once for each.
 */
export function joinTenants(tenants: Iterable<string>): string {
  return [...new Set(tenants)].sort().join(separator);
}

/** The tenants that joinTenants joined; one where there is only one. */
export function splitTenants(joined: string): readonly string[] {
  return joined.split(separator);
}

/** Whether a name stands for more than one tenant. */
export function isJoined(tenant: string): boolean {
  return tenant.includes(separator);
}

/** Labels with the tenant's label; a label of that name that was there before is called original___tenant_id__. */
export function withTenantLabel(labels: LabelSet, tenant: string): LabelSet {
  const own = labels.find(({ name }) => name === tenantLabel);
  const added: Label[] = [{ name: tenantLabel, value: tenant }];
  if (own !== undefined) added.push({ name: originalTenantLabel, value: own.value });
  const kept = labels.filter(({ name }) => name !== tenantLabel && (own === undefined || name !== originalTenantLabel));
  return [...kept, ...added].filter(({ value }) => value !== '').sort((a, b) => (a.name < b.name ? -1 : 1));
}
