import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { reasonOf, SpoorError } from '../../src/model/mod.ts';
import type { Environment } from './environment.ts';
import { agentConfigSchema, type AgentOptions } from './schema.ts';

/** Settings by their names in the file; they win over the file. */
export type ConfigOverrides = Readonly<Record<string, unknown>>;

/**
 * Reads a configuration file (YAML). `${NAME}` and `${NAME:-default}` are replaced by variables of the environment. Throws `bad_config` that names file, line and key.
 * @param file undefined for no file: the overrides alone
 */
export function loadAgentConfig(file: string | undefined, overrides: ConfigOverrides, environment: Environment): AgentOptions {
  if (file === undefined) return check({}, overrides, (key) => `agent (${key === '' ? 'settings' : key})`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpoorError('bad_config', { where: file, reason: reasonOf(error) }, { cause: error });
  }
  return parseAgentConfig(text, file, overrides, environment);
}

/** The same for text that `name` stands for in errors. */
export function parseAgentConfig(text: string, name: string, overrides: ConfigOverrides, environment: Environment): AgentOptions {
  const lines = new LineCounter();
  const document = parseDocument(expand(text, name, environment), { lineCounter: lines });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new SpoorError('bad_config', { where: `${name}:${lines.linePos(broken.pos[0]).line}`, reason: broken.message.split('\n')[0] ?? '' });
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) throw new SpoorError('bad_config', { where: name, reason: 'settings are needed, as key: value' });
  return check((value ?? {}) as Record<string, unknown>, overrides, (key, path) => {
    const line = lineOf(document, lines, path);
    return `${name}${line === undefined ? '' : `:${line}`}${key === '' ? '' : ` (${key})`}`;
  });
}

function check(value: Readonly<Record<string, unknown>>, overrides: ConfigOverrides, where: (key: string, path: readonly PropertyKey[]) => string): AgentOptions {
  const result = agentConfigSchema.safeParse({ ...value, ...overrides });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue === undefined ? [] : issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const missing = issue?.code === 'invalid_type' && issue.message.includes('received undefined');
  const reason = missing ? 'is missing' : issue?.code === 'unrecognized_keys' ? 'no such setting' : (issue?.message ?? 'not valid');
  throw new SpoorError('bad_config', { where: where(path.join('.'), path), reason });
}

/** The line on which the value at `path`, or the nearest one above it, stands. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const node = keyNode(parent, path[depth - 1]) ?? document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range !== null && node.range !== undefined) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

function keyNode(parent: unknown, key: PropertyKey | undefined): unknown {
  const items = (parent as { readonly items?: readonly unknown[] } | null)?.items ?? [];
  for (const item of items) {
    const candidate = (item as { readonly key?: unknown }).key;
    if (isNode(candidate) && (candidate as { readonly value?: unknown }).value === key) return candidate;
  }
  return undefined;
}

function expand(text: string, name: string, environment: Environment): string {
  return text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (whole: string, variable: string, fallback: string | undefined, at: number) => {
    const value = environment[variable];
    if (value !== undefined && value !== '') return value;
    if (fallback !== undefined) return fallback;
    throw new SpoorError('bad_config', { where: `${name}:${text.slice(0, at).split('\n').length}`, reason: `the environment variable ${variable} is not set (${whole}; \${${variable}:-default} gives one)` });
  });
}
