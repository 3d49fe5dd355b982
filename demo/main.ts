/**
 * `npm start`: a running spoor with logs in it. Starts the server and the agent as processes of their own, and a small shop whose services
 * write container log files, which the agent finds, reads and ships. Ctrl-C ends it all.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { reasonOf, systemClock } from '../src/model/mod.ts';
import { Part } from './processes.ts';
import { Workload } from './workload.ts';

const usage = `npm start -- [--listen 127.0.0.1:3100] [--dir .spoor/demo]

  --listen HOST:PORT  address of the server (also SPOOR_LISTEN)
  --dir FOLDER        where data and logs of the demo live; delete it to begin anew
`;
const pastSeconds = 600;

process.exitCode = await demo().catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  return 1;
});

async function demo(): Promise<number> {
  const { values } = parseArgs({ options: { listen: { type: 'string' }, dir: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const listen = values.listen ?? process.env['SPOOR_LISTEN'] ?? '127.0.0.1:3100';
  const dir = resolve(values.dir ?? join('.spoor', 'demo'));
  const address = addressOf(listen);
  await checkFree(listen);
  const ended = interruption();

  mkdirSync(dir, { recursive: true });
  const podsDir = join(dir, 'pods');
  const first = !existsSync(podsDir);
  process.stdout.write('starting spoor …\n');
  const server = new Part('serve', ['--data-dir', join(dir, 'data'), '--listen', listen], join(dir, 'server.log'));
  let agent: Part | undefined;
  let workload: Workload | undefined;
  try {
    await ready(address, server, ended.signal);
    const seed = systemClock.nowMs();
    workload = new Workload({ podsDir, clock: systemClock, seed, requestsPerSecond: 3, rotation: { bytesMax: first ? Infinity : 256 * 1024, filesMax: 4 } });
    const past = workload.writePast(first ? pastSeconds : 20);
    if (first) {
      // The history is not rotated away before the agent has seen it; from now on files rotate.
      workload.stop();
      workload = new Workload({ podsDir, clock: systemClock, seed: seed + 1, requestsPerSecond: 3, rotation: { bytesMax: 256 * 1024, filesMax: 4 } });
    }
    agent = new Part('agent', ['--pods-dir', podsDir, '--to', address, '--state-dir', join(dir, 'agent')], join(dir, 'agent.log'));
    const shown = past.findLast(({ failed }) => failed) ?? past.findLast(({ events }) => events.length > 6) ?? past.at(-1);
    const traceId = shown?.traceId ?? '';
    const arrived = await traceArrives(address, traceId, shown?.events.length ?? 0, agent, ended.signal);
    workload.start();
    if (!ended.signal.aborted) process.stdout.write(greeting(address, listen, dir, traceId, arrived));
    await Promise.race([ended.promise, server.ended, agent.ended]);
    if (!ended.signal.aborted) throw failure(server.running ? 'the agent' : 'the server', server.running ? agent : server);
  } finally {
    if (ended.signal.aborted) process.stdout.write('\nstopping …\n');
    workload?.stop();
    await agent?.stop(15_000);
    const how = await server.stop(60_000);
    if (ended.signal.aborted) process.stdout.write(how === 'ended with code 0' ? 'stopped; npm start goes on with the same data\n' : `the server ${how}; its log: ${join(dir, 'server.log')}\n`);
  }
  return 0;
}

/**
 * Resolves, and aborts its signal, at the first Ctrl-C. A second one ends the process at once (the parts then end by themselves); within the first
 * second it is the same one, since npm hands on what the terminal has sent to all of us.
 */
function interruption(): { readonly promise: Promise<void>; readonly signal: AbortSignal } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const promise = new Promise<void>((resolve) => {
    const interrupt = (): void => {
      if (controller.signal.aborted) return;
      controller.abort();
      resolve();
      setTimeout(() => names.forEach((name) => process.off(name, interrupt)), 1000).unref();
    };
    for (const name of names) process.on(name, interrupt);
  });
  return { promise, signal: controller.signal };
}

function addressOf(listen: string): string {
  const url = URL.canParse(`http://${listen}`) ? new URL(`http://${listen}`) : undefined;
  if (url === undefined || url.port === '' || url.pathname !== '/') throw new Error(`"${listen}" is no address to listen on; write it like 127.0.0.1:3100`);
  const host = url.hostname === '0.0.0.0' ? '127.0.0.1' : url.hostname === '[::]' ? '[::1]' : url.hostname;
  return `http://${host}:${url.port}`;
}

async function checkFree(listen: string): Promise<void> {
  const { hostname, port } = new URL(`http://${listen}`);
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new Error(`${listen} is taken, perhaps by another spoor. Choose another port:\n\n  npm start -- --listen 127.0.0.1:3200\n  SPOOR_LISTEN=127.0.0.1:3200 npm start`));
      else reject(new Error(`cannot listen on ${listen}: ${error.message}`));
    });
    probe.listen(Number(port), hostname.replaceAll(/[[\]]/g, ''), () => probe.close(() => resolve()));
  });
}

function failure(who: string, part: Part): Error {
  const words = part.lastWords(15);
  if (/data_dir_in_use|agent_state_dir_in_use/.test(words)) return new Error('the folder of the demo is in use, perhaps by another npm start. End that one, or choose another folder:\n\n  npm start -- --listen 127.0.0.1:3200 --dir .spoor/second');
  return new Error(`${who} ended by itself. The last lines of its log:\n\n${words}`);
}

async function ready(address: string, server: Part, signal: AbortSignal): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (signal.aborted) return;
    if (!server.running) throw failure('the server', server);
    const answer = await fetch(`${address}/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok === true) return;
    await sleep(100);
  }
  throw new Error(`the server was not ready after 30 s. The last lines of its log:\n\n${server.lastWords(15)}`);
}

/** Whether the whole trace can be asked for, at the latest after 20 s. */
async function traceArrives(address: string, traceId: string, entries: number, agent: Part, signal: AbortSignal): Promise<boolean> {
  for (let i = 0; i < 100 && !signal.aborted && agent.running; i++) {
    const answer = await fetch(`${address}/spoor/api/v1/traces/${traceId}`).catch(() => undefined);
    const body = (await answer?.json().catch(() => undefined)) as { readonly data?: { readonly entries?: readonly unknown[] } } | undefined;
    if ((body?.data?.entries?.length ?? 0) >= entries) return true;
    await sleep(200);
  }
  return false;
}

function greeting(address: string, listen: string, dir: string, traceId: string, arrived: boolean): string {
  const prefix = listen === '127.0.0.1:3100' ? '' : `LOKI_ADDR=${address} `;
  const late = arrived ? '' : `\nThe first logs have not arrived yet; should they stay away, look into ${join(dir, 'agent.log')}\n`;
  return `
spoor is running, and a small shop writes logs into it.

  look at it    ${address}/
  Grafana       add a Loki data source with the URL ${address}

Three commands to try in another terminal:

  ${prefix}npx spoor tail '{namespace="shop"}'
  ${prefix}npx spoor query '{container="checkout"} |= "ERROR"' --since 15m
  ${prefix}npx spoor trace ${traceId}
${late}
Container logs, data and the logs of server and agent are in ${dir}
Ctrl-C ends it all.
`;
}
