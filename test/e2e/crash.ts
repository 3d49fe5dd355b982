import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, ServerProcess } from '../support/server.ts';

/** A crash test: writers push numbered lines while the server is killed again and again. */
export interface CrashPlan {
  readonly dataDirectory: string;
  /** SPOOR_… variables of every start. */
  readonly environment: Readonly<Record<string, string>>;
  /** SPOOR_FAILPOINT of each start, in order; '' is a kill at a random time. */
  readonly failpoints: readonly string[];
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/** What was acknowledged and what is stored. */
export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Pushes that were repeated because their answer did not come. */
  readonly repeated: number;
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
  /** Lines that were never pushed. */
  readonly unknown: readonly string[];
}

interface Push {
  readonly body: string;
  readonly lines: readonly string[];
}

const writers = 3;
const linesPerPush = 20;
const startNs = BigInt(Date.now() - 600_000) * 1_000_000n;

/** Pushes until it is told to stop; each push is repeated unchanged until it is answered 204, some only after a flush. */
class Writer {
  readonly acknowledged: string[] = [];
  readonly pushed = new Set<string>();
  repeated = 0;
  readonly #number: number;
  readonly #url: string;
  readonly #random: () => number;
  #next = 0;

  constructor(number: number, url: string, random: () => number) {
    this.#number = number;
    this.#url = url;
    this.#random = random;
  }

  #make(): Push {
    const lines: string[] = [];
    const values: [string, string, Record<string, string>][] = [];
    for (let i = 0; i < linesPerPush; i++) {
      const n = this.#next++;
      const line = `writer ${this.#number} line ${n}`;
      lines.push(line);
      this.pushed.add(line);
      // Times go back and forth a little and repeat, as those of real shippers do.
      const timeNs = startNs + BigInt(Math.floor(n / 2) * 1_000_000 + Math.floor(this.#random() * 3) * 7_000_000);
      values.push([String(timeNs), line, { n: String(n) }]);
    }
    const streams = [0, 1].map((shard) => ({
      stream: { app: 'crash', writer: String(this.#number), shard: String(shard) },
      values: values.filter((_, i) => i % 2 === shard),
    }));
    return { body: JSON.stringify({ streams }), lines };
  }

  async run(stop: AbortSignal, afterFlush: () => Promise<void>): Promise<void> {
    while (!stop.aborted) {
      const push = this.#make();
      for (let tries = 0; ; tries++) {
        if (await this.#send(push)) break;
        this.repeated += 1;
        if (tries % 3 === 1) await afterFlush();
        await sleep(20);
      }
      this.acknowledged.push(...push.lines);
      await sleep(this.#random() * 5);
    }
  }

  async #send(push: Push): Promise<boolean> {
    try {
      const answer = await fetch(`${this.#url}/loki/api/v1/push`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: push.body, signal: AbortSignal.timeout(5000) });
      if (answer.status === 400) throw new TypeError(`push refused: ${await answer.text()}`);
      return answer.status === 204;
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('push refused')) throw error;
      return false;
    }
  }
}

/** Runs the plan and counts. */
export async function runCrashes(plan: CrashPlan): Promise<CrashReport> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = (failpoint: string): ServerProcess =>
    ServerProcess.spawn({ dataDirectory: plan.dataDirectory, port, environment: { ...plan.environment, ...(failpoint === '' ? {} : { SPOOR_FAILPOINT: failpoint }) } });
  const stop = new AbortController();
  const flush = async (): Promise<void> => {
    await fetch(`${url}/flush`, { method: 'POST', signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  };
  const all = Array.from({ length: writers }, (_, number) => new Writer(number, url, plan.random));
  const running = Promise.all(all.map((writer) => writer.run(stop.signal, flush)));
  // A writer that fails must not be an unhandled rejection while the loop below runs.
  running.catch(() => stop.abort());
  let kills = 0;
  for (const failpoint of plan.failpoints) {
    const server = start(failpoint);
    // It may reach its failpoint before it is ready: writers flush too.
    await Promise.race([server.ready().catch(() => undefined), server.exited]);
    await sleep(150 + plan.random() * 250);
    if (failpoint === '') await server.kill();
    else {
      while (server.running) {
        await Promise.race([flush(), server.exited]);
        await sleep(30);
      }
    }
    const { signal } = await server.exited;
    if (signal !== 'SIGKILL') throw new Error(`the server ended by itself:\n${server.output}`);
    kills += 1;
  }
  const last = start('');
  await last.ready();
  await sleep(200);
  stop.abort();
  await running;
  try {
    const stored = await readAll(url);
    const acknowledged = all.flatMap((writer) => writer.acknowledged);
    const pushed = new Set(all.flatMap((writer) => [...writer.pushed]));
    const counts = Map.groupBy(stored, (line) => line);
    return {
      kills,
      acknowledged: acknowledged.length,
      repeated: all.reduce((sum, writer) => sum + writer.repeated, 0),
      missing: acknowledged.filter((line) => !counts.has(line)),
      doubled: [...counts].filter(([, same]) => same.length > 1).map(([line]) => line),
      unknown: stored.filter((line) => !pushed.has(line)),
    };
  } finally {
    await last.stop();
  }
}

/** All lines, page by page; and the count that a metric query gives, which must be the same. */
async function readAll(url: string): Promise<string[]> {
  const lines: string[] = [];
  const limit = 5000;
  let fromNs = startNs - 1n;
  const seen = new Set<string>();
  for (;;) {
    const parameters = new URLSearchParams({ query: '{app="crash"}', start: String(fromNs), end: String(startNs + 3_600_000_000_000n), limit: String(limit), direction: 'forward' });
    const answer = await fetch(`${url}/loki/api/v1/query_range?${parameters.toString()}`);
    if (answer.status !== 200) throw new Error(`query answered ${answer.status}: ${await answer.text()}`);
    const { data } = (await answer.json()) as { data: { result: { stream: Record<string, string>; values: [string, string][] }[] } };
    const page = data.result.flatMap(({ stream, values }) => values.map(([time, line]) => ({ time: BigInt(time), line, key: `${JSON.stringify(stream)} ${time} ${line}` })));
    const last = page.reduce((max, { time }) => (time > max ? time : max), fromNs);
    // The next page begins at the last time again: rows of that time may have been cut off.
    for (const { line, key, time } of page) {
      if (page.length === limit && time === last) continue;
      if (seen.has(key)) throw new Error(`answered twice: ${key}`);
      seen.add(key);
      lines.push(line);
    }
    if (page.length < limit) break;
    fromNs = last;
  }
  const count = await fetch(`${url}/loki/api/v1/query?${new URLSearchParams({ query: 'sum(count_over_time({app="crash"}[2h]))', time: String(startNs + 3_600_000_000_000n) }).toString()}`);
  const { data } = (await count.json()) as { data: { result: { value: [number, string] }[] } };
  if (Number(data.result[0]?.value[1] ?? 0) !== lines.length) throw new Error(`count_over_time says ${data.result[0]?.value[1]}, the lines are ${lines.length}`);
  return lines;
}
