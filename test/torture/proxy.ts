import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a push. */
export type Fate =
  | 'pass'
  /** 429 with Retry-After, nothing stored. */
  | 'busy'
  /** 500, nothing stored. */
  | 'error'
  /** 503 after the server stored it. */
  | 'error-after-store'
  /** The connection breaks while the push is read. */
  | 'cut'
  /** The connection breaks after the server stored it. */
  | 'cut-after-store';

/** A proxy in front of a server that does to pushes what networks and overloaded servers do. */
export class TroubleProxy {
  /** Decides about each push. */
  fate: () => Fate = () => 'pass';
  readonly counts: Record<Fate | 'unreachable', number> = { pass: 0, busy: 0, error: 0, 'error-after-store': 0, cut: 0, 'cut-after-store': 0, unreachable: 0 };
  readonly #server: Server;
  readonly #target: URL;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((request, response) => this.#handle(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
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

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const fate = this.fate();
    this.counts[fate]++;
    request.on('error', () => undefined);
    if (fate === 'cut') {
      request.once('data', () => request.socket.destroy());
      return;
    }
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      if (fate === 'busy') response.writeHead(429, { 'Retry-After': '1' }).end('busy');
      else if (fate === 'error') response.writeHead(500).end('trouble');
      else this.#forward(request, Buffer.concat(pieces), response, fate);
    });
  }

  #forward(request: IncomingMessage, body: Buffer, response: ServerResponse, fate: Fate): void {
    const upstream = httpRequest({ host: this.#target.hostname, port: this.#target.port, path: request.url, method: request.method, headers: { ...request.headers, host: this.#target.host } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('error', () => request.socket.destroy());
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const { statusCode = 502 } = answer;
        if (fate === 'cut-after-store') request.socket.destroy();
        else if (fate === 'error-after-store' && statusCode < 300) response.writeHead(503).end('stored, but you do not know that');
        else response.writeHead(statusCode, answer.headers).end(Buffer.concat(pieces));
      });
    });
    upstream.on('error', () => {
      this.counts.unreachable++;
      request.socket.destroy();
    });
    upstream.end(body);
  }
}
