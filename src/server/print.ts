import { stringify } from 'yaml';
import { formatPrometheusDuration, formatRfc3339, limitSpecs, type LimitName, type Limits, type PolicySelector } from '../model/mod.ts';
import type { Configuration } from './config/read.ts';
import { settingSpecs, type SettingName } from './config/settings.ts';

/** The configuration in force as YAML that could be read again; secrets are hidden. */
export function printConfiguration({ settings, limits, overrides }: Configuration): string {
  const root: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(settingSpecs)) {
    const value = settings[name as SettingName];
    const shown = spec.kind === 'secret' && value !== '' ? '********' : spec.kind === 'duration' ? formatPrometheusDuration(BigInt(Math.round(Number(value) * 1e6))) : value;
    const path = name.split('.');
    const last = path.pop() ?? name;
    let at = root;
    for (const part of path) at = (at[part] ??= {}) as Record<string, unknown>;
    at[last] = shown;
  }
  root['limits'] = printLimits(limits);
  if (overrides.size > 0) root['overrides'] = Object.fromEntries([...overrides].map(([tenant, own]) => [tenant, printLimits(own)]));
  return stringify(root);
}

function printLimits(limits: Partial<Limits>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, value]) => {
      const { kind } = limitSpecs[name as LimitName];
      if (kind === 'duration') return [name, formatPrometheusDuration(value as bigint)];
      if (kind === 'blocked') return [name, (value as Limits['blocked_queries']).map((entry) => ({ ...entry, tags: Object.fromEntries(entry.tags) }))];
      if (kind === 'time') return [name, value === 0n ? '' : formatRfc3339(value as bigint)];
      if (value instanceof Map) return [name, printMap(name as LimitName, value)];
      return [name, value];
    }),
  );
}

function printMap(name: LimitName, map: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const shown = Object.fromEntries([...map].map(([key, value]) => [key, limitSpecs[name].kind === 'policies' ? printSelectors(value as readonly PolicySelector[]) : value]));
  if (limitSpecs[name].kind === 'times') return Object.fromEntries([...map].map(([key, value]) => [key, value === 0n ? '' : formatRfc3339(value as bigint)]));
  return name === 'discover_generic_fields' ? { fields: shown } : shown;
}

function printSelectors(selectors: readonly PolicySelector[]): readonly unknown[] {
  return selectors.map(({ selector, priority }) => ({ selector, priority }));
}
