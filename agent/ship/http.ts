import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { PushAnswer } from './answer.ts';

/** How to reach a server. */
export interface EndpointOptions {
  /** The server; `/loki/api/v1/push` is added unless the path ends in it already. */
  readonly url: string;
  /** Sent as X-Scope-OrgID. */
  readonly tenant?: string | undefined;
  readonly username?: string | undefined;
  /** Read anew for each request, as secrets are changed while the agent runs. */
  readonly passwordFile?: string | undefined;
  readonly bearerTokenFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
  readonly timeoutMs: number;
  readonly connections: number;
}

/** An answer, and how long to wait before the next attempt. */
export interface EndpointAnswer extends PushAnswer {
  readonly retryAfter: string | undefined;
}

const pushPath = '/loki/api/v1/push';
/** Bytes of an answer that are read; refusals name a few entries. */
const answerBytesMax = 64 * 1024;

/** The URL that pushes go to. */
export function pushUrl(base: string): URL {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(pushPath) ? path : path + pushPath;
  return url;
}

/** A server that takes Loki pushes, over connections that are kept. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#url = pushUrl(options.url);
    const keep = { keepAlive: true, maxSockets: options.connections };
    this.#agent = this.#url.protocol === 'https:'
      ? new HttpsAgent({
          ...keep, rejectUnauthorized: options.insecureSkipVerify !== true,
          ...(options.caFile === undefined ? {} : { ca: readFileSync(options.caFile) }),
          ...(options.certFile === undefined ? {} : { cert: readFileSync(options.certFile) }),
          ...(options.keyFile === undefined ? {} : { key: readFileSync(options.keyFile) }),
        })
      : new HttpAgent(keep);
  }

  /** Where pushes go, without secrets. */
  get url(): string {
    return this.#url.origin + this.#url.pathname;
  }

  /** Sends a body; rejects where there is no complete answer. */
  push(body: Uint8Array, signal: AbortSignal): Promise<EndpointAnswer> {
    const headers = this.#headers(body.length);
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const timeout = AbortSignal.timeout(this.#options.timeoutMs);
      const request = send(this.#url, { method: 'POST', headers, agent: this.#agent, signal: AbortSignal.any([signal, timeout]) }, (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.on('error', (error) => reject(timeout.aborted ? new Error(`no answer within ${this.#options.timeoutMs} ms`) : error));
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #headers(length: number): Record<string, string> {
    const { tenant, username, passwordFile, bearerTokenFile } = this.#options;
    const headers: Record<string, string> = { 'Content-Type': 'application/x-protobuf', 'Content-Length': String(length), 'User-Agent': 'spoor-agent' };
    if (tenant !== undefined) headers['X-Scope-OrgID'] = tenant;
    if (bearerTokenFile !== undefined) headers['Authorization'] = `Bearer ${readSecret(bearerTokenFile)}`;
    else if (username !== undefined) {
      const password = passwordFile === undefined ? '' : readSecret(passwordFile);
      headers['Authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    }
    return headers;
  }
}

function readSecret(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

async function readAnswer(response: IncomingMessage): Promise<EndpointAnswer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (length < answerBytesMax) pieces.push(piece);
    length += piece.length;
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    retryAfter: response.headers['retry-after'],
    body: Buffer.concat(pieces).subarray(0, answerBytesMax).toString('utf8').trim(),
  };
}
