import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** How to reach a server. */
export interface HttpOptions {
  readonly url: URL;
  readonly username?: string | undefined;
  /** Read anew for each request, as secrets are changed while the agent runs. */
  readonly passwordFile?: string | undefined;
  readonly bearerTokenFile?: string | undefined;
  /** Sent as `Authorization: ApiKey …`, which Elasticsearch takes. */
  readonly apiKeyFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A request whose answer is not complete by then has failed. */
  readonly timeoutMs: number;
  readonly connections: number;
}

/** A complete answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  /** Cut at the limit of the call. */
  readonly body: Buffer;
}

/** Bytes of an answer that are read where nothing else is said; refusals name a few entries. */
const answerBytesMax = 64 * 1024;

/** `base` with `path` added, unless it ends in it. */
export function withPath(base: string, path: string): URL {
  const url = new URL(base);
  const own = url.pathname.replace(/\/+$/, '');
  url.pathname = own.endsWith(path) ? own : own + path;
  return url;
}

/** A server that takes posts, over connections that are kept. */
export class HttpTarget {
  readonly #options: HttpOptions;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(options: HttpOptions) {
    this.#options = options;
    const keep = { keepAlive: true, maxSockets: options.connections };
    this.#agent = options.url.protocol === 'https:'
      ? new HttpsAgent({
          ...keep, rejectUnauthorized: options.insecureSkipVerify !== true,
          ...(options.caFile === undefined ? {} : { ca: readFileSync(options.caFile) }),
          ...(options.certFile === undefined ? {} : { cert: readFileSync(options.certFile) }),
          ...(options.keyFile === undefined ? {} : { key: readFileSync(options.keyFile) }),
        })
      : new HttpAgent(keep);
  }

  /** Where posts go, without secrets. */
  get where(): string {
    return this.#options.url.origin + this.#options.url.pathname;
  }

  /** Sends a body; rejects where there is no complete answer. */
  post(body: Uint8Array, headers: Readonly<Record<string, string>>, signal: AbortSignal, bytesMax = answerBytesMax): Promise<HttpAnswer> {
    const { url, timeoutMs } = this.#options;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      const all = { ...this.#options.headers, ...headers, ...this.#authorization(), 'Content-Length': String(body.length), 'User-Agent': 'spoor-agent' };
      const request = send(url, { method: 'POST', headers: all, agent: this.#agent, signal: AbortSignal.any([signal, timeout]) }, (response) => {
        readAnswer(response, bytesMax).then(resolve, fail);
      });
      const fail = (error: unknown): void => reject(timeout.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error);
      request.on('error', fail);
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #authorization(): Record<string, string> {
    const { username, passwordFile, bearerTokenFile, apiKeyFile } = this.#options;
    if (bearerTokenFile !== undefined) return { Authorization: `Bearer ${readSecret(bearerTokenFile)}` };
    if (apiKeyFile !== undefined) return { Authorization: `ApiKey ${readSecret(apiKeyFile)}` };
    if (username === undefined) return {};
    const password = passwordFile === undefined ? '' : readSecret(passwordFile);
    return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }
}

function readSecret(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

async function readAnswer(response: IncomingMessage, bytesMax: number): Promise<HttpAnswer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (length < bytesMax) pieces.push(piece);
    length += piece.length;
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    retryAfter: response.headers['retry-after'],
    body: Buffer.concat(pieces).subarray(0, bytesMax),
  };
}
