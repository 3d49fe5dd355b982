/** What the bench of the agent runs: spoor's agent with different settings, and the OpenTelemetry Collector, all reading the same files into the same sink. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where a run reads, writes and sends. */
export interface Place {
  /** `pods` of the corpus. */
  readonly podsDir: string;
  /** An empty folder of the run's own. */
  readonly folder: string;
  /** Port of the sink. */
  readonly sinkPort: number;
  /** A free port, for metrics. */
  readonly statusPort: number;
}

/** Something that reads log files and sends them. */
export interface Reader {
  readonly id: string;
  /** As the page names it. */
  readonly name: string;
  readonly what: string;
  spawn(place: Place): ChildProcess;
  /** Lines that were delivered, where it says so. */
  delivered(place: Place): Promise<number | null>;
}

/** What spoor's agent is measured with; keys of its configuration, as YAML flow. */
const settings = {
  plain: { name: 'plain', what: 'parse, multiline and redaction off', yaml: 'parse: [{format: none}]\nmultiline: off\nredact: {builtin: none}' },
  default: { name: 'as it comes', what: 'stack traces joined; JSON and logfmt parsed for level and trace ID, which become metadata; secrets redacted', yaml: '' },
  json: {
    name: 'JSON and metadata', what: 'fields of JSON and logfmt as metadata: level, trace_id, user_id, path, latency_ms; multiline and redaction off',
    yaml: 'parse: [{metadata: [level, trace_id, user_id, path, latency_ms]}]\nmultiline: off\nredact: {builtin: none}',
  },
  redact: { name: 'redaction', what: 'plain with what is redacted by default', yaml: 'parse: [{format: none}]\nmultiline: off' },
  'redact-all': { name: 'all redactions', what: 'plain with all that is built in, card numbers, addresses and IPs too', yaml: 'parse: [{format: none}]\nmultiline: off\nredact: {builtin: all}' },
  tail: {
    name: 'tail-based sampling', what: 'as it comes, and of traces those kept whole that have an error or take 850 ms, else 10 %; 32 MB for held lines',
    yaml: 'sampling: {tail: {window: 5s, fraction: 0.1, slow: 850ms}}',
  },
} as const;

export type AgentCase = keyof typeof settings;
export const agentCases = Object.keys(settings) as AgentCase[];

/** spoor's agent as the DaemonSet runs it: compiled, without flags for Node, with one arena of malloc. */
export function spoorAgent(dist: string, id: AgentCase, inspect: readonly string[] = []): Reader {
  const { name, what, yaml } = settings[id];
  return {
    id, name: `spoor, ${name}`, what,
    spawn: ({ podsDir, folder, sinkPort, statusPort }) => {
      const config = path.join(folder, 'agent.yaml');
      writeFileSync(config, [
        `pods_dir: ${podsDir}`, `state_dir: ${path.join(folder, 'state')}`, `to: http://127.0.0.1:${sinkPort}`, `listen: 127.0.0.1:${statusPort}`, 'log_level: warn', 'kubernetes: {enabled: false}', yaml, '',
      ].join('\n'));
      const main = `import(${JSON.stringify(path.join(dist, 'cli/main.js'))}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
      const flags = ['--disable-warning=ExperimentalWarning', ...inspect];
      return spawn(process.execPath, [...flags, '-e', main, 'agent', '--config', config], { stdio: ['ignore', log(folder), log(folder)], cwd: folder, env: { ...process.env, MALLOC_ARENA_MAX: '1' } });
    },
    delivered: async ({ statusPort }) => {
      const answer = await fetch(`http://127.0.0.1:${statusPort}/metrics`);
      const text = await answer.text();
      let total: number | null = null;
      for (const match of text.matchAll(/^spoor_agent_sent_lines_total(?:\{[^}]*\})? (\d+)/gm)) total = (total ?? 0) + Number(match[1]);
      return total;
    },
  };
}

/** The OpenTelemetry Collector with the filelog receiver and its container operator, sending OTLP over HTTP. */
export function collector(binary: string, id: 'plain' | 'json'): Reader {
  const json = id === 'json';
  const operators = ['      - {type: container, id: container-parser}', ...(json ? ['      - {type: json_parser, parse_from: body, on_error: send_quiet, if: \'body matches "^{"\', trace: {trace_id: {parse_from: attributes.trace_id}}, severity: {parse_from: attributes.level}}'] : [])];
  return {
    id: `otelcol-${id}`, name: `OpenTelemetry Collector, ${json ? 'JSON' : 'plain'}`,
    what: json ? 'container operator, JSON parsed into attributes, trace ID and severity; gzip' : 'container operator; no compression',
    spawn: ({ podsDir, folder, sinkPort }) => {
      const config = path.join(folder, 'otelcol.yaml');
      mkdirSync(path.join(folder, 'state'), { recursive: true });
      writeFileSync(config, [
        'receivers:', '  file_log:', `    include: ['${podsDir}/*/*/*.log']`, '    start_at: beginning', '    include_file_path: true', '    operators:', ...operators,
        'processors: {batch: {send_batch_size: 4096, send_batch_max_size: 8192}}',
        'exporters:', '  otlp_http:', `    endpoint: http://127.0.0.1:${sinkPort}`, `    compression: ${json ? 'gzip' : 'none'}`,
        'service:', '  telemetry: {metrics: {level: none}, logs: {level: error}}', '  pipelines: {logs: {receivers: [file_log], processors: [batch], exporters: [otlp_http]}}', '',
      ].join('\n'));
      return spawn(binary, ['--config', config], { stdio: ['ignore', log(folder), log(folder)], cwd: folder });
    },
    delivered: () => Promise.resolve(null),
  };
}

function log(folder: string): number {
  return openSync(path.join(folder, 'log'), 'a');
}
