import { describe, expect, it } from 'vitest';
import { encodePatterns, Engine, type PatternsParams, type PatternsResult } from '../../../src/logql/mod.ts';
import { defaultLimits, labelSet, SpoorError } from '../../../src/model/mod.ts';
import { MemorySource, type Entry } from './memory-source.ts';

const second = 1_000_000_000n;
const startNs = 1_795_000_000n * second;
const never = new AbortController().signal;

/** Entries a second apart. */
function entries(count: number, line: (i: number) => string | Uint8Array, level?: string): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    timeNs: startNs + BigInt(i) * second,
    line: line(i),
    ...(level === undefined ? {} : { metadata: [{ name: 'detected_level', value: level }] }),
  }));
}

function engineOf(streams: Readonly<Record<string, readonly Entry[]>>, scanners = 1): Engine {
  const source = new MemorySource(scanners);
  source.push('t', Object.entries(streams).map(([app, list]) => ({ labels: labelSet([['app', app]]), entries: list })));
  return new Engine(source);
}

function params(query: string, own: Partial<PatternsParams> = {}): PatternsParams {
  return { tenant: 't', query, startNs, endNs: startNs + 3600n * second, stepNs: 20n * second, limits: defaultLimits, bytesOf: async () => 1000, ...own };
}

const textOf = (result: PatternsResult): string => Buffer.concat([...encodePatterns(result)]).toString('utf8');
const short = ({ patterns }: PatternsResult): unknown => patterns.map(({ pattern, level, lines }) => [pattern, level, lines]);

describe('Engine.patterns', () => {
  it('answers as Loki does', async () => {
    const engine = engineOf({ a: entries(45, (i) => `took ${i} ms "é"\n`, 'info'), b: [...entries(10, (i) => `took ${i} ms "é"\n`), ...entries(31, () => 'same', 'error')] });
    expect(textOf(await engine.patterns(params('{app=~".+"}'), never))).toBe(
      '{"status":"success","data":[{"pattern":"took <_> ms \\"é\\"\\n","level":"info","samples":[[1795000000,20],[1795000020,20],[1795000040,5]]},' +
        '{"pattern":"same","level":"error","samples":[[1795000000,20],[1795000020,11]]}]}\n',
    );
    expect(textOf(await engine.patterns(params('{app="none"}'), never))).toBe('{"status":"success","data":[]}\n');
    expect(short(await engine.patterns(params('{app="a"}', { endNs: startNs }), never))).toEqual([]);
  });

  it('fills gaps with zeros, but not at the finest step, nor long ones', async () => {
    const at = (seconds: number): Entry[] => entries(40, (i) => `x ${i}`).map((entry) => ({ ...entry, timeNs: startNs + BigInt(seconds) * second + entry.timeNs % 1000n, line: `x ${seconds} ${String(entry.timeNs)}` }));
    const engine = engineOf({ a: [...at(0), ...at(65), ...at(6 * 3600)] });
    const samples = async (stepNs: bigint): Promise<unknown> => (JSON.parse(textOf(await engine.patterns(params('{app="a"}', { stepNs, endNs: startNs + 86_400n * second }), never))) as { data: { samples: unknown }[] }).data[0]?.samples;
    expect(await samples(20n * second)).toEqual([[1_795_000_000, 40], [1_795_000_020, 0], [1_795_000_040, 0], [1_795_000_060, 40], [1_795_021_600, 40]]);
    expect(await samples(second)).toEqual([[1_795_000_000, 40], [1_795_000_060, 40], [1_795_021_600, 40]]);
  });

  it('takes line filters, and nothing else', async () => {
    const engine = engineOf({ a: [...entries(40, (i) => `took ${i} ms`), ...entries(40, (i) => `lost ${i} ms`)] });
    expect(short(await engine.patterns(params('{app="a"} |> "took <_>" != "nothing"'), never))).toEqual([['took <_> ms', 'unknown', 40]]);
    for (const query of ['{app="a"} | json', '{app="a"} |= "x" | level="info"', '{app="a"} | line_format "x"', 'rate({app="a"}[1m])', 'vector(1)']) {
      await expect(engine.patterns(params(query), never), query).rejects.toMatchObject({ code: 'matchers_only' });
    }
    for (const query of ['', '{', '{}', '{app=~".*"}', '{app="a"} |~ "("', '{app="a"} |> "<a>"']) await expect(engine.patterns(params(query), never), query).rejects.toMatchObject({ code: 'parse_error' });
    await expect(engine.patterns(params('{app="a",b="",c="",d=""}', { limits: { ...defaultLimits, max_streams_matchers_per_query: 3 } }), never)).rejects.toMatchObject({ code: 'max_streams_matchers' });
  });

  it('takes a sample of what is too much, and says so', async () => {
    const engine = engineOf({ a: entries(3000, (i) => `took ${i} ms`) });
    const limits = { ...defaultLimits, max_patterns_bytes_scanned: 1000 };
    const result = await engine.patterns(params('{app="a"}', { limits, bytesOf: async () => 9999 }), never);
    expect(result.patterns[0]!.lines).toBeGreaterThan(2000);
    expect(result.patterns[0]!.lines).toBeLessThan(4000);
    expect(JSON.parse(textOf(result))).toMatchObject({ warnings: [expect.stringMatching(/max_patterns_bytes_scanned.*one line of 10 /)] });
    expect((await engine.patterns(params('{app="a"}', { bytesOf: async () => 9999 }), never)).warnings).toEqual([]);
    expect((await engine.patterns(params('{app="a"}', { limits: { ...limits, max_patterns_bytes_scanned: 0 }, bytesOf: async () => 9999 }), never)).patterns[0]!.lines).toBe(3000);
  });

  it('says what it had to leave out', async () => {
    const engine = engineOf({ a: [...entries(9000, (i) => `${'a,'.repeat(i % 100)}${'b;'.repeat(i / 100)}`), ...entries(500, (i) => `took ${i} ms`)] });
    const result = await engine.patterns(params('{app="a"}', { endNs: startNs + 20_000n * second }), never);
    expect(short(result)).toContainEqual(['took <_> ms', 'unknown', 500]);
    expect(result.warnings).toEqual([expect.stringMatching(/^there are more than 8192 patterns: \d+ lines of the rarest are not counted$/)]);
  });

  it('gives the same however the work is spread', async () => {
    const words = Array.from({ length: 40 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(1 + i / 26));
    const streams = Object.fromEntries(
      Array.from({ length: 30 }, (_, s) => [`app${s}`, entries(200, (i) => `user ${words[(i * 7 + s) % 40]} ${i % 3 === 0 ? 'left' : `came from ${words[(i + s) % 5]}`} after ${i} s`, ['info', 'error'][s % 2])]),
    );
    const [one, ...others] = await Promise.all([1, 2, 5, 30].map(async (scanners) => textOf(await engineOf(streams, scanners).patterns(params('{app=~".+"}'), never))));
    expect(JSON.parse(one!).data).toHaveLength(12);
    for (const other of others) expect(other).toBe(one);
  });

  it('keeps to the limits of queries', async () => {
    const engine = engineOf({ a: entries(300, (i) => `took ${i} ms`) });
    await expect(engine.patterns(params('{app="a"}', { limits: { ...defaultLimits, max_query_bytes_read: 100 } }), never)).rejects.toMatchObject({ code: 'max_query_bytes_read' });
    const gone = AbortSignal.abort(new SpoorError('query_cancelled'));
    await expect(engine.patterns(params('{app="a"}'), gone)).rejects.toMatchObject({ code: 'query_cancelled' });
  });
});
