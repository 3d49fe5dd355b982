import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { statusPage } from './page.ts';
import type { StatusReport } from './report.ts';

/** What the status endpoint shows. */
export interface StatusSource {
  /** Prometheus text. */
  metrics(): string;
  /** What /status shows. */
  report(): StatusReport;
  /** Null when ready; else what is missing. */
  notReady(): string | null;
  /** Null while the agent makes progress; else what stands still. */
  notAlive(): string | null;
}

/** The running status endpoint. */
export interface StatusServer {
  /** The address that it listens on. */
  readonly address: string;
  close(): Promise<void>;
}

/** An answer: status, content type, body. */
type Answer = readonly [number, string, string];

/** Serves /metrics, /status, /ready and /healthz on `listen` (`host:port`, `:port` for every interface, port 0 for any free one). */
export async function startStatusServer(listen: string, source: StatusSource): Promise<StatusServer> {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replaceAll(/[[\]]/g, '');
  const port = Number(listen.slice(colon + 1));
  const server = createServer((request, response) => {
    const [status, type, body] = answer(source, request.method ?? '', request.url ?? '/', request.headers.accept ?? '');
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), 'Cache-Control': 'no-store' }).end(request.method === 'HEAD' ? undefined : body);
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

function answer(source: StatusSource, method: string, url: string, accept: string): Answer {
  if (method !== 'GET' && method !== 'HEAD') return [405, plain, '405 method not allowed\n'];
  const [path = '', query] = url.split('?');
  switch (path) {
    case '/metrics':
      return [200, 'text/plain; version=0.0.4; charset=utf-8', source.metrics()];
    case '/status': {
      // Browsers ask for HTML; everything else gets JSON.
      const format = new URLSearchParams(query).get('format') ?? (accept.includes('text/html') ? 'html' : 'json');
      return format === 'html' ? [200, 'text/html; charset=utf-8', statusPage(source.report())] : [200, 'application/json', `${JSON.stringify(source.report(), null, 1)}\n`];
    }
    case '/ready':
      return probe(source.notReady(), 'ready');
    case '/healthz':
      return probe(source.notAlive(), 'ok');
    default:
      return [404, plain, '404 page not found\n'];
  }
}

function probe(missing: string | null, good: string): Answer {
  return missing === null ? [200, plain, `${good}\n`] : [503, plain, `${missing}\n`];
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
