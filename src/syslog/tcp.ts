import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { FrameReader } from '../protocols/mod.ts';
import type { SyslogLog, SyslogMetrics } from './ports.ts';
import type { SyslogQueue } from './queue.ts';

const handshakeMs = 10_000;
/** At a stop a connection is read until it is silent for so long, and as many times at most. */
const drainPauseMs = 50;
const drainPausesMax = 40;

export interface TcpListenerSettings {
  readonly transport: 'tcp' | 'tls';
  readonly host: string;
  readonly port: number;
  readonly frameBytesMax: number;
  readonly connectionsMax: number;
  /** Time without a byte after which a connection is closed; 0 for none. */
  readonly idleMs: number;
  /** Certificate, key and so on, for TLS. */
  readonly tls: TlsOptions | null;
}

/** Takes syslog messages over TCP or TLS. A connection is not read while the queue is full, so that its sender waits. */
export class TcpListener {
  readonly #settings: TcpListenerSettings;
  readonly #queue: SyslogQueue;
  readonly #metrics: SyslogMetrics;
  readonly #log: SyslogLog;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();

  constructor(settings: TcpListenerSettings, queue: SyslogQueue, metrics: SyslogMetrics, log: SyslogLog) {
    this.#settings = settings;
    this.#queue = queue;
    this.#metrics = metrics;
    this.#log = log;
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#server = settings.tls === null ? createServer(accept) : createTlsServer({ ...settings.tls, handshakeTimeout: handshakeMs }, accept);
    this.#server.maxConnections = settings.connectionsMax;
    this.#server.on('drop', () => metrics.turnedAway(settings.transport));
    this.#server.on('tlsClientError', (error) => log.info({ transport: settings.transport, reason: error.message }, 'a TLS connection failed'));
  }

  /** Begins to listen; the address, with the port that it got. */
  async listen(): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ host: this.#settings.host, port: this.#settings.port }, resolve);
    await promise;
    this.#server.removeListener('error', reject);
    this.#server.on('error', (error) => this.#log.warn({ transport: this.#settings.transport, reason: error.message }, 'the syslog listener has trouble'));
    return this.#server.address() as AddressInfo;
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this.#settings, this.#queue, this.#metrics, this.#log);
    this.#connections.add(connection);
    this.#metrics.connections(this.#settings.transport, 1);
    socket.once('close', () => {
      this.#connections.delete(connection);
      this.#metrics.connections(this.#settings.transport, -1);
    });
  }

  /** Accepts no more, reads what senders have sent until then, and hands it to the queue. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => { this.#server.close(() => resolve()); });
    await Promise.all(Array.from(this.#connections, async (connection) => connection.drain()));
    await closed;
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #frames: FrameReader;
  readonly #settings: TcpListenerSettings;
  readonly #queue: SyslogQueue;
  readonly #metrics: SyslogMetrics;
  readonly #log: SyslogLog;
  readonly #peer: string;
  readonly #resume = (): void => {
    this.#waits = false;
    this.#socket.resume();
  };
  #waits = false;
  #ended = false;
  #received = 0;

  constructor(socket: Socket, settings: TcpListenerSettings, queue: SyslogQueue, metrics: SyslogMetrics, log: SyslogLog) {
    this.#socket = socket;
    this.#settings = settings;
    this.#queue = queue;
    this.#metrics = metrics;
    this.#log = log;
    this.#peer = plainAddress(socket.remoteAddress ?? '');
    this.#frames = new FrameReader(settings.frameBytesMax, (bytes, start, end, cut) => {
      if (cut) metrics.cut(settings.transport);
      queue.add(bytes, start, end, this.#peer);
    });
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('end', () => this.#end());
    // What a broken connection had sent counts all the same.
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
    if (settings.idleMs > 0) {
      socket.setTimeout(settings.idleMs, () => {
        // One that is not read has nothing to say.
        if (!this.#waits) this.close();
      });
    }
    if (queue.isFull) this.#wait();
  }

  #data(chunk: Buffer): void {
    if (this.#ended) return;
    this.#received += chunk.length;
    this.#metrics.received(this.#settings.transport, chunk.length);
    const fault = this.#frames.push(chunk);
    if (fault !== null) {
      this.#metrics.dropped(this.#settings.transport, 'frame', 1);
      this.#log.warn({ transport: this.#settings.transport, peer: this.#peer }, `a syslog connection was closed: ${fault}`);
      this.#ended = true;
      this.#queue.forgetRoom(this.#resume);
      this.#socket.destroy();
      return;
    }
    if (this.#queue.isFull) this.#wait();
  }

  #wait(): void {
    this.#waits = true;
    this.#socket.pause();
    this.#queue.onRoom(this.#resume);
  }

  /** Takes in what is left, once. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue.forgetRoom(this.#resume);
    if (this.#frames.end() > 0) this.#metrics.dropped(this.#settings.transport, 'unfinished', 1);
  }

  /** Reads on until nothing comes any more, but not for long, and closes. */
  async drain(): Promise<void> {
    for (let pause = 0; pause < drainPausesMax && !this.#ended; pause++) {
      const before = this.#received;
      await new Promise<void>((resolve) => { setTimeout(resolve, drainPauseMs); });
      if (this.#received === before && !this.#waits) break;
    }
    this.close();
  }

  close(): void {
    this.#end();
    this.#socket.destroy();
  }
}

/** An IPv4 address as such, where the socket speaks both. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
