/** The log stores that are measured, each as it is run by people who know it: one process on loopback with its data in one folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { work } from './corpus.ts';
import { freePort } from './machine.ts';

export type SystemName = 'spoor' | 'Loki' | 'VictoriaLogs';

/** How a system is started and spoken to. */
export interface System {
  readonly name: SystemName;
  readonly language: 'LogQL' | 'LogsQL';
  readonly readyPath: string;
  readonly pushPath: string;
  readonly flushPath: string;
  /** The folder of a data directory that is what is stored: no journals. */
  readonly storedPath: string;
  /** A folder of a data directory that is only a cache of what is stored elsewhere; empty before each first run. */
  readonly cachePath: string | null;
  /** Starts so fast that it is started again before each first run; else once before all of them. */
  readonly startsFast: boolean;
  spawn(data: string, port: number): Promise<ChildProcess> | ChildProcess;
}

/** A process of a system. */
export interface Running {
  readonly system: System;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a system over a data directory and waits until it is ready. */
export async function start(system: System, data: string): Promise<Running> {
  const port = await freePort();
  const child = await system.spawn(data, port);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; !(await fetch(url + system.readyPath).then(({ ok }) => ok, () => false)); attempt++) {
    if (child.exitCode !== null || attempt === 2400) throw new Error(`${system.name} did not get ready`);
    await sleep(50);
  }
  return {
    system, url, pid: child.pid ?? 0,
    async stop() {
      process.removeListener('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** What the processes complain of, all of them one after the other. */
function logFile(name: string): number {
  return openSync(path.join(work, `${name}.log`), 'a');
}

/** Limits that both LogQL systems get: old entries are taken, nothing is held back. */
const limits = (discovery: boolean): string => `
  reject_old_samples: false
${discovery ? '' : '  discover_service_name: []\n  discover_log_levels: false\n'}  ingestion_rate_mb: 10000
  ingestion_burst_size_mb: 10000
  per_stream_rate_limit: 10GB
  per_stream_rate_limit_burst: 10GB
  max_global_streams_per_user: 0
  max_query_series: 10000
  split_queries_by_interval: 1h
`;

export interface SpoorOptions {
  /** A folder with compiled sources, as `npm run build` makes it. */
  readonly dist: string;
  /** Service names and levels are discovered, as they are unless one switches it off. */
  readonly discovery?: boolean;
  /** Further SPOOR_… variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** spoor as the published package runs: compiled, with the flags that bin/spoor.js gives. */
export function spoor({ dist, discovery = false, environment = {} }: SpoorOptions): System {
  return {
    name: 'spoor', language: 'LogQL', readyPath: '/ready', pushPath: '/loki/api/v1/push', flushPath: '/flush', storedPath: 'objects', cachePath: 'cache', startsFast: true,
    spawn(data, port) {
      const config = path.join(work, `spoor-${discovery}.yaml`);
      writeFileSync(config, `limits:${limits(discovery)}`);
      const main = `import(${JSON.stringify(path.join(dist, 'cli/main.js'))}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
      const flags = ['--disable-warning=ExperimentalWarning', '--initial-old-space-size=96', '--single-threaded-gc'];
      return spawn(process.execPath, [...flags, '-e', main, 'serve', '--config', config, '--data-dir', data, '--listen', `127.0.0.1:${port}`], {
        stdio: ['ignore', 'ignore', logFile('spoor')],
        env: { ...process.env, SPOOR_LOG_LEVEL: 'warn', ...environment },
      });
    },
  };
}

/** Real Loki with the settings that ../shared/bench names: caches of answers off, old entries also looked for in memory. */
export function loki(binary: string, discovery = false): System {
  return {
    name: 'Loki', language: 'LogQL', readyPath: '/ready', pushPath: '/loki/api/v1/push', flushPath: '/flush', storedPath: 'chunks', cachePath: null, startsFast: false,
    async spawn(data, port) {
      const config = path.join(work, 'loki.yaml');
      writeFileSync(
        config,
        `auth_enabled: false
server: {http_listen_address: 127.0.0.1, http_listen_port: ${port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: ${await freePort()}, log_level: error, grpc_server_max_recv_msg_size: 104857600, grpc_server_max_send_msg_size: 104857600}
common:
  instance_addr: 127.0.0.1
  instance_interface_names: [lo]
  path_prefix: ${data}
  storage: {filesystem: {chunks_directory: ${data}/chunks, rules_directory: ${data}/rules}}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
storage_config: {use_thanos_objstore: false}
schema_config: {configs: [{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]}
query_range: {cache_results: false, cache_index_stats_results: false, cache_volume_results: false, cache_series_results: false, cache_label_results: false, cache_instant_metric_results: false, max_retries: 1}
querier: {query_ingesters_within: 0s}
ingester: {chunk_encoding: snappy, wal: {flush_on_shutdown: true}, lifecycler: {min_ready_duration: 0s}}
pattern_ingester: {enabled: false}
limits_config:${limits(discovery)}
analytics: {reporting_enabled: false}
`,
      );
      return spawn(binary, [`-config.file=${config}`], { stdio: ['ignore', 'ignore', logFile('loki')], env: { ...process.env, TZ: 'UTC' }, cwd: data });
    },
  };
}

/** Real VictoriaLogs with its defaults, except that it keeps old entries. It takes JSON lines apart when they come in. */
export function victoriaLogs(binary: string): System {
  return {
    name: 'VictoriaLogs', language: 'LogsQL', readyPath: '/health', pushPath: '/insert/loki/api/v1/push', flushPath: '/internal/force_flush', storedPath: '.', cachePath: null, startsFast: true,
    spawn: (data, port) => spawn(binary, [`-storageDataPath=${data}`, '-retentionPeriod=100y', `-httpListenAddr=127.0.0.1:${port}`, '-loggerLevel=ERROR'], { stdio: ['ignore', 'ignore', logFile('victorialogs')] }),
  };
}
