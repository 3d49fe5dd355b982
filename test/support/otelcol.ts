import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './server.ts';

/** Where an OpenTelemetry Collector comes from: $OTELCOL_BIN, PATH, ~/.cache/spoor-bin/otelcol; undefined where there is none. */
export function findCollector(): string | undefined {
  const named = process.env['OTELCOL_BIN'] ?? '';
  return [...(named === '' ? [] : [named]), ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'otelcol')), join(homedir(), '.cache/spoor-bin/otelcol')].find((path) => existsSync(path));
}

/** A Collector, in a process of its own, that takes OTLP over HTTP and hands it on by OTLP over HTTP. */
export class Collector {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Starts it with its configuration in `directory`; what it takes goes to `logsEndpoint`. */
  static async start(binary: string, directory: string, logsEndpoint: string, headers: Readonly<Record<string, string>>): Promise<Collector> {
    const port = await freePort();
    const config = join(directory, 'collector.yaml');
    writeFileSync(config, JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { otlphttp: { logs_endpoint: logsEndpoint, headers, sending_queue: { enabled: false } } },
      service: { telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } }, pipelines: { logs: { receivers: ['otlp'], exporters: ['otlphttp'] } } },
    }));
    const child = spawn(binary, ['--config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
      if (await connects(port)) return new Collector(`http://127.0.0.1:${port}`, child);
      await sleep(50);
    }
    child.kill('SIGKILL');
    throw new Error('the Collector does not listen');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
