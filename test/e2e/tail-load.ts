import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { labelSet } from '../../src/model/mod.ts';
import { PushEncoder } from '../../src/protocols/mod.ts';
import { Api } from '../support/api.ts';
import { freePort, ServerProcess } from '../support/server.ts';

/**
 * Pushes lines at a steady rate to a server of its own while two clients tail them: one that reads as fast as it can, one that reads slowly. By hand:
 * `node test/e2e/tail-load.ts --rate 50000 --seconds 60`.
 */
export interface TailLoad {
  readonly linesPerSecond: number;
  readonly seconds: number;
  readonly lineBytes: number;
  /** What the slow client reads. */
  readonly slowBytesPerSecond: number;
}

/** What a client got. */
export interface TailCount {
  readonly lines: number;
  /** Lines that the server said it left out. */
  readonly announced: number;
  readonly repeated: number;
}

export interface TailLoadResult {
  readonly pushed: number;
  /** Lines per second that were acknowledged. */
  readonly rate: number;
  readonly fast: TailCount;
  readonly slow: TailCount;
  /** The server's resident memory in MiB: before, most, and at the end. */
  readonly memory: { readonly before: number; readonly most: number; readonly after: number };
}

const streams = Array.from({ length: 20 }, (_, i) => labelSet([['app', `load-${i % 4}`], ['pod', `pod-${i}`]]));

/** A tailing client that checks what it gets by the number in front of each line. */
class Client {
  readonly #socket: WebSocket;
  readonly #seen: Uint8Array;
  #bytesPerSecond: number;
  lines = 0;
  announced = 0;
  repeated = 0;
  failure: string | undefined;

  private constructor(socket: WebSocket, linesMax: number, bytesPerSecond: number) {
    this.#socket = socket;
    this.#seen = new Uint8Array(linesMax);
    this.#bytesPerSecond = bytesPerSecond;
    socket.on('message', (data: Buffer) => this.#take(data));
    socket.on('close', (code, reason) => (this.failure = `closed with ${code}: ${reason.toString('utf8')}`));
  }

  static async open(url: string, linesMax: number, bytesPerSecond: number): Promise<Client> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/loki/api/v1/tail?query=${encodeURIComponent('{app=~"load-.+"}')}`);
    await once(socket, 'open');
    return new Client(socket, linesMax, bytesPerSecond);
  }

  #take(data: Buffer): void {
    const frame = JSON.parse(data.toString('utf8')) as { streams: { values: [string, string][] }[]; dropped_entries: { count: number }[] | null };
    for (const { values } of frame.streams) {
      for (const [, line] of values) {
        const number = Number.parseInt(line, 10);
        if (this.#seen[number] === 1) this.repeated += 1;
        else this.#seen[number] = 1;
        this.lines += 1;
      }
    }
    for (const { count } of frame.dropped_entries ?? []) this.announced += count;
    if (this.#bytesPerSecond === Infinity) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), (data.length / this.#bytesPerSecond) * 1000);
  }

  hurry(): void {
    this.#bytesPerSecond = Infinity;
  }

  get count(): TailCount {
    const { lines, announced, repeated } = this;
    return { lines, announced, repeated };
  }

  /** Waits until all lines came or were said to be left out. */
  async has(lines: number, timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (this.lines + this.announced < lines && this.failure === undefined && performance.now() < endMs) await sleep(50);
    // A little longer, for ones too many.
    await sleep(300);
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.terminate();
  }
}

export async function runTailLoad({ linesPerSecond, seconds, lineBytes, slowBytesPerSecond }: TailLoad, log: (text: string) => void = () => undefined): Promise<TailLoadResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'spoor-tail-load-'));
  const environment = {
    SPOOR_LIMITS_INGESTION_RATE_MB: '10000', SPOOR_LIMITS_INGESTION_BURST_SIZE_MB: '10000', SPOOR_LIMITS_PER_STREAM_RATE_LIMIT: '10GB', SPOOR_LIMITS_PER_STREAM_RATE_LIMIT_BURST: '10GB',
  };
  const server = await ServerProcess.start({ dataDirectory: directory, port: await freePort(), environment });
  const api = new Api(server.url);
  const residentMiB = async (): Promise<number> => Math.round(((await api.metrics()).get('spoor_process_resident_memory_bytes') ?? 0) / 2 ** 20);
  const total = Math.ceil(linesPerSecond * seconds * 1.1);
  const clients: Client[] = [];
  try {
    const before = await residentMiB();
    let most = before;
    const [fast, slow] = [await Client.open(server.url, total, Infinity), await Client.open(server.url, total, slowBytesPerSecond)];
    clients.push(fast, slow);
    await sleep(300);
    const pusher = new Pusher(api, lineBytes);
    const startMs = performance.now();
    let nextReportMs = startMs + 1000;
    for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - startMs) / 1000) {
      const due = Math.min(total, Math.floor(elapsed * linesPerSecond)) - pusher.pushed;
      if (due >= linesPerSecond / 20) await pusher.push(Math.min(due, 20_000));
      else await sleep(10);
      if (performance.now() < nextReportMs) continue;
      nextReportMs += 1000;
      most = Math.max(most, await residentMiB());
      log(`${elapsed.toFixed(0)} s: pushed ${pusher.pushed}, fast ${JSON.stringify(fast.count)}, slow ${JSON.stringify(slow.count)}, RSS ${most} MiB`);
    }
    const rate = Math.round(pusher.pushed / ((performance.now() - startMs) / 1000));
    await fast.has(pusher.pushed, 30_000);
    slow.hurry();
    await slow.has(pusher.pushed, 60_000);
    for (const client of clients) if (client.failure !== undefined) throw new Error(client.failure);
    const after = await residentMiB();
    return { pushed: pusher.pushed, rate, fast: fast.count, slow: slow.count, memory: { before, most: Math.max(most, after), after } };
  } finally {
    for (const client of clients) client.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

class Pusher {
  readonly #api: Api;
  readonly #encoder = new PushEncoder();
  readonly #filler: string;
  pushed = 0;

  constructor(api: Api, lineBytes: number) {
    this.#api = api;
    this.#filler = ' level=info msg="a line that is tailed"'.padEnd(lineBytes - 8, ' lorem ipsum dolor sit amet');
  }

  async push(lines: number): Promise<void> {
    const timeNs = BigInt(Date.now()) * 1_000_000n;
    for (const [i, labels] of streams.entries()) {
      this.#encoder.stream(labels);
      for (let n = i; n < lines; n += streams.length) {
        const line = Buffer.from(`${String(this.pushed + n).padStart(8, '0')}${this.#filler}`);
        this.#encoder.entry(timeNs + BigInt(n), line, 0, line.length, none);
      }
    }
    const body = new Uint8Array(await this.#encoder.finish());
    await this.#api.text('/loki/api/v1/push', { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body });
    this.pushed += lines;
  }
}

const none = new Uint8Array(0);

if (import.meta.main) {
  const { values } = parseArgs({
    options: { rate: { type: 'string', default: '50000' }, seconds: { type: 'string', default: '60' }, 'line-bytes': { type: 'string', default: '200' }, 'slow-bytes': { type: 'string', default: '1000000' } },
  });
  const load = { linesPerSecond: Number(values.rate), seconds: Number(values.seconds), lineBytes: Number(values['line-bytes']), slowBytesPerSecond: Number(values['slow-bytes']) };
  const result = await runTailLoad(load, (text) => process.stdout.write(`${text}\n`));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}
