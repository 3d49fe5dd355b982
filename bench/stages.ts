/**
 * Runs parser stages over generated lines: `node bench/stages.ts [--mb 32] [--runs 5]`. One thread; MB/s of line bytes, the median of the runs.
 */
import { parseArgs } from 'node:util';
import type { Grouping, Stage } from '../src/logql/syntax/mod.ts';
import { parseQuery } from '../src/logql/syntax/mod.ts';
import { compilePipeline } from '../src/logql/stages/compile.ts';
import { allLabels, type LabelNeeds } from '../src/logql/stages/hints.ts';
import { LabelsBuilder } from '../src/logql/stages/labels-builder.ts';
import { Row } from '../src/logql/stages/stage.ts';
import { labelSet } from '../src/model/mod.ts';

const { values: options } = parseArgs({ options: { mb: { type: 'string', default: '32' }, runs: { type: 'string', default: '5' } } });
const bytesMax = Number(options.mb) * 1e6;

let state = 1;
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};
const below = (n: number): number => Math.floor(random() * n);
const pick = <T>(of: readonly T[]): T => of[below(of.length)]!;
const hex = (digits: number): string => Array.from({ length: digits }, () => below(16).toString(16)).join('');

const makers: Readonly<Record<string, () => string>> = {
  json: () =>
    JSON.stringify({
      timestamp: new Date(1.76e12 + below(1e9)).toISOString(), level: pick(['info', 'warn', 'error']), service: 'checkout', message: 'request completed', trace_id: hex(32), span_id: hex(16),
      user_id: `usr-${below(200_000)}`, method: pick(['GET', 'POST']), path: '/api/v1/cart/items', status: pick([200, 204, 404]), latency_ms: Number((random() * 100).toFixed(3)), bytes: below(90_000),
      http: { host: 'checkout.svc.cluster.local', version: '1.1' }, tags: ['a', 'b'],
    }),
  logfmt: () =>
    `ts=${new Date(1.76e12 + below(1e9)).toISOString()} level=${pick(['info', 'warn', 'error'])} caller=http.go:${below(400)} component=api msg="request completed" trace_id=${hex(32)} user_id=usr-${below(200_000)} duration=${(random() * 100).toFixed(2)}ms status=200 bytes=${below(50_000)}`,
  nginx: () =>
    `10.${below(256)}.${below(256)}.${below(256)} - alice [20/Nov/2026:10:00:00 +0000] "GET /api/v1/cart?session=${hex(10)} HTTP/1.1" ${pick([200, 404])} ${below(60_000)} "-" "kube-probe/1.34" ${random().toFixed(3)}`,
};

interface Lines {
  readonly bytes: Buffer;
  readonly starts: readonly number[];
}

function lines(make: () => string): Lines {
  const parts: Buffer[] = [];
  const starts = [0];
  while (starts.at(-1)! < bytesMax) {
    const line = Buffer.from(make());
    parts.push(line);
    starts.push(starts.at(-1)! + line.length);
  }
  return { bytes: Buffer.concat(parts), starts };
}

function run(stages: readonly Stage[], needs: LabelNeeds, { bytes, starts }: Lines): number {
  const labels = new LabelsBuilder(needs);
  const row = new Row(labels);
  const compiled = compilePipeline(stages, labels, null);
  const grouped = needs.required !== null;
  labels.resetStream(labelSet([['app', 'shop'], ['pod', 'shop-1']]));
  let sum = 0;
  const began = performance.now();
  for (let i = 0; i + 1 < starts.length; i++) {
    labels.resetRow(null, 0, 0);
    row.bytes = bytes;
    row.start = starts[i]!;
    row.end = starts[i + 1]!;
    let stays = true;
    for (const stage of compiled) stays &&= stage.process(row);
    if (stays) sum += grouped ? labels.groupedResult().id : row.end;
  }
  const seconds = (performance.now() - began) / 1000;
  if (!Number.isFinite(sum)) throw new Error('no sum');
  return bytes.length / 1e6 / seconds;
}

const by = (...names: string[]): LabelNeeds => {
  const grouping: Grouping = { without: false, labels: names };
  return { required: names, skipParsers: false, grouping, keepErrors: false, filterWhileParsing: false };
};

const cases: readonly (readonly [name: string, kind: string, stages: string, needs: LabelNeeds])[] = [
  ['json, one label wanted (level, second of 14)', 'json', '| json', by('level')],
  ['json, one label wanted (status, 10th of 14)', 'json', '| json', by('status')],
  ['json, one nested label wanted', 'json', '| json', by('http_version')],
  ['json, one label wanted that is not there', 'json', '| json', by('missing')],
  ['json, two labels wanted', 'json', '| json', by('level', 'status')],
  ['json, all labels, none read', 'json', '| json', allLabels],
  ['json, all labels, a filter', 'json', '| json | status >= 400', allLabels],
  ['json with an expression', 'json', '| json v="http.version"', by('v')],
  ['logfmt, one label wanted (level, second of 10)', 'logfmt', '| logfmt', by('level')],
  ['logfmt, one label wanted (status, 9th of 10)', 'logfmt', '| logfmt', by('status')],
  ['logfmt, one label wanted that is not there', 'logfmt', '| logfmt', by('missing')],
  ['logfmt, all labels, a filter', 'logfmt', '| logfmt | level="error"', allLabels],
  ['logfmt with an expression', 'logfmt', '| logfmt level', by('level')],
  ['pattern', 'nginx', '| pattern `<ip> - <user> [<_>] "<method> <path> <_>" <status> <size> <_>`', by('status')],
  ['regexp', 'nginx', '| regexp `"(?P<method>\\w+) (?P<path>\\S+) [^"]*" (?P<status>\\d{3})`', by('status')],
];

const data = new Map(Object.entries(makers).map(([kind, make]) => [kind, lines(make)]));
for (const [name, kind, stages, needs] of cases) {
  const query = parseQuery(`{a="b"} ${stages}`);
  if (query.kind !== 'log_query') throw new Error('not a log query');
  const speeds = Array.from({ length: Number(options.runs) }, () => run(query.stages, needs, data.get(kind)!)).sort((a, b) => a - b);
  process.stdout.write(`${name.padEnd(50)} ${speeds[speeds.length >> 1]!.toFixed(0).padStart(6)} MB/s\n`);
}
