import path from 'node:path';
import type { Pair } from 'yaml';
import { defaultLimits, ignoredLimits, limitSpecs, SpoorError, type LimitName, type Limits } from '../../model/mod.ts';
import { settingSpecs, type SettingName, type Settings } from './settings.ts';
import { readLimit, readSetting, type Read } from './values.ts';
import { YamlFile } from './yaml-file.ts';

/** Everything that `spoor serve` is configured with. */
export interface Configuration {
  readonly settings: Settings;
  readonly limits: Limits;
  /** Limits of tenants that differ, by Loki's names. */
  readonly overrides: ReadonlyMap<string, Partial<Limits>>;
}

export interface ConfigurationSources {
  /** Text of the configuration file and its name for errors. */
  readonly file?: { readonly text: string; readonly name: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings of the command line, which come first. */
  readonly flags: Readonly<Partial<Record<SettingName, string>>>;
}

/**
 * Reads the configuration: defaults, then the file, then the environment, then the command line.
 * Throws `bad_config` that names file, line and key, or the variable or flag.
 */
export function readConfiguration(sources: ConfigurationSources): Configuration {
  const settings = new Map<string, boolean | string | number>(Object.entries(settingSpecs).map(([name, spec]) => [name, spec.default]));
  const limits = new Map<string, unknown>();
  const overrides = new Map<string, Partial<Limits>>();
  if (sources.file !== undefined) readFile(sources.file, settings, limits, overrides);
  for (const [name, raw] of Object.entries(sources.environment)) {
    if (!name.startsWith('SPOOR_') || raw === undefined || otherVariables.has(name)) continue;
    readVariable(name, raw, settings, limits);
  }
  for (const [name, raw] of Object.entries(sources.flags)) {
    settings.set(name, accept(readSetting(settingSpecs[name as SettingName], raw), `--${name.replaceAll('_', '-')}`));
  }
  if (settings.get('storage.type') === 's3' && settings.get('storage.s3.bucket') === '') {
    throw new SpoorError('bad_config', { where: 'storage.s3.bucket', reason: 'must be set where storage.type is s3' });
  }
  // Where many tenants share a server Loki's rule holds unless somebody says otherwise.
  const unselective = settings.get('auth_enabled') === true ? 0 : defaultLimits.max_unselective_query_bytes_read;
  return {
    settings: Object.fromEntries(settings) as unknown as Settings,
    limits: { ...defaultLimits, max_unselective_query_bytes_read: unselective, ...(Object.fromEntries(limits) as Partial<Limits>) },
    overrides,
  };
}

/** Variables with our prefix that are read elsewhere. */
const otherVariables = new Set(['SPOOR_NODE_NAME', 'SPOOR_CONFIG', 'SPOOR_FAILPOINT']);

function readVariable(name: string, raw: string, settings: Map<string, boolean | string | number>, limits: Map<string, unknown>): void {
  const key = name.slice('SPOOR_'.length).toLowerCase();
  const setting = Object.keys(settingSpecs).find((candidate) => candidate.replaceAll('.', '_') === key);
  const limit = key.startsWith('limits_') ? key.slice('limits_'.length) : '';
  if (setting !== undefined) settings.set(setting, accept(readSetting(settingSpecs[setting as SettingName], raw), `environment variable ${name}`));
  else if (Object.hasOwn(limitSpecs, limit)) limits.set(limit, accept(readLimit(limit as LimitName, raw), `environment variable ${name}`));
}

function accept<Value>(read: Read<Value>, where: string): Value {
  if ('wrong' in read) throw new SpoorError('bad_config', { where, reason: read.wrong });
  return read.value;
}

function readFile(
  { text, name }: { readonly text: string; readonly name: string },
  settings: Map<string, boolean | string | number>,
  limits: Map<string, unknown>,
  overrides: Map<string, Partial<Limits>>,
): void {
  const file = new YamlFile(text, name);
  file.walk(file.root, '', (key, pair, keyPath) => {
    if (keyPath === 'limits' || keyPath === 'limits_config') return readLimits(file, pair.value, keyPath, (limit, value) => limits.set(limit, value));
    if (keyPath === 'overrides') return readOverrides(file, pair, overrides);
    return readNested(pair, keyPath, key);
  });

  function readNested(pair: Pair, keyPath: string, key: string): void {
    if (Object.hasOwn(settingSpecs, keyPath)) {
      const value = accept(readSetting(settingSpecs[keyPath as SettingName], file.plain(pair.value)), file.place(pair.key, keyPath));
      settings.set(keyPath, keyPath === 'overrides_file' && value !== '' ? path.resolve(path.dirname(name), value as string) : value);
    } else if (Object.keys(settingSpecs).some((setting) => setting.startsWith(`${keyPath}.`))) {
      file.walk(pair.value, keyPath, (inner, innerPair, innerPath) => readNested(innerPair, innerPath, inner));
    } else throw new SpoorError('bad_config', { where: file.place(pair.key, keyPath), reason: `unknown key ${key}` });
  }
}

/** What else stands in a runtime configuration of Loki: nothing that spoor has. */
const otherOverrides = new Set(['configs', 'default_config', 'multi_kv_config', 'ingester_limits']);

/** Reads an overrides_file: `overrides: {tenant: {limit: value}}`, as Loki's runtime_config file has it. Throws `bad_config` that names file, line and key. */
export function readOverridesFile(text: string, name: string): Map<string, Partial<Limits>> {
  const file = new YamlFile(text, name);
  const overrides = new Map<string, Partial<Limits>>();
  file.walk(file.root, '', (key, pair) => {
    if (key === 'overrides') readOverrides(file, pair, overrides);
    else if (!otherOverrides.has(key)) throw new SpoorError('bad_config', { where: file.place(pair.key, key), reason: `unknown key ${key}` });
  });
  return overrides;
}

function readOverrides(file: YamlFile, pair: Pair, overrides: Map<string, Partial<Limits>>): void {
  file.walk(pair.value, 'overrides', (tenant, entry, entryPath) => {
    const own: Record<string, unknown> = {};
    readLimits(file, entry.value, entryPath, (limit, value) => (own[limit] = value));
    overrides.set(tenant, own);
  });
}

function readLimits(file: YamlFile, node: unknown, keyPath: string, set: (limit: string, value: unknown) => void): void {
  file.walk(node, keyPath, (limit, pair, limitPath) => {
    if (ignoredLimits.has(limit)) return;
    if (!Object.hasOwn(limitSpecs, limit)) throw new SpoorError('bad_config', { where: file.place(pair.key, limitPath), reason: `unknown limit ${limit}` });
    set(limit, accept(readLimit(limit as LimitName, file.plain(pair.value)), file.place(pair.key, limitPath)));
  });
}
