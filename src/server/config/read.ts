import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml';
import { defaultLimits, ignoredLimits, limitSpecs, SpoorError, type LimitName, type Limits } from '../../model/mod.ts';
import { settingSpecs, type SettingName, type Settings } from './settings.ts';
import { readLimit, readSetting, type Read } from './values.ts';

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
  if (sources.file !== undefined) readFile(sources.file.text, sources.file.name, settings, limits, overrides);
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
  text: string,
  file: string,
  settings: Map<string, boolean | string | number>,
  limits: Map<string, unknown>,
  overrides: Map<string, Partial<Limits>>,
): void {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, { lineCounter: lines });
  const place = (node: unknown, key: string): string => {
    const offset = (node as Node | null)?.range?.[0];
    return `${file}${offset === undefined ? '' : `:${lines.linePos(offset).line}`}${key === '' ? '' : `: ${key}`}`;
  };
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new SpoorError('bad_config', { where: `${file}:${lines.linePos(problem.pos[0]).line}`, reason: problem.message.split('\n')[0] ?? 'not YAML' });
  }
  const root = document.contents;
  if (root === null) return;
  walk(root, '', (key, pair, path) => {
    if (path === 'limits' || path === 'limits_config') return readLimits(pair.value, path, (name, value) => limits.set(name, value));
    if (path === 'overrides') {
      return walk(pair.value, path, (tenant, entry, entryPath) => {
        const own: Record<string, unknown> = {};
        readLimits(entry.value, entryPath, (name, value) => (own[name] = value));
        overrides.set(tenant, own);
      });
    }
    return readNested(pair, path, key);
  });

  function readNested(pair: Pair, path: string, key: string): void {
    if (Object.hasOwn(settingSpecs, path)) {
      settings.set(path, accept(readSetting(settingSpecs[path as SettingName], scalar(pair.value)), place(pair.key, path)));
    } else if (Object.keys(settingSpecs).some((name) => name.startsWith(`${path}.`))) {
      walk(pair.value, path, (inner, innerPair, innerPath) => readNested(innerPair, innerPath, inner));
    } else throw new SpoorError('bad_config', { where: place(pair.key, path), reason: `unknown key ${key}` });
  }

  function readLimits(node: unknown, path: string, set: (name: string, value: unknown) => void): void {
    walk(node, path, (name, pair, limitPath) => {
      if (ignoredLimits.has(name)) return;
      if (!Object.hasOwn(limitSpecs, name)) throw new SpoorError('bad_config', { where: place(pair.key, limitPath), reason: `unknown limit ${name}` });
      set(name, accept(readLimit(name as LimitName, scalar(pair.value)), place(pair.key, limitPath)));
    });
  }

  function walk(node: unknown, path: string, visit: (key: string, pair: Pair, path: string) => void): void {
    if (node === null || (isScalar(node) && node.value === null)) return;
    if (!isMap(node)) throw new SpoorError('bad_config', { where: place(node, path), reason: 'must be a mapping' });
    for (const pair of node.items) {
      const key = String(scalar(pair.key));
      visit(key, pair, path === '' ? key : `${path}.${key}`);
    }
  }

  function scalar(node: unknown): unknown {
    return isScalar(node) ? node.value : ((node as { toJS?: (document: Document) => unknown } | null)?.toJS?.(document) ?? node);
  }
}
