import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip, createInflate } from 'node:zlib';
import { WebSocket } from 'ws';
import { parseJson } from './answers.ts';
import { environment } from './environment.ts';
import { Failure, reasonOf } from './failure.ts';

/** How to reach the server. */
export interface ConnectionOptions {
  readonly addr: string;
  readonly orgId?: string;
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly bearerTokenFile?: string;
  readonly authHeader: string;
  readonly queryTags?: string;
  readonly nocache?: boolean;
  readonly caCert?: string;
  readonly tlsSkipVerify?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly retries: number;
  /** Seconds. */
  readonly minBackoff: number;
  /** Seconds. */
  readonly maxBackoff: number;
  readonly compress?: boolean;
  readonly proxyUrl?: string;
  readonly envproxy?: boolean;
  /** `Name: value` lines. */
  readonly header: readonly string[];
  /** Do not show the address of each request. */
  readonly quiet: boolean;
}

/** Parameters of a request, in order; undefined ones are left out, a list repeats the name. */
export type Parameters = Readonly<Record<string, string | number | bigint | readonly string[] | undefined>>;

const ndjsonType = 'application/x-ndjson';

/** Speaks Loki's HTTP API. */
export class Client {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #transport: RequestOptions & { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer; readonly rejectUnauthorized?: boolean };
  readonly #options: ConnectionOptions;
  readonly #note: (text: string) => void;

  constructor(options: ConnectionOptions, note: (text: string) => void) {
    this.#options = options;
    this.#base = baseOf(options.addr);
    this.#headers = headersOf(options);
    this.#note = note;
    const agent = agentOf(options, this.#base.protocol === 'https:');
    this.#transport = {
      ...(options.caCert === undefined ? {} : { ca: fileOf(options.caCert, '--ca-cert') }),
      ...(options.cert === undefined ? {} : { cert: fileOf(options.cert, '--cert') }),
      ...(options.key === undefined ? {} : { key: fileOf(options.key, '--key') }),
      ...(options.tlsSkipVerify === true ? { rejectUnauthorized: false } : {}),
      ...(agent === undefined ? {} : { agent }),
    };
  }

  /** GETs JSON. A refusal is a Failure with the server's own text and status. Repeats as `--retries` says. */
  async get(path: string, parameters: Parameters): Promise<unknown> {
    const url = this.#url(path, parameters);
    if (!this.#options.quiet) this.#note(url.href);
    for (let attempt = 0; ; attempt++) {
      try {
        return parseJson(await this.#fetch(url));
      } catch (error) {
        const passing = error instanceof Failure && (error.status === 0 || error.status === 429 || error.status >= 500);
        if (!passing || attempt >= this.#options.retries) throw error;
        this.#note(`${error.message.trimEnd()} (attempts left: ${this.#options.retries - attempt})`);
        const longest = Math.max(this.#options.minBackoff, this.#options.maxBackoff) * 1000;
        await sleep(Math.min(longest, this.#options.minBackoff * 1000 * 2 ** attempt));
      }
    }
  }

  /**
   * GETs lines of JSON, one after another, however many. Null where the server answers in another form, or refuses the request (400): it may know only JSON.
   * An answer that is cut off is a Failure. Not repeated: what was there already would come again.
   */
  async lines(path: string, parameters: Parameters): Promise<AsyncIterable<string> | null> {
    const url = this.#url(path, parameters);
    if (!this.#options.quiet) this.#note(url.href);
    const response = await this.#request(url, ndjsonType);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status <= 299 && response.headers['content-type']?.startsWith(ndjsonType) === true) return this.#linesOf(response);
    const text = await bodyOf(response).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    if (status > 299 && status !== 400) throw refusal(response, text);
    return null;
  }

  async *#linesOf(response: IncomingMessage): AsyncGenerator<string> {
    const lines = createInterface({ input: decoded(response), crlfDelay: Infinity });
    try {
      for await (const line of lines) if (line !== '') yield line;
    } catch (error) {
      throw this.#unreachable(error);
    } finally {
      response.destroy();
    }
    if (!response.complete) throw this.#unreachable(new Error('the answer was cut off'));
  }

  /** Opens a WebSocket. Resolves when it is open; a refusal is a Failure with the server's own text and status. */
  async open(path: string, parameters: Parameters): Promise<WebSocket> {
    const url = this.#url(path, parameters);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (!this.#options.quiet) this.#note(url.href);
    const socket = new WebSocket(url, { ...this.#transport, headers: this.#headers, handshakeTimeout: 30_000, maxPayload: 256 * 2 ** 20, skipUTF8Validation: true });
    // Nothing is read before the caller listens, so no frame is lost between the two.
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        socket.pause();
        resolve(socket);
      });
      socket.once('error', (error) => reject(this.#unreachable(error)));
      socket.once('unexpected-response', (_request, response) => {
        bodyOf(response).then(
          (text) => reject(refusal(response, text)),
          (error: unknown) => reject(this.#unreachable(error)),
        );
      });
    });
  }

  #url(path: string, parameters: Parameters): URL {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
    for (const [name, value] of Object.entries(parameters)) {
      if (value === undefined) continue;
      for (const item of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) url.searchParams.append(name, item);
    }
    return url;
  }

  async #fetch(url: URL): Promise<string> {
    const response = await this.#request(url, 'application/json');
    let text: string;
    try {
      text = await bodyOf(response);
    } catch (error) {
      throw this.#unreachable(error);
    }
    if ((response.statusCode ?? 0) < 200 || (response.statusCode ?? 0) > 299) throw refusal(response, text);
    return text;
  }

  #request(url: URL, accept: string): Promise<IncomingMessage> {
    const headers = { ...this.#headers, Accept: accept, 'Accept-Encoding': this.#options.compress === true ? 'gzip, deflate' : 'identity' };
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { ...this.#transport, headers }, resolve);
      request.once('error', (error) => reject(this.#unreachable(error)));
      request.end();
    });
  }

  #unreachable(error: unknown): Failure {
    return new Failure(`cannot reach ${this.#base.origin}: ${reasonOf(error)} (the address is set by --addr or LOKI_ADDR)`, 0, { cause: error });
  }
}

function decoded(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding'];
  const source = encoding === 'gzip' ? response.pipe(createGunzip()) : encoding === 'deflate' ? response.pipe(createInflate()) : response;
  if (source !== response) response.once('error', (error) => source.destroy(error));
  return source;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of decoded(response)) pieces.push(piece as Buffer);
  if (!response.complete) throw new Error('the answer was cut off');
  return Buffer.concat(pieces).toString('utf8');
}

function refusal(response: IncomingMessage, body: string): Failure {
  const status = response.statusCode ?? 0;
  let text = body.trim();
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string' && message !== '') text = message;
  } catch {
    // Plain text, as Loki answers.
  }
  return new Failure(text === '' ? `the server answered ${status} ${response.statusMessage ?? ''}`.trimEnd() : text, status);
}

function baseOf(address: string): URL {
  const text = /^https?:\/\//i.test(address) ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') throw new Failure(`"${address}" is not an address; write --addr or LOKI_ADDR like http://localhost:3100`);
  url.search = '';
  url.hash = '';
  return url;
}

function headersOf(options: ConnectionOptions): Record<string, string> {
  const headers: Record<string, string> = { 'User-Agent': 'spoor-cli' };
  if (options.orgId !== undefined) headers['X-Scope-OrgID'] = options.orgId;
  if (options.queryTags !== undefined) headers['X-Query-Tags'] = options.queryTags;
  if (options.nocache === true) headers['Cache-Control'] = 'no-cache';
  const basic = options.username !== undefined || options.password !== undefined;
  const bearer = options.bearerToken !== undefined || options.bearerTokenFile !== undefined;
  if (basic && bearer) throw new Failure('give either --username and --password or a bearer token, not both');
  if (options.bearerToken !== undefined && options.bearerTokenFile !== undefined) throw new Failure('give either --bearer-token or --bearer-token-file, not both');
  if (basic) headers[options.authHeader] = `Basic ${Buffer.from(`${options.username ?? ''}:${options.password ?? ''}`, 'utf8').toString('base64')}`;
  if (options.bearerToken !== undefined) headers[options.authHeader] = `Bearer ${options.bearerToken}`;
  if (options.bearerTokenFile !== undefined) headers[options.authHeader] = `Bearer ${fileOf(options.bearerTokenFile, '--bearer-token-file').toString('utf8').trim()}`;
  for (const line of options.header) {
    const match = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/s.exec(line);
    if (match === null) throw new Failure(`--header: "${line}" is not of the form 'Name: value'`);
    headers[match[1] ?? ''] = match[2] ?? '';
  }
  return headers;
}

function agentOf(options: ConnectionOptions, tls: boolean): HttpAgent | undefined {
  const variables = options.proxyUrl === undefined ? (options.envproxy === true ? environment() : undefined) : { HTTP_PROXY: options.proxyUrl, HTTPS_PROXY: options.proxyUrl };
  if (variables === undefined) return undefined;
  return tls ? new HttpsAgent({ proxyEnv: variables }) : new HttpAgent({ proxyEnv: variables });
}

function fileOf(path: string, flag: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure(`${flag}: ${reasonOf(error)}`, 0, { cause: error });
  }
}
