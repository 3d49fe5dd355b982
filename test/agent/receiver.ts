import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { uncompressSync } from 'snappy';

/** An entry as a push carries it. */
export interface ReceivedEntry {
  readonly labels: string;
  readonly timeNs: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the receiver answers: before storing, after storing, or by cutting the connection after storing. */
export type Behaviour = (requestNumber: number) => Answer;
type Answer =
  | 'store' | 'reset' | 'reset-after-store' | 'hang'
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string>; readonly store?: boolean; readonly storeIf?: (entry: ReceivedEntry) => boolean };

/** A push receiver that keeps what a Loki server would keep: one of equal (labels, time, line, metadata). */
export class Receiver {
  /** Key of an entry → how often it came. */
  readonly entries = new Map<string, { readonly entry: ReceivedEntry; times: number }>();
  readonly headers: IncomingMessage['headers'][] = [];
  requests = 0;
  behaviour: Behaviour = () => 'store';
  /** Decides instead of `behaviour`, by what is pushed. */
  judge: ((entries: readonly ReceivedEntry[]) => Answer) | null = null;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('error', () => undefined);
      request.on('end', () => {
        this.requests++;
        this.headers.push(request.headers);
        const answer = this.judge === null ? this.behaviour(this.requests) : this.judge(decodePush(Buffer.concat(pieces)));
        const store = answer === 'store' || answer === 'reset-after-store' || (typeof answer === 'object' && (answer.store === true || answer.storeIf !== undefined));
        if (store) this.#store(Buffer.concat(pieces), typeof answer === 'object' ? answer.storeIf : undefined);
        if (answer === 'hang') return;
        if (answer === 'reset' || answer === 'reset-after-store') request.socket.destroy();
        else if (answer === 'store') response.writeHead(204).end();
        else response.writeHead(answer.status, { 'Content-Type': 'text/plain', ...answer.headers }).end(answer.body ?? '');
      });
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => resolve());
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Lines of entries, sorted by time, then line. */
  lines(filter: (entry: ReceivedEntry) => boolean = () => true): string[] {
    return this.list(filter).map((entry) => entry.line);
  }

  /** Entries, sorted by time, then line. */
  list(filter: (entry: ReceivedEntry) => boolean = () => true): ReceivedEntry[] {
    const entries = Array.from(this.entries.values(), ({ entry }) => entry).filter(filter);
    return entries.sort((a, b) => (a.timeNs === b.timeNs ? (a.line < b.line ? -1 : 1) : a.timeNs < b.timeNs ? -1 : 1));
  }

  #store(body: Buffer, wanted: (entry: ReceivedEntry) => boolean = () => true): void {
    for (const entry of decodePush(body)) {
      if (!wanted(entry)) continue;
      const key = JSON.stringify([entry.labels, String(entry.timeNs), entry.line, entry.metadata]);
      const known = this.entries.get(key);
      if (known === undefined) this.entries.set(key, { entry, times: 1 });
      else known.times++;
    }
  }
}

/** Decodes a Loki push by the published protobuf (logproto.PushRequest); written for the tests, apart from spoor's own decoder. */
export function decodePush(body: Buffer): ReceivedEntry[] {
  const entries: ReceivedEntry[] = [];
  for (const [field, stream] of fields(uncompressSync(body) as Buffer)) {
    if (field !== 1 || typeof stream === 'bigint') continue;
    let labels = '';
    for (const [streamField, value] of fields(stream)) {
      if (typeof value === 'bigint') continue;
      if (streamField === 1) labels = value.toString();
      if (streamField === 2) entries.push(decodeEntry(labels, value));
    }
  }
  return entries;
}

function decodeEntry(labels: string, bytes: Buffer): ReceivedEntry {
  let timeNs = 0n;
  let line = '';
  const metadata: Record<string, string> = {};
  for (const [field, value] of fields(bytes)) {
    if (typeof value === 'bigint') continue;
    if (field === 1) for (const [part, number] of fields(value)) timeNs += (number as bigint) * (part === 1 ? 1_000_000_000n : 1n);
    if (field === 2) line = value.toString('latin1');
    if (field === 3) {
      const pair = Array.from(fields(value), ([, text]) => text.toString());
      metadata[pair[0] ?? ''] = pair[1] ?? '';
    }
  }
  return { labels, timeNs, line: Buffer.from(line, 'latin1').toString('utf8'), metadata };
}

function* fields(bytes: Buffer): Generator<[number, Buffer | bigint]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('protobuf ends inside a number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) yield [tag >> 3, varint()];
    else {
      const length = Number(varint());
      yield [tag >> 3, bytes.subarray(at, at + length)];
      at += length;
    }
  }
}
