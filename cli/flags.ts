import { Option, type Command } from 'commander';
import type { Environment } from './environment.ts';
import { Failure } from './failure.ts';
import type { ConnectionOptions } from './client.ts';

type Kind = 'text' | 'flag' | 'count';

interface ConnectionFlag {
  /** Long flag without dashes. */
  readonly name: string;
  /** Key in ConnectionOptions. */
  readonly key: Exclude<keyof ConnectionOptions, 'header' | 'quiet'>;
  readonly kind: Kind;
  readonly variable: string;
  readonly about: string;
}

/** How to reach the server: logcli's flags and environment variables, so that scripts made for it run unchanged. */
export const connectionFlags: readonly ConnectionFlag[] = [
  { name: 'addr', key: 'addr', kind: 'text', variable: 'LOKI_ADDR', about: 'server address' },
  { name: 'org-id', key: 'orgId', kind: 'text', variable: 'LOKI_ORG_ID', about: 'tenant, sent as X-Scope-OrgID' },
  { name: 'username', key: 'username', kind: 'text', variable: 'LOKI_USERNAME', about: 'user name for basic authentication' },
  { name: 'password', key: 'password', kind: 'text', variable: 'LOKI_PASSWORD', about: 'password for basic authentication' },
  { name: 'bearer-token', key: 'bearerToken', kind: 'text', variable: 'LOKI_BEARER_TOKEN', about: 'token sent as Authorization: Bearer' },
  { name: 'bearer-token-file', key: 'bearerTokenFile', kind: 'text', variable: 'LOKI_BEARER_TOKEN_FILE', about: 'file that holds the token' },
  { name: 'auth-header', key: 'authHeader', kind: 'text', variable: 'LOKI_AUTH_HEADER', about: 'header that carries the credentials instead of Authorization' },
  { name: 'query-tags', key: 'queryTags', kind: 'text', variable: 'LOKI_QUERY_TAGS', about: 'tags of the query, sent as X-Query-Tags' },
  { name: 'nocache', key: 'nocache', kind: 'flag', variable: 'LOKI_NO_CACHE', about: 'send Cache-Control: no-cache' },
  { name: 'ca-cert', key: 'caCert', kind: 'text', variable: 'LOKI_CA_CERT_PATH', about: 'file with the certificate authority of the server' },
  { name: 'tls-skip-verify', key: 'tlsSkipVerify', kind: 'flag', variable: 'LOKI_TLS_SKIP_VERIFY', about: "do not check the server's certificate" },
  { name: 'cert', key: 'cert', kind: 'text', variable: 'LOKI_CLIENT_CERT_PATH', about: 'file with the client certificate' },
  { name: 'key', key: 'key', kind: 'text', variable: 'LOKI_CLIENT_KEY_PATH', about: 'file with the key of the client certificate' },
  { name: 'retries', key: 'retries', kind: 'count', variable: 'LOKI_CLIENT_RETRIES', about: 'how often a failed request is repeated' },
  { name: 'min-backoff', key: 'minBackoff', kind: 'count', variable: 'LOKI_CLIENT_MIN_BACKOFF', about: 'shortest wait before a repetition, seconds' },
  { name: 'max-backoff', key: 'maxBackoff', kind: 'count', variable: 'LOKI_CLIENT_MAX_BACKOFF', about: 'longest wait before a repetition, seconds' },
  { name: 'compress', key: 'compress', kind: 'flag', variable: 'LOKI_HTTP_COMPRESSION', about: 'ask for a compressed answer' },
  { name: 'proxy-url', key: 'proxyUrl', kind: 'text', variable: 'LOKI_HTTP_PROXY_URL', about: 'HTTP proxy to go through' },
  { name: 'envproxy', key: 'envproxy', kind: 'flag', variable: 'LOKI_ENV_PROXY', about: 'use the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name' },
];

const defaultAddress = 'http://localhost:3100';

/** Adds the connection flags to a command; they are understood before and after the name of a subcommand. */
export function addConnectionFlags(command: Command): void {
  for (const flag of connectionFlags) {
    const shown = flag.name === 'addr' ? ` (default ${defaultAddress})` : '';
    command.addOption(new Option(`--${flag.name}${flag.kind === 'flag' ? '' : ' <value>'}`, `${flag.about}${shown} [${flag.variable}]`));
  }
  command.addOption(new Option('--header <line>', "further header of each request, 'Name: value'; may be repeated").argParser(collect).default([], 'none'));
}

/** For options that may be repeated. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

/** How to reach the server, from flags first, then from the environment, then the defaults. */
export function connectionOptions(flags: Readonly<Record<string, unknown>>, variables: Environment): ConnectionOptions {
  const values: Record<string, string | boolean | number> = {};
  for (const { name, key, kind, variable } of connectionFlags) {
    const given = flags[key];
    if (typeof given === 'boolean') values[key] = given;
    const text = typeof given === 'string' ? given : variables[variable];
    if (text === undefined || text === '' || typeof given === 'boolean') continue;
    const source = typeof given === 'string' ? `--${name}` : variable;
    values[key] = kind === 'text' ? text : kind === 'count' ? countOf(text, source) : flagOf(text, source);
  }
  const header = Array.isArray(flags['header']) ? (flags['header'] as readonly string[]) : [];
  return { addr: defaultAddress, authHeader: 'Authorization', retries: 0, minBackoff: 0, maxBackoff: 0, ...values, header, quiet: flags['quiet'] === true };
}

/** A whole number that is not negative; `source` names where it came from. */
export function countOf(text: string, source: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Failure(`${source}: "${text}" is not a whole number`);
  return Number(text);
}

function flagOf(text: string, source: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new Failure(`${source}: "${text}" is neither true nor false`);
}
