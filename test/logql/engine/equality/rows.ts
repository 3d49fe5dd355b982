import fc, { type Arbitrary } from 'fast-check';

/** An entry before it is pushed. */
export interface GivenRow {
  readonly stream: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const secondNs = 1_000_000_000n;
/** 2026-01-15T00:00:00Z; times lie on both sides of this midnight. */
export const midnightNs = 1_768_435_200n * secondNs;

/** Many equal times, some a nanosecond apart, some days. */
export const timeNs: Arbitrary<bigint> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -12, max: 12 }).map((n) => midnightNs + BigInt(n) * 30n * secondNs) },
  { weight: 3, arbitrary: fc.integer({ min: -3_600_000, max: 3_600_000 }).map((n) => midnightNs + BigInt(n) * 1_000_000n) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((n) => midnightNs + BigInt(n)) },
  { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }).map((n) => midnightNs + BigInt(n) * 86_400n * secondNs + 7n) },
);

const stream = fc.constantFrom(
  { app: 'a', pod: '0' }, { app: 'a', pod: '1' }, { app: 'b', pod: '0', env: 'prod' }, { app: 'b', pod: '1', env: 'dev' }, { app: 'c' }, { app: 'd', level: 'stream' },
);

const metadata = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constantFrom({ trace: 't1' }, { trace: 't2', n: '7' }, { level: 'meta' }, { app: 'meta' }, { n: '1.5', user: 'ż ó' }) },
);

const words = ['error', 'info', 'GET', 'user', 'a=b', '"q"', '200', 'żółć', '🚀', 'x.y', 'timeout', 'ERROR'];

/** What the members of a line are made of: keys, and values as they stand in JSON. None is empty: whether Loki shows an empty label of a series depends on how it cut the query into shards. */
const members: readonly (readonly [string, readonly string[]])[] = [
  ['level', ['"info"', '"warn"', '"error"', 'null']],
  ['status', ['200', '404', '500', '"503"']],
  ['dur', ['"10ms"', '"1.5s"', '"2m3s"', '"bad"']],
  ['size', ['"1KB"', '"2MiB"', '512', '"x"']],
  ['n', ['0', '5', '-2.5', '1e3', '"abc"', '17', '17.25']],
  ['msg', ['"plain"', '"with space"', '"tab\\tquote\\"end"', '"\\u017c\\u00f3"']],
  ['a', ['{"b":"in","c":7}', '{"b":{"d":true}}', '{}', '"flat"']],
  ['list', ['[1,2]', '[]']],
  ['app', ['"line"']],
  ['trace', ['"t1"', '"t9"']],
  ['x-y', ['1']],
  ['ok', ['true', 'false']],
];
const member = fc.constantFrom(...members).chain(([key, values]) => fc.constantFrom(...values).map((value) => [key, value] as const));

const jsonLine = fc.record({ parts: fc.array(member, { maxLength: 7 }), space: fc.constantFrom('', ' ') }).map(
  ({ parts, space }) => `{${parts.map(([key, value]) => `"${key}":${space}${value}`).join(`,${space}`)}}`,
);
const brokenJsonLine = fc.tuple(jsonLine, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()).map(([line, at, cut]) => (cut ? line.slice(0, Math.floor(line.length * at)) : `${line} trailing`));

const logfmtLine = fc.array(member, { minLength: 1, maxLength: 7 }).map((parts) =>
  parts.map(([key, value]) => `${key}=${/^"[\w.]*"$/.test(value) ? value.slice(1, -1) : /^[{["]|null/.test(value) ? (value.startsWith('"') ? value : 'other') : value}`).join(' '),
);
const brokenLogfmtLine = fc.tuple(logfmtLine, fc.constantFrom(' bare', ' =x', ' k="open', ' a"b=c', ' k=v=w z=1', ' \u0001 u=1')).map(([line, rest]) => line + rest);

const plainLine = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(' '));
const accessLine = fc
  .record({ ip: fc.constantFrom('10.0.0.1', '192.168.1.7'), method: fc.constantFrom('GET', 'POST'), path: fc.constantFrom('/', '/api/x', '/a b'), status: fc.constantFrom(200, 404, 500), bytes: fc.nat(2000) })
  .map(({ ip, method, path, status, bytes }) => `${ip} - - "${method} ${path} HTTP/1.1" ${status} ${bytes}`);
const junkLine = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('', ' ', '\u001b[31merror\u001b[0m level=warn', 'two\nlines error', '\ufffd=x level=info', '{', '[1]', '"text"', 'null'));

const line = fc.oneof(
  { weight: 4, arbitrary: jsonLine },
  { weight: 1, arbitrary: brokenJsonLine },
  { weight: 3, arbitrary: logfmtLine },
  { weight: 1, arbitrary: brokenLogfmtLine },
  { weight: 2, arbitrary: plainLine },
  { weight: 2, arbitrary: accessLine },
  { weight: 1, arbitrary: junkLine },
);

const row: Arbitrary<GivenRow> = fc.record({ stream, timeNs, line, metadata });

/** Pushes, each with its rows, and what happens behind it. Rows of other pushes come again now and then. */
export type Step = { readonly kind: 'push'; readonly rows: readonly GivenRow[] } | { readonly kind: 'flush' } | { readonly kind: 'restart' };

const push: Arbitrary<Step> = fc.array(row, { minLength: 1, maxLength: 20 }).map((rows) => ({ kind: 'push', rows }));
export const steps: Arbitrary<readonly Step[]> = fc
  .array(fc.oneof({ weight: 6, arbitrary: push }, { weight: 2, arbitrary: fc.constant<Step>({ kind: 'flush' }) }, { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) }, { weight: 1, arbitrary: fc.constant<'again'>('again') }), {
    minLength: 1,
    maxLength: 10,
  })
  .map((given) => {
    const pushed: Step[] = [];
    for (const one of given) {
      if (one !== 'again') pushed.push(one);
      else pushed.push(...pushed.filter(({ kind }) => kind === 'push').slice(0, 1));
    }
    return pushed;
  });
