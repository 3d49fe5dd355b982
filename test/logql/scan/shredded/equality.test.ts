import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bothWays, distinct, tasksOf } from './compare.ts';
import { generatedCase } from './generated.ts';
const words = fc.constantFrom('error', 'info', 'debug', 'GET', 'POST', '/api/v1/x', '/healthz', 'req-1a2b', 'usr-7', 'a b', 'x"y', 'x\\ny', 'é', '', 'null', '7f3a9c0b7f3a9c0b7f3a9c0b7f3a9c0b', 'Error: out of memory', 'level', '100ms', '1.5s');
const numbers = fc.oneof(fc.integer({ min: -3, max: 600 }).map(String), fc.constantFrom('1.5', '0.001', '1e3', '200', '500', '503', 'null', 'true'));
const json = (swap: boolean, space: string): fc.Arbitrary<string> =>
  fc.record({ level: words, status: numbers, path: words, deep: words, list: fc.array(numbers, { maxLength: 3 }), extra: fc.boolean() }).map(({ level, status, path, deep, list, extra }) => {
    const a = `"level":${space}${JSON.stringify(level)}`;
    const b = `"status":${space}${status}`;
    return `{${swap ? `${b},${a}` : `${a},${space}${b}`},"path":${JSON.stringify(path)},"http":{"host":${JSON.stringify(deep)},"v":${status}},"list":[${list.join(',')}]${extra ? `,"error":${JSON.stringify(path)},"level":"twice"` : ''}}`;
  });
const bare = words.filter((word) => !/[ "=\\]/.test(word));
const logfmt = fc.record({ level: bare, msg: words, duration: fc.constantFrom('1ms', '150ms', '2s', 'x', ''), status: numbers, last: fc.boolean() }).map(({ level, msg, duration, status, last }) =>
  `level=${level} msg=${JSON.stringify(msg)} duration=${duration} status=${status}${last ? ' err="bad \\"thing\\"" word' : ''}`);
const nginx = fc.record({ ip: fc.ipV4(), method: fc.constantFrom('GET', 'POST', '-'), path: bare, status: numbers, size: fc.nat(100_000), agent: words }).map(({ ip, method, path, status, size, agent }) =>
  `${ip} - - [20/Nov/2026:00:00:01 +0000] "${method} ${path}?s=${size.toString(16)} HTTP/1.1" ${status} ${size} "${agent}"`);
const text = fc.array(words, { maxLength: 6 }).map((some) => some.join(' '));
const junk = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some).toString('latin1')));
const kinds: readonly fc.Arbitrary<string>[] = [json(false, ''), json(false, ''), json(true, ' '), logfmt, logfmt, nginx, nginx, text, junk];
const line = fc.oneof(...kinds);

const stream = fc.constantFrom<Readonly<Record<string, string>>>({ app: 'a' }, { app: 'b', level: 'stream' }, { app: 'c', status: '1' });
const metadata = fc.constantFrom<fc.Arbitrary<Readonly<Record<string, string>>>>(fc.constant({}), fc.record({ trace_id: words }), fc.record({ level: words, pod: words }));

/** Rows of few kinds, so that templates have several rows each. */
const rows = fc.tuple(fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 1, maxLength: 2 }), fc.uniqueArray(metadata, { minLength: 1, maxLength: 2 })).chain(([lines, pairs]) =>
  fc.array(fc.record({ stream, time: fc.integer({ min: 0, max: 600 }).map((second) => second * 1_000_000_000), line: fc.oneof(...lines).map((some) => Buffer.from(some)), metadata: fc.oneof(...pairs) }), { minLength: 1, maxLength: 60 }),
);

const needle = fc.oneof(words.filter((word) => word !== ''), fc.tuple(line, fc.nat(), fc.integer({ min: 1, max: 12 })).map(([some, at, length]) => some.slice(at % (some.length + 1)).slice(0, length)).filter((some) => some !== ''));
const quoted = needle.map((some) => JSON.stringify(some.toWellFormed()));
const lineFilter = fc.oneof(
  fc.tuple(fc.constantFrom('|=', '!='), quoted).map(([op, some]) => `${op} ${some}`),
  fc.tuple(quoted, quoted).map(([a, b]) => `|= ${a} or ${b}`),
  fc.constantFrom('|~ "(?i)ERROR|memory"', '|~ "level=(error|info)"', '!~ "5[0-9]{2}"', '|~ `"status":\\s*5`', '|~ "a.*b"', '|> "<_>level<_>"', '|= ip("10.0.0.0/8")'),
);
const parser = fc.constantFrom('| json', '| logfmt', '| logfmt --strict', '| logfmt --keep-empty', '| json | logfmt', '| json level, code="status"', '| logfmt level, code="status"', '| pattern `<ip> - - [<_>] "<method> <path> <_>" <status> <size> <_>`', '| pattern `level=<level> <_>`', '| regexp `status[":=]+(?P<status>\\d+)`');
const labelFilter = fc.constantFrom('| status >= 500', '| status = `500`', '| level =~ `err.*`', '| level != ``', '| duration > 100ms', '| status >= 200 and level = `error`', '| status > 300 or path = `/healthz`', '| __error__ = ``', '| trace_id != ``', '| http_v < 300', '| level_extracted = `error`', '| app = `a`');
const other = fc.constantFrom('| drop level', '| keep level, status', '| label_format s=status', '| line_format `{{.level}} {{.status}}`', '| label_format t=`{{__timestamp__ | unixEpoch}}`', '| decolorize');
const stages = fc.array(fc.oneof({ weight: 3, arbitrary: lineFilter }, { weight: 4, arbitrary: parser }, { weight: 4, arbitrary: labelFilter }, { weight: 1, arbitrary: other }), { maxLength: 4 }).map((some) => some.join(' '));
const selector = fc.constantFrom('{app=~".+"}', '{app="a"}', '{app=~"a|b"}');
const query = fc.oneof(
  fc.tuple(selector, stages).map(([select, some]) => `${select} ${some}`),
  fc.tuple(fc.constantFrom('count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'absent_over_time'), selector, stages, fc.constantFrom('1m', '10m')).map(([op, select, some, range]) => `${op}(${select} ${some} [${range}])`),
  fc.tuple(fc.constantFrom('app', 'level', 'status, level', 'path', 'trace_id', 'http_host', 'status_extracted', 'method'), selector, stages).map(([by, select, some]) => `sum by (${by}) (count_over_time(${select} ${some} [5m]))`),
  fc.tuple(fc.constantFrom('sum_over_time', 'rate_counter'), selector, stages, fc.constantFrom('status', 'duration(duration)', 'http_v', 'size', 'bytes(size)'), fc.constantFrom('', 'sum by (level) ', 'sum by (status) ')).map(([op, select, some, value, sum]) => `${sum}(${op}(${select} ${some} | unwrap ${value} [5m]))`),
  fc.tuple(fc.constantFrom('max_over_time', 'quantile_over_time', 'last_over_time', 'first_over_time', 'avg_over_time'), selector, stages, fc.constantFrom('status', 'duration(duration)', 'http_v', 'size', 'bytes(size)'), fc.constantFrom('', ' by (level)', ' without (path)'))
    .map(([op, select, some, value, by]) => `${op}(${op === 'quantile_over_time' ? '0.9, ' : ''}${select} ${some} | unwrap ${value} [5m])${by}`),
);

const runs = Number(process.env['SPOOR_EQUALITY_RUNS'] ?? 600);
/** Cases that begin here are others: for runs by hand. */
const firstSeed = Number(process.env['SPOOR_EQUALITY_SEED'] ?? 1);

/** Whether the planner takes the query. */
function isQuery(text: string): boolean {
  try {
    tasksOf(text);
    return true;
  } catch {
    return false;
  }
}

describe('a scan over templates and columns', () => {
  it('finds what a scan over lines finds', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(rows, query, fc.constantFrom('forward' as const, 'backward' as const), fc.constantFrom(0, 1, 5, 100), (some, text, direction, limit) => {
        if (!isQuery(text)) return;
        for (const { columns, lines } of bothWays([distinct(some)], text, { direction, limit })) expect(columns, text).toEqual(lines);
      }),
      { numRuns: runs },
    );
  });

  it('finds the same in columns of all kinds, parts of runs, several row groups and other windows', { timeout: 3_600_000 }, () => {
    let asked = 0;
    for (let seed = firstSeed; seed < firstSeed + runs / 2; seed++) {
      const { groups, query: text, options } = generatedCase(seed);
      if (!isQuery(text)) continue;
      asked++;
      for (const { columns, lines } of bothWays(groups, text, options)) expect(columns, `seed ${seed}: ${text}`).toEqual(lines);
    }
    expect(asked).toBeGreaterThan(runs / 4);
  });
});
