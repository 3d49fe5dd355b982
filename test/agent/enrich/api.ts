import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API server at its worst: every request is answered by hand. The well-behaved one is a real API server, in deploy.test.ts. */
export class Api {
  readonly requests: { readonly url: URL; readonly authorization: string | undefined; readonly accept: string | undefined }[] = [];
  readonly watches: ServerResponse[] = [];
  onRequest: (url: URL, response: ServerResponse) => void = () => undefined;
  readonly #server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://api');
    this.requests.push({ url, authorization: request.headers.authorization, accept: request.headers.accept });
    this.onRequest(url, response);
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve());
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Begins to answer a watch. */
  accept(response: ServerResponse): void {
    response.writeHead(200).flushHeaders();
    this.watches.push(response);
  }

  event(type: string, object: unknown): void {
    this.watches.at(-1)?.write(`${JSON.stringify({ type, object })}\n`);
  }
}

/** A pod as the API lists it. */
export const metadata = (uid: string, labels: Record<string, string>, resourceVersion = '1', annotations: Record<string, string> = {}) => ({ metadata: { name: `pod-${uid}`, namespace: 'ns', uid, labels, annotations, resourceVersion } });
/** A list of pods. */
export const list = (resourceVersion: string, items: readonly unknown[], next?: string): string => JSON.stringify({ metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) }, items });
