import { closeSync, openSync, readSync } from 'node:fs';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { reasonOf, SpoorError } from '../../src/model/mod.ts';
import type { Environment } from './environment.ts';
import { agentConfigSchema, type AgentOptions } from './schema.ts';

/** Settings by their names in the file; they win over the file. */
export type ConfigOverrides = Readonly<Record<string, unknown>>;

/** Largest configuration file that is read; a ConfigMap holds at most 1 MiB. */
export const configBytesMax = 2 ** 20;

/** Something that is wrong with a configuration. */
export interface ConfigProblem {
  /** Line of the file; undefined where there is none (a missing setting, a flag). */
  readonly line: number | undefined;
  /** Column of that line. */
  readonly column: number | undefined;
  /** Where in the settings, `read.poll_interval`; empty for the whole. */
  readonly key: string;
  readonly reason: string;
}

/** What a configuration came to: options, or every problem that was found. */
export type CheckedConfig = { readonly options: AgentOptions; readonly problems: readonly [] } | { readonly options: undefined; readonly problems: readonly ConfigProblem[] };

/**
 * Reads a configuration file (YAML). `${NAME}` and `${NAME:-default}` are replaced by variables of the environment. Throws `bad_config` that names file, line and key.
 * @param file undefined for no file: the overrides alone
 */
export function loadAgentConfig(file: string | undefined, overrides: ConfigOverrides, environment: Environment): AgentOptions {
  if (file !== undefined) return parseAgentConfig(readConfigFile(file), file, overrides, environment);
  const checked = check({}, overrides, () => undefined);
  if (checked.options !== undefined) return checked.options;
  const [problem] = checked.problems;
  throw new SpoorError('bad_config', { where: `agent (${problem === undefined || problem.key === '' ? 'settings' : problem.key})`, reason: problem?.reason ?? '' });
}

/** The text of a configuration file. Throws `bad_config`. */
export function readConfigFile(file: string): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const bytes = Buffer.allocUnsafe(configBytesMax + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) read = readSync(fd, bytes, length, bytes.length - length, null);
      if (length > configBytesMax) throw new Error(`more than ${configBytesMax} bytes`);
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new SpoorError('bad_config', { where: file, reason: reasonOf(error) }, { cause: error });
  }
}

/** The same for text that `name` stands for in errors; the error is the first problem and says how many more there are. */
export function parseAgentConfig(text: string, name: string, overrides: ConfigOverrides, environment: Environment): AgentOptions {
  const { options, problems } = checkAgentConfig(text, overrides, environment);
  if (options !== undefined) return options;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more: spoor agent check ${name})` : '';
  throw new SpoorError('bad_config', { where: problemPlace(name, problems[0]), reason: `${problems[0]?.reason ?? ''}${more}` });
}

/** `agent.yaml:5 (read.poll_interval)`. */
export function problemPlace(name: string, problem: ConfigProblem | undefined): string {
  return `${name}${problem?.line === undefined ? '' : `:${problem.line}`}${problem === undefined || problem.key === '' ? '' : ` (${problem.key})`}`;
}

/** Checks a configuration and finds everything that is wrong with it, in the order of the file. Never throws. */
export function checkAgentConfig(text: string, overrides: ConfigOverrides, environment: Environment): CheckedConfig {
  const unset: ConfigProblem[] = [];
  const expanded = expand(text, environment, unset);
  if (unset.length > 0) return { options: undefined, problems: unset };
  const lines = new LineCounter();
  const document = parseDocument(expanded, { lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { line, column: col, key: '', reason: error.message.split('\n')[0] ?? '' };
    });
    return { options: undefined, problems };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { options: undefined, problems: [{ line: undefined, column: undefined, key: '', reason: reasonOf(error) }] };
  }
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) return { options: undefined, problems: [{ line: undefined, column: undefined, key: '', reason: 'settings are needed, as key: value' }] };
  return check((value ?? {}) as Record<string, unknown>, overrides, (path) => placeOf(document, lines, path));
}

interface Place {
  readonly line: number;
  readonly col: number;
}

function check(value: Readonly<Record<string, unknown>>, overrides: ConfigOverrides, placeAt: (path: readonly PropertyKey[]) => Place | undefined): CheckedConfig {
  const result = agentConfigSchema.safeParse({ ...value, ...overrides });
  if (result.success) return { options: result.data, problems: [] };
  const problems: ConfigProblem[] = [];
  const add = (path: readonly PropertyKey[], reason: string): void => {
    const place = placeAt(path);
    problems.push({ line: place?.line, column: place?.col, key: path.map(String).join('.'), reason });
  };
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) add([...issue.path, key], 'no such setting');
    else if (issue.code === 'invalid_type' && issue.message.includes('received undefined')) add(issue.path, 'is missing');
    else if (issue.code === 'invalid_key') add(issue.path, issue.issues[0]?.message ?? issue.message);
    else add(issue.path, issue.message);
  }
  return { options: undefined, problems: problems.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || 0) };
}

/** Where the value at `path`, or the nearest one above it, stands. */
function placeOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Place | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const node = keyNode(parent, path[depth - 1]) ?? document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range !== null && node.range !== undefined) return lines.linePos(node.range[0]);
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

/** Puts variables in; those that are not set go to `unset`. */
function expand(text: string, environment: Environment, unset: ConfigProblem[]): string {
  return text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (whole: string, variable: string, fallback: string | undefined, at: number) => {
    const value = environment[variable];
    if (value !== undefined && value !== '') return value;
    if (fallback !== undefined) return fallback;
    const before = text.slice(0, at).split('\n');
    unset.push({ line: before.length, column: (before.at(-1)?.length ?? 0) + 1, key: '', reason: `the environment variable ${variable} is not set (${whole}; \${${variable}:-default} gives one)` });
    return '';
  });
}
