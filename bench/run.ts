/**
 * The benchmark beside Loki: `npm run bench -- --shared ../shared/bench [--mb 256] [--streams 120] [--write]`. Feeds spoor, and real Loki where LOKI_BIN names its
 * binary, the same corpus one after the other, asks both the same queries, and with --write makes docs/performance.md from the run. Figures of one run are
 * comparable with each other only: machines are noisy.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: path.resolve(root, '../shared/bench') },
    mb: { type: 'string', default: '256' },
    streams: { type: 'string', default: '120' },
    runs: { type: 'string', default: '4' },
    write: { type: 'boolean', default: false },
  },
});

interface Loaded {
  readonly rawMBperCpuSecond: number;
  readonly allRawMBperCpuSecond: number;
  readonly rawMBps: number;
  readonly p50ms: number;
  readonly p99ms: number;
  readonly peakMiB: number;
  readonly storedMB: number;
  readonly retries: number;
}

interface Answered {
  readonly id: string;
  readonly firstMs: number;
  readonly bestMs: number;
  readonly cpuSeconds: number;
  readonly digest: string;
}

interface Figures {
  readonly name: string;
  readonly load: Loaded;
  readonly queries: readonly Answered[];
  readonly eventLoopP99Ms: number | null;
}

interface System {
  readonly name: string;
  readonly port: number;
  start(data: string): ChildProcess;
}

const work = path.join(root, '.cache/bench');
const corpus = path.join(work, `corpus-${options.mb}-${options.streams}`);

/** Copies the shared scripts to where the package snappy can be resolved, and makes the corpus once. */
function prepare(): void {
  mkdirSync(work, { recursive: true });
  for (const file of ['generate.mjs', 'load.mjs', 'query.mjs', 'queries.json']) copyFileSync(path.join(options.shared, file), path.join(work, file));
  if (!existsSync(path.join(corpus, 'manifest.json'))) run('generate.mjs', ['--out', corpus, '--mb', options.mb, '--streams', options.streams]);
}

function run(script: string, args: readonly string[]): string {
  return execFileSync(process.execPath, [path.join(work, script), ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 });
}

const limits = `
  reject_old_samples: false
  discover_service_name: []
  discover_log_levels: false
  ingestion_rate_mb: 10000
  ingestion_burst_size_mb: 10000
  per_stream_rate_limit: 10GB
  per_stream_rate_limit_burst: 10GB
  max_global_streams_per_user: 0
  max_query_series: 10000
  split_queries_by_interval: 1h
`;

const spoor: System = {
  name: 'spoor',
  port: 13_181,
  start(data) {
    const config = path.join(work, 'spoor.yaml');
    writeFileSync(config, `limits:${limits}`);
    // As the published package runs: compiled, with the flags that bin/spoor.js gives.
    const start = `import(${JSON.stringify(path.join(root, 'dist/cli/main.js'))}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
    return spawn(process.execPath, ['--initial-old-space-size=96', '--single-threaded-gc', '-e', start, 'serve', '--config', config, '--data-dir', data, '--listen', `127.0.0.1:${this.port}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SPOOR_LOG_LEVEL: 'warn' },
    });
  },
};

function loki(binary: string): System {
  return {
    name: 'Loki',
    port: 13_182,
    start(data) {
      const config = path.join(work, 'loki.yaml');
      writeFileSync(
        config,
        `auth_enabled: false
server: {http_listen_address: 127.0.0.1, http_listen_port: ${this.port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: 13183, log_level: error, grpc_server_max_recv_msg_size: 104857600, grpc_server_max_send_msg_size: 104857600}
common:
  instance_addr: 127.0.0.1
  instance_interface_names: [lo]
  path_prefix: ${data}
  storage: {filesystem: {chunks_directory: ${data}/chunks, rules_directory: ${data}/rules}}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
storage_config: {use_thanos_objstore: false}
schema_config: {configs: [{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]}
query_range: {cache_results: false, max_retries: 1}
querier: {query_ingesters_within: 0s}
ingester: {chunk_encoding: snappy}
pattern_ingester: {enabled: false}
limits_config:${limits}
analytics: {reporting_enabled: false}
`,
      );
      return spawn(binary, [`-config.file=${config}`], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, TZ: 'UTC' } });
    },
  };
}

async function ready(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const answer = await fetch(`${url}/ready`).catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${url} is not ready after two minutes`);
}

async function measure(system: System): Promise<Figures> {
  const data = path.join(work, `data-${system.name}`);
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const child = system.start(data);
  const url = `http://127.0.0.1:${system.port}`;
  const pid = String(child.pid);
  try {
    await ready(url);
    const load = JSON.parse(run('load.mjs', ['--dir', corpus, '--url', `${url}/loki/api/v1/push`, '--pid', pid, '--flush', `${url}/flush`, '--data', data])) as Loaded;
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const delay = /^spoor_event_loop_delay_p99_seconds (\S+)$/m.exec(metrics)?.[1];
    const out = path.join(work, `queries-${system.name}.json`);
    run('query.mjs', ['--dir', corpus, '--url', url, '--pid', pid, '--runs', options.runs, '--json', out]);
    return { name: system.name, load, queries: JSON.parse(readFileSync(out, 'utf8')) as Answered[], eventLoopP99Ms: delay === undefined ? null : Math.round(Number(delay) * 1000) };
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

function page(all: readonly Figures[]): string {
  const names = all.map(({ name }) => name);
  const row = (what: string, value: (figures: Figures) => string): string => `| ${what} | ${all.map(value).join(' | ')} |`;
  const [first] = all;
  const head = (title: string): string => `| ${title} | ${names.join(' | ')} |\n|---|${names.map(() => '---').join('|')}|`;
  const queries = (first?.queries ?? []).map(({ id }, i) =>
    row(id, ({ queries: own }) => {
      const answer = own[i];
      if (answer === undefined) return '–';
      if (answer.digest.startsWith('ERROR')) return 'error';
      const same = answer.digest === all.at(-1)?.queries[i]?.digest;
      return `${answer.firstMs} / ${answer.bestMs} / ${answer.cpuSeconds}${same ? '' : ' (other answer)'}`;
    }),
  );
  return `# Performance

Written by \`npm run bench -- --write\` (bench/run.ts) on ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}. The corpus is that of
\`generate.mjs --mb ${options.mb} --streams ${options.streams}\`: JSON, logfmt, nginx, Java and plain lines with structured metadata. Both systems ran in this one run, one after
the other, each alone; compare columns, not days.

${head('ingest')}
${row('raw MB per CPU second until acknowledged', ({ load }) => String(load.rawMBperCpuSecond))}
${row('raw MB per CPU second until everything is stored', ({ load }) => String(load.allRawMBperCpuSecond))}
${row('raw MB per second, 4 connections', ({ load }) => String(load.rawMBps))}
${row('push latency p50 / p99 (ms)', ({ load }) => `${load.p50ms} / ${load.p99ms}`)}
${row('pushes refused and repeated', ({ load }) => String(load.retries))}
${row('stored (MB, everything in the data directory)', ({ load }) => String(load.storedMB))}
${row('peak memory (MiB)', ({ load }) => String(load.peakMiB))}
${row('event loop delay p99 while loading (ms)', ({ eventLoopP99Ms }) => (eventLoopP99Ms === null ? '–' : String(eventLoopP99Ms)))}

Queries: first run / best of the others (ms) / CPU seconds of the best.

${head('query')}
${queries.join('\n')}
`;
}

prepare();
execFileSync(process.execPath, [path.join(root, 'tools/build.ts')], { stdio: 'ignore' });
const systems = [spoor, ...(process.env['LOKI_BIN'] === undefined ? [] : [loki(process.env['LOKI_BIN'])])];
const figures: Figures[] = [];
for (const system of systems) figures.push(await measure(system));
const text = page(figures);
process.stdout.write(text);
if (options.write) writeFileSync(path.join(root, 'docs/performance.md'), text);
