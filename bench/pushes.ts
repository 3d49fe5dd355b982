/** Pushes of made-up streams, and a sender that counts. */
import http from 'node:http';
import type { LabelSet } from '../src/model/mod.ts';
import { PushEncoder } from '../src/protocols/mod.ts';

/** Rows of one stream. */
export interface StreamRows {
  readonly labels: LabelSet;
  readonly rows: readonly { readonly timeMs: number; readonly line: string }[];
}

/** A push body as Loki's clients send it: protobuf with snappy. */
export async function encodePush(streams: readonly StreamRows[]): Promise<Uint8Array> {
  const encoder = new PushEncoder(1024);
  for (const { labels, rows } of streams) {
    encoder.stream(labels);
    for (const { timeMs, line } of rows) encoder.entry(BigInt(timeMs) * 1_000_000n, Buffer.from(line));
  }
  return encoder.finish();
}

export interface Sent {
  readonly seconds: number;
  readonly p50ms: number;
  readonly p99ms: number;
  readonly refused: number;
}

/** Sends bodies over some connections; what is refused with 429 or 5xx is sent again. */
export async function send(url: string, count: number, body: (i: number) => Promise<Uint8Array>, connections: number): Promise<Sent> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const took = new Float64Array(count);
  let next = 0;
  let refused = 0;
  const began = performance.now();
  const sender = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      const content = await body(i);
      for (let attempt = 0; ; attempt++) {
        const start = performance.now();
        const { status, text } = await post(url, agent, content);
        took[i] = performance.now() - start;
        if (status < 300) break;
        if (attempt === 200 || (status !== 429 && status < 500)) throw new Error(`push answered ${status}: ${text.slice(0, 300)}`);
        refused++;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
  agent.destroy();
  took.sort();
  return { seconds: (performance.now() - began) / 1000, p50ms: took[count >> 1] ?? 0, p99ms: took[Math.floor(count * 0.99)] ?? 0, refused };
}

async function post(url: string, agent: http.Agent, body: Uint8Array): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'content-length': body.length };
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
