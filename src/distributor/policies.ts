import { compileMatcher } from '../logql/mod.ts';
import { globalPolicy, labelValue, type CompiledMatcher, type LabelSet, type Limits } from '../model/mod.ts';

/** A policy's selectors, the greatest priority first. */
interface Policy {
  readonly name: string;
  readonly selectors: readonly { readonly matchers: readonly CompiledMatcher[]; readonly priority: number }[];
}

const prepared = new WeakMap<Limits['policy_stream_mapping'], readonly Policy[]>();

/**
 * The policy of a stream (policy_stream_mapping): of those that a selector fits, the one whose selector has the greatest priority, and of several such the first by name.
 * '' where none fits.
 */
export function policyOf(labels: LabelSet, mapping: Limits['policy_stream_mapping']): string {
  if (mapping.size === 0) return '';
  let policies = prepared.get(mapping);
  if (policies === undefined) {
    policies = prepare(mapping);
    prepared.set(mapping, policies);
  }
  let found = '';
  let highest = Number.NEGATIVE_INFINITY;
  for (const { name, selectors } of policies) {
    for (const { matchers, priority } of selectors) {
      if (priority <= highest) break;
      if (!matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name) ?? ''))) continue;
      highest = priority;
      found = name;
    }
  }
  return found;
}

function prepare(mapping: Limits['policy_stream_mapping']): readonly Policy[] {
  return [...mapping]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, selectors]) => ({
      name,
      selectors: selectors.map(({ matchers, priority }) => ({ matchers: matchers.map(compileMatcher), priority })).sort((a, b) => b.priority - a.priority),
    }));
}

/** Until when pushes of a policy's streams are refused (block_ingestion_policy_until); 0 where they are not. */
export function policyBlockedUntil(policy: string, limits: Limits): bigint {
  const times = limits.block_ingestion_policy_until;
  return times.get(policy) ?? (policy === '' ? times.get(globalPolicy) : undefined) ?? 0n;
}

/** The labels that a stream must have: enforced_labels, and those of policy_enforced_labels for all policies and for its own. */
export function enforcedLabelsOf(policy: string, limits: Limits): readonly string[] {
  const { enforced_labels: ofTenant, policy_enforced_labels: ofPolicies } = limits;
  if (ofPolicies.size === 0) return ofTenant;
  return [...new Set([...ofTenant, ...(ofPolicies.get(globalPolicy) ?? []), ...(ofPolicies.get(policy) ?? [])])];
}
