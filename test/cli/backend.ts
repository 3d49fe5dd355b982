import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** An entry as the backend holds it. */
export interface StoredEntry {
  readonly timeNs: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly line: string;
}

/**
 * The other end of the wire for tests of the command line: answers `query_range` and `tail` over a list of entries as Loki does (start inclusive,
 * end exclusive, limit and direction), and everything else with what the test says. The real server has its tests in test/e2e.
 */
export class Backend {
  readonly entries: StoredEntry[] = [];
  /** Path and parameters of each request so far. */
  readonly requests: { readonly path: string; readonly parameters: URLSearchParams; readonly headers: IncomingMessage['headers'] }[] = [];
  /** Answers by path; a string is sent as text with status 400. */
  readonly answers = new Map<string, unknown>();
  /** Limit over which a request is refused, as max_entries_limit_per_query does. */
  entriesMax = 5000;
  /** Called when a tail has been opened, before its first frame. */
  onTail: (socket: WebSocket) => void = () => undefined;
  /** Refuses tails with this status. */
  refuseTail = 0;
  readonly tails = new Set<WebSocket>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #upgrades: WebSocketServer | undefined;
  #port = 0;

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get tailsOpened(): number {
    return this.requests.filter(({ path }) => path === '/loki/api/v1/tail').length;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    const upgrades = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const { parameters } = this.#note(request);
      if (this.refuseTail !== 0) {
        const body = 'parse error at line 1, col 1: syntax error';
        socket.end(`HTTP/1.1 ${this.refuseTail} Refused\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
        return;
      }
      upgrades.handleUpgrade(request, socket, head, (tail) => {
        this.tails.add(tail);
        tail.on('close', () => this.tails.delete(tail));
        this.onTail(tail);
        const startNs = BigInt(parameters.get('start') ?? '0');
        const history = this.entries.filter((entry) => entry.timeNs >= startNs).slice(-Number(parameters.get('limit') ?? '100'));
        if (history.length > 0) tail.send(frameOf(history));
      });
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => {
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#upgrades = upgrades;
  }

  /** Breaks every connection without a word and stops listening; start() takes the same port again. */
  async crash(): Promise<void> {
    const server = this.#server;
    for (const socket of this.#sockets) socket.destroy();
    this.#upgrades?.close();
    await new Promise((resolve) => {
      if (server === undefined) resolve(undefined);
      else server.close(resolve);
    });
  }

  /** Stores entries and sends them to the tails. */
  push(...entries: readonly StoredEntry[]): void {
    this.entries.push(...entries);
    for (const tail of this.tails) tail.send(frameOf(entries));
  }

  #note(request: IncomingMessage): { readonly path: string; readonly parameters: URLSearchParams } {
    const url = new URL(request.url ?? '/', 'http://backend');
    const noted = { path: url.pathname, parameters: url.searchParams, headers: request.headers };
    this.requests.push(noted);
    return noted;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { path, parameters } = this.#note(request);
    let answer = this.answers.get(path);
    if (answer === undefined && path === '/loki/api/v1/query_range') answer = this.#range(parameters);
    if (answer === undefined) answer = '404 page not found';
    if (typeof answer === 'function') {
      (answer as (response: ServerResponse) => void)(response);
      return;
    }
    response.writeHead(typeof answer === 'string' ? 400 : 200, { 'Content-Type': typeof answer === 'string' ? 'text/plain; charset=utf-8' : 'application/json' });
    response.end(typeof answer === 'string' ? `${answer}\n` : JSON.stringify(answer));
  }

  #range(parameters: URLSearchParams): unknown {
    const limit = Number(parameters.get('limit') ?? '100');
    if (limit > this.entriesMax) return `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${this.entriesMax})`;
    const [startNs, endNs] = [BigInt(parameters.get('start') ?? '0'), BigInt(parameters.get('end') ?? '0')];
    const forward = parameters.get('direction') === 'FORWARD';
    const found = this.entries.filter((entry) => entry.timeNs >= startNs && entry.timeNs < endNs);
    const sorted = found.toSorted((a, b) => (a.timeNs === b.timeNs ? 0 : a.timeNs < b.timeNs === forward ? -1 : 1)).slice(0, limit);
    return { status: 'success', data: { resultType: 'streams', result: streamsOf(sorted), stats: { summary: { totalLinesProcessed: found.length } } } };
  }
}

function streamsOf(entries: readonly StoredEntry[]): unknown[] {
  const streams = new Map<string, { readonly stream: unknown; readonly values: [string, string][] }>();
  for (const { timeNs, labels, line } of entries) {
    const key = JSON.stringify(labels);
    const stream = streams.get(key) ?? { stream: labels, values: [] };
    stream.values.push([String(timeNs), line]);
    streams.set(key, stream);
  }
  return Array.from(streams.values());
}

/** A frame of the tail. */
export function frameOf(entries: readonly StoredEntry[], dropped: unknown = null): string {
  return JSON.stringify({ streams: streamsOf(entries), dropped_entries: dropped });
}
