/**
 * Speed of LogQL's row path on one core: `node bench/logql.ts [--mb 64] [name…]`. Blocks as segments hand them over, lines already decompressed.
 * Figures are megabytes of lines (or millions of rows) per second of CPU time, the best of several runs.
 */
import { createScanner, parseQuery, type ScanTask } from '../src/logql/mod.ts';
import { planQuery } from '../src/logql/plan/planner.ts';
import { defaultLimits, labelSet, type RowBlock } from '../src/model/mod.ts';

const day = 20_000;
const blockBytes = 8 << 20;

/** A small generator of numbers, so that every run sees the same lines. */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}

const levels = ['info', 'info', 'info', 'info', 'debug', 'warn', 'error'];
const paths = ['/api/cart', '/api/orders', '/healthz', '/api/users/42/profile', '/static/app.js'];
const messages = ['request served', 'cache miss', 'connection reset by peer', 'retrying upstream', 'session refreshed', 'payment declined'];

function jsonLine(pick: (limit: number) => number, i: number): string {
  const id = (i * 2_654_435_761) >>> 0;
  return `{"ts":"2026-01-15T00:00:${String(i % 60).padStart(2, '0')}.${String(pick(1000)).padStart(3, '0')}Z","level":"${levels[pick(7)]}","logger":"shop.checkout","msg":"${messages[pick(6)]}","http":{"method":"GET","path":"${paths[pick(5)]}","status":${200 + pick(5) * 100},"latency_ms":${pick(100_000) / 100}},"trace_id":"${id.toString(16).padStart(8, '0').repeat(4)}","user":"usr-${pick(1000)}","retry":false}`;
}

function logfmtLine(pick: (limit: number) => number, i: number): string {
  return `ts=2026-01-15T00:00:${String(i % 60).padStart(2, '0')}Z level=${levels[pick(7)]} caller=pay.go:${pick(400)} org_id=${pick(9)} method=GET path=${paths[pick(5)]} status=${200 + pick(5) * 100} duration=${pick(100_000) / 100}ms bytes=${pick(60_000)} msg="${messages[pick(6)]}"`;
}

function nginxLine(pick: (limit: number) => number, i: number): string {
  return `10.${pick(256)}.${pick(256)}.${pick(256)} - - [15/Jan/2026:00:00:${String(i % 60).padStart(2, '0')} +0000] "GET ${paths[pick(5)]} HTTP/1.1" ${200 + pick(5) * 100} ${pick(60_000)} "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`;
}

const makers: Readonly<Record<string, (pick: (limit: number) => number, i: number) => string>> = { json: jsonLine, logfmt: logfmtLine, nginx: nginxLine };

/** One block of about 8 MiB of lines in streams of one format. */
function makeBlock(formats: readonly string[], seed: number): RowBlock {
  const pick = random(seed);
  const lines: Buffer[] = [];
  let bytes = 0;
  while (bytes < blockBytes) {
    const line = Buffer.from(makers[formats[lines.length % formats.length]!]!(pick, lines.length));
    bytes += line.length;
    lines.push(line);
  }
  const perStream = formats.flatMap((_, stream) => lines.filter((__, i) => i % formats.length === stream));
  const rows = lines.length;
  const block = {
    rows,
    day,
    streams: formats.map((app) => labelSet([['app', app], ['cluster', 'eu-west-1'], ['namespace', 'shop']])),
    stream: new Uint32Array(rows),
    time: new Float64Array(rows),
    order: { position: new Float64Array(rows), index: new Uint32Array(rows), partition: new Uint32Array(rows) },
    lineLength: new Uint32Array(rows),
    lines: { bytes: Buffer.concat(perStream), start: new Uint32Array(rows), length: new Uint32Array(rows) },
    metadata: { bytes: Buffer.alloc(0), start: new Uint32Array(rows), length: new Uint32Array(rows) },
  };
  let at = 0;
  const size = Math.ceil(rows / formats.length);
  for (const [i, line] of perStream.entries()) {
    block.stream[i] = Math.min(formats.length - 1, Math.floor(i / size));
    block.time[i] = (i % size) * 1e7;
    block.order.position[i] = 1;
    block.order.index[i] = i;
    block.lines.start[i] = at;
    block.lines.length[i] = line.length;
    block.lineLength[i] = line.length;
    at += line.length;
  }
  return block;
}

function taskOf(query: string): ScanTask {
  const limits = defaultLimits;
  const startNs = BigInt(day) * 86_400_000_000_000n;
  const plan = planQuery(parseQuery(query), {
    tenant: 'bench',
    time: { kind: 'range', startNs, endNs: startNs + 3_600_000_000_000n, stepNs: 60_000_000_000n, intervalNs: 0n },
    direction: 'backward',
    limit: 100,
    limits,
    partialSeries: false,
  });
  if (plan.kind === 'log') return plan.task;
  let node = plan.root;
  while (node.kind !== 'range') {
    if (!('input' in node)) throw new TypeError('a range aggregation is wanted');
    node = node.input;
  }
  return node.task;
}

const cases: readonly { readonly name: string; readonly formats: readonly string[]; readonly query: string }[] = [
  { name: 'needle', formats: ['json', 'logfmt', 'nginx'], query: '{app=~".+"} |= "0badc0de0badc0de"' },
  { name: 'needle_common', formats: ['json', 'logfmt', 'nginx'], query: 'count_over_time({app=~".+"} |= "GET" [1m])' },
  { name: 'regex_rare', formats: ['json', 'logfmt', 'nginx'], query: '{app=~".+"} |~ "(?i)cuda.*memory|connection refused"' },
  { name: 'regex_common', formats: ['json', 'logfmt', 'nginx'], query: 'count_over_time({app=~".+"} |~ "(?i)RESET|declined" [1m])' },
  { name: 'regex_no_literal', formats: ['json', 'logfmt', 'nginx'], query: 'count_over_time({app=~".+"} |~ "[45][0-9][0-9] [0-9]+ " [1m])' },
  { name: 'not_contains', formats: ['json', 'logfmt', 'nginx'], query: 'count_over_time({app=~".+"} != "healthz" != "debug" [1m])' },
  { name: 'json_group', formats: ['json'], query: 'sum by (level) (count_over_time({app=~".+"} | json [1m]))' },
  { name: 'json_nested', formats: ['json'], query: 'sum by (http_status) (count_over_time({app=~".+"} | json [1m]))' },
  { name: 'json_filter', formats: ['json'], query: '{app=~".+"} | json | level="fatal"' },
  { name: 'json_template', formats: ['json'], query: '{app=~".+"} | json | label_format x="{{.user}} {{.msg | upper}}" | x="nothing"' },
  { name: 'logfmt_group', formats: ['logfmt'], query: 'sum by (level) (count_over_time({app=~".+"} | logfmt [1m]))' },
  { name: 'logfmt_unwrap', formats: ['logfmt'], query: 'quantile_over_time(0.99, {app=~".+"} | logfmt | unwrap duration(duration) [1m]) by (path)' },
  { name: 'pattern_group', formats: ['nginx'], query: 'sum by (status) (count_over_time({app=~".+"} | pattern `<_> - - [<_>] "<_> <_> <_>" <status> <_>` [1m]))' },
  { name: 'regexp_group', formats: ['nginx'], query: 'sum by (status) (count_over_time({app=~".+"} | regexp `" (?P<status>\\d{3}) ` [1m]))' },
  { name: 'line_format', formats: ['logfmt'], query: '{app=~".+"} | logfmt | line_format "{{.method}} {{.path}} {{.status}}" |= "nothing"' },
  { name: 'count_all', formats: ['json', 'logfmt', 'nginx'], query: 'sum by (app) (count_over_time({app=~".+"}[1m]))' },
  { name: 'bytes_all', formats: ['json', 'logfmt', 'nginx'], query: 'sum by (app) (bytes_over_time({app=~".+"}[1m]))' },
];

function main(): void {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  for (const { name, formats, query } of cases) {
    if (names.length > 0 && !names.includes(name)) continue;
    const block = makeBlock(formats, 42);
    const task = taskOf(query);
    let best = Infinity;
    for (let run = 0; run < 6; run++) {
      const scanner = createScanner(task);
      const { order, lineLength, lines, metadata } = scanner.needs;
      const given: RowBlock = { ...block, order: order ? block.order : null, lineLength: lineLength ? block.lineLength : null, lines: lines ? block.lines : null, metadata: metadata ? block.metadata : null };
      const before = process.cpuUsage();
      const rounds = lines ? 3 : 30;
      for (let i = 0; i < rounds; i++) scanner.add(given);
      scanner.finish();
      const used = process.cpuUsage(before);
      best = Math.min(best, (used.user + used.system) / 1e6 / rounds);
    }
    const megabytes = (block.lines?.bytes.length ?? 0) / 1e6;
    process.stdout.write(`${name.padEnd(18)} ${(megabytes / best).toFixed(0).padStart(8)} MB/s ${(block.rows / best / 1e6).toFixed(1).padStart(9)} M rows/s   ${query}\n`);
  }
}

main();
