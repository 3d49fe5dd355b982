import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { request as httpRequest, type IncomingMessage } from 'node:http';

/** How to reach a Kubernetes API server. */
export interface KubernetesAccess {
  /** `https://host:port`. */
  readonly url: string;
  /** Read anew for each request: service account tokens are replaced while the agent runs. */
  readonly tokenFile?: string | undefined;
  readonly token?: string | undefined;
  readonly caFile?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The access that Kubernetes gives to every pod; undefined outside a cluster. */
export function inClusterAccess(environment: Readonly<Record<string, string | undefined>>): KubernetesAccess | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined || host === '') return undefined;
  return { url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, tokenFile: `${serviceAccount}/token`, caFile: `${serviceAccount}/ca.crt` };
}

/** An answer that is not 200. */
export class KubernetesStatusError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'KubernetesStatusError';
    this.status = status;
  }
}

/** Most bytes of a list: 500 pods' metadata are about 2 MiB. */
const bodyBytesMax = 64 * 2 ** 20;
/** Most bytes of one watch event. */
const eventBytesMax = 4 * 2 ** 20;
/** No answer, or no byte of a list, for so long: the connection is given up. */
const idleMs = 30_000;

/** The two kinds of GET that following pods takes. */
export class KubernetesClient {
  readonly #access: KubernetesAccess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });

  constructor(access: KubernetesAccess) {
    this.#access = access;
  }

  /** GETs a JSON document. */
  async get(path: string, accept: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.#open(path, accept, signal);
    const body = await readBody(response);
    return JSON.parse(body) as unknown;
  }

  /** GETs a watch: one JSON document per line. Ends when the server ends it, or when nothing came for `silentMs`. */
  async *watch(path: string, accept: string, silentMs: number, signal: AbortSignal): AsyncGenerator {
    const response = await this.#open(path, accept, signal);
    response.setTimeout(silentMs, () => response.destroy(new Error(`the watch was silent for ${silentMs} ms`)));
    let rest = '';
    response.setEncoding('utf8');
    for await (const piece of response as AsyncIterable<string>) {
      rest += piece;
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        if (line.trim() !== '') yield JSON.parse(line) as unknown;
      }
      if (rest.length > eventBytesMax) throw new Error(`a watch event is over ${eventBytesMax} bytes`);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(path: string, accept: string, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(path, this.#access.url);
    const token = this.#access.tokenFile === undefined ? this.#access.token : readFileSync(this.#access.tokenFile, 'utf8').trim();
    const options: RequestOptions = {
      signal,
      headers: { Accept: accept, 'User-Agent': 'spoor-agent', ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
      ...(url.protocol === 'https:' ? { agent: this.#agent, rejectUnauthorized: this.#access.insecureSkipVerify !== true } : {}),
      ...(this.#access.caFile === undefined ? {} : { ca: readFileSync(this.#access.caFile) }),
    };
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
        if (response.statusCode === 200) {
          resolve(response);
          return;
        }
        readBody(response).then(
          (body) => reject(new KubernetesStatusError(response.statusCode ?? 0, `${response.statusCode} ${body.slice(0, 300)}`)),
          reject,
        );
      });
      request.setTimeout(idleMs, () => request.destroy(new Error(`no answer within ${idleMs} ms`)));
      request.on('error', reject);
      request.end();
    });
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > bodyBytesMax) throw new Error(`an answer is over ${bodyBytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
