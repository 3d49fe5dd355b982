import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the status endpoint shows. */
export interface StatusSource {
  /** Prometheus text. */
  metrics(): string;
  /** Null when ready; else what is missing. */
  notReady(): string | null;
}

/** The running status endpoint. */
export interface StatusServer {
  /** The address that it listens on. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves /metrics and /ready on `listen` (`host:port`, `:port` for every interface, port 0 for any free one). */
export async function startStatusServer(listen: string, source: StatusSource): Promise<StatusServer> {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replaceAll(/[[\]]/g, '');
  const port = Number(listen.slice(colon + 1));
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, plain, '405 method not allowed\n');
    else if (path === '/metrics') answer(200, 'text/plain; version=0.0.4; charset=utf-8', source.metrics());
    else if (path === '/ready') {
      const missing = source.notReady();
      answer(missing === null ? 200 : 503, plain, missing === null ? 'ready\n' : `${missing}\n`);
    } else answer(404, plain, '404 page not found\n');
  });
  server.keepAliveTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host === '' ? undefined : host, () => resolve());
  });
  const { address, port: bound, family } = server.address() as AddressInfo;
  return { address: family === 'IPv6' ? `[${address}]:${bound}` : `${address}:${bound}`, close: () => closeServer(server) };
}

const plain = 'text/plain; charset=utf-8';

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
