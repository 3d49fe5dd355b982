import { describe, expect, test } from 'vitest';
import { formatLabels, hashLabels, SpoorError } from '../../src/model/mod.ts';
import { decodeLokiPush } from '../../src/protocols/mod.ts';
import { Harness } from './harness.ts';

const off = { discover_service_name: [], discover_log_levels: false };
const nowNs = 1_795_358_000_000_000_000n;
const at = (offsetMs: number): string => String(nowNs + BigInt(offsetMs) * 1_000_000n);
type Value = [string, string] | [string, string, Record<string, string>];
const streams = (...list: [Record<string, string>, Value[]][]) => ({ streams: list.map(([stream, values]) => ({ stream, values })) });
const lines = (harness: Harness) => harness.stored().map((entry) => entry.line);

describe('what is stored', () => {
  test('equal label sets are merged, each stream in its partition', async () => {
    const harness = new Harness(off, { partitions: 3 });
    const many = Array.from({ length: 300 }, (_, i): [Record<string, string>, Value[]] => [i % 2 === 0 ? { a: '1', b: String(i % 7) } : { b: String(i % 7), a: '1' }, [[at(i), `line ${i}`]]]);
    expect(await harness.pushJson(streams(...many))).toMatchObject({ status: 204, refusal: null, stored: 300, refused: 0 });
    expect(harness.records.length).toBeLessThanOrEqual(3);
    const seen = new Set<string>();
    for (const { batch, partition } of harness.records) {
      for (const { labels } of batch.streams) {
        const key = formatLabels(labels);
        expect(seen.has(key)).toBe(false);
        seen.add(key);
        expect(hashLabels(labels) % 3).toBe(partition);
      }
    }
    expect(seen.size).toBe(7);
    for (let b = 0; b < 7; b++) {
      expect(harness.stored().filter((entry) => entry.labels['b'] === String(b)).map((entry) => entry.line)).toEqual(
        Array.from({ length: 300 }, (_, i) => i).filter((i) => i % 7 === b).map((i) => `line ${i}`));
    }
  });

  test('thousands of repeated label sets are merged before anything is done for a stream', async () => {
    const harness = new Harness({ ...off, max_global_streams_per_user: 3 }, { partitions: 1 });
    const sets = [{ a: '1', b: 'x' }, { b: 'x', a: '1' }, { a: '2' }, { a: '3' }];
    const outcome = await harness.pushJson({ streams: Array.from({ length: 5000 }, (_, i) => ({ stream: sets[i % 4], values: [[at(i), `line ${i}`]] })) });
    expect(outcome).toMatchObject({ status: 204, stored: 5000 });
    expect(harness.records.length).toBe(1);
    expect(harness.records[0]!.batch.streams.map(({ labels, rows }) => [formatLabels(labels), rows])).toEqual([['{a="1", b="x"}', 2500], ['{a="2"}', 1250], ['{a="3"}', 1250]]);
  });

  test('a push repeated gives the same records, whatever the time', async () => {
    const harness = new Harness({}, { partitions: 4 });
    const push = streams(...Array.from({ length: 50 }, (_, i): [Record<string, string>, Value[]] => [{ app: `a${i % 9}` }, [[at(i), `level=warn ${i}`, { 'x.y': 'z' }], [at(-i), 'x']]]));
    await harness.pushJson(push);
    const records = harness.records.length;
    harness.clock.advanceMs(3_600_000);
    expect(await harness.pushJson(push)).toMatchObject({ status: 204, stored: 100 });
    expect(harness.records.length).toBe(records);
  });

  test('a big push becomes several records, the same ones again', async () => {
    const harness = new Harness({ ...off, ingestion_burst_size_mb: 1000, per_stream_rate_limit_burst: 2 ** 30 }, { partitions: 2 });
    const body = streams(...['a', 'b', 'c'].map((app): [Record<string, string>, Value[]] => [{ app }, Array.from({ length: 100 }, (_, i) => [at(i), `${app}${i} `.padEnd(100_000, 'x')])]));
    expect(await harness.pushJson(body)).toMatchObject({ status: 204, stored: 300 });
    expect(harness.records.length).toBeGreaterThan(3);
    for (const { data } of harness.records) expect(data.length).toBeLessThan(9 * 2 ** 20);
    expect(harness.stored().filter((entry) => entry.labels['app'] === 'b').map((entry) => entry.line.split(' ')[0])).toEqual(Array.from({ length: 100 }, (_, i) => `b${i}`));
    const count = harness.records.length;
    await harness.pushJson(body);
    expect(harness.records.length).toBe(count);
  });

  test('long labels count too', async () => {
    const harness = new Harness({ ...off, ingestion_burst_size_mb: 1000, max_global_streams_per_user: 0 }, { partitions: 1 });
    const many = Array.from({ length: 1200 }, (_, i): [Record<string, string>, Value[]] => [
      Object.fromEntries(Array.from({ length: 10 }, (_, label) => [`l${label}`, `${i}`.padEnd(2000, 'x')])), [[at(0), String(i)]],
    ]);
    expect(await harness.pushJson(streams(...many))).toMatchObject({ status: 204, stored: 1200 });
    expect(harness.records.length).toBe(3);
    expect(lines(harness)).toEqual(Array.from({ length: 1200 }, (_, i) => String(i)));
  });

  test('a stream over its rate leaves nothing behind in any record', async () => {
    const harness = new Harness({ ...off, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 2 ** 20, per_stream_rate_limit_burst: 10 * 2 ** 20 }, { partitions: 1 });
    const big = Array.from({ length: 250 }, (_, i): Value => [at(i), `big ${i} `.padEnd(100_000, 'x')]);
    const outcome = await harness.pushJson(streams([{ app: 'a' }, [[at(0), 'first']]], [{ app: 'big' }, big], [{ app: 'c' }, [[at(0), 'last']]]));
    expect(outcome).toMatchObject({ status: 429, stored: 2, refused: 250, refusal: { code: 'per_stream_rate_limit', message: expect.stringContaining(`Per stream rate limit exceeded (limit: 1MB/sec) while attempting to ingest for stream '{app="big"}' totaling 25000000B,`) } });
    expect(lines(harness)).toEqual(['first', 'last']);
    expect(harness.counted.get('per_stream_rate_limit')).toBe(250);
  });

  test('lines keep their bytes', async () => {
    const harness = new Harness(off);
    const body = Buffer.concat([Buffer.from(`{"streams":[{"stream":{"a":"b"},"values":[["${at(0)}","`), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('"]]}]}')]);
    await harness.push('t', { body, contentType: 'application/json' });
    expect([...harness.records[0]!.batch.lines]).toEqual([0xff, 0xfe, 0x80]);
  });

  test('a backfill gets its labels, and may be old', async () => {
    const harness = new Harness(off);
    const body = Buffer.from(JSON.stringify(streams([{ a: 'b' }, [['1', 'x']]])));
    expect(await harness.push('t', { body, contentType: 'application/json', backfillShard: 's1' })).toMatchObject({ status: 204 });
    expect(harness.stored()[0]!.labels).toEqual({ a: 'b', __backfill__: 'true', __backfill_shard__: 's1' });
    await expect(harness.pushJson(streams([{ __backfill__: 'true' }, [['1', 'x']]]))).rejects.toMatchObject({ code: 'push_backfill', status: 400 });
  });
});

describe('when it is answered', () => {
  test('only when all partitions have it', async () => {
    const harness = new Harness(off, { partitions: 2 });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    harness.beforeAppend = (partition) => (partition === 1 ? gate : undefined);
    let answered = false;
    const push = harness.pushJson(streams(...Array.from({ length: 20 }, (_, i): [Record<string, string>, Value[]] => [{ a: String(i) }, [[at(0), 'x']]]))).then((outcome) => {
      answered = true;
      return outcome;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([answered, harness.records.length]).toEqual([false, 1]);
    release();
    expect(await push).toMatchObject({ status: 204, stored: 20 });
    expect(harness.records.length).toBe(2);
  });

  test('a failed append fails the push; the retry completes it without doubles', async () => {
    const harness = new Harness(off, { partitions: 2 });
    harness.beforeAppend = (partition) => {
      if (partition === 1) throw new SpoorError('journal_write', { reason: 'disk' });
    };
    const push = streams(...Array.from({ length: 20 }, (_, i): [Record<string, string>, Value[]] => [{ a: String(i) }, [[at(0), 'x']]]));
    await expect(harness.pushJson(push)).rejects.toMatchObject({ code: 'journal_write', retryable: true });
    expect(harness.records.length).toBe(1);
    harness.beforeAppend = () => undefined;
    await harness.pushJson(push);
    expect(harness.stored()).toHaveLength(20);
  });

  test('the gate comes first', async () => {
    const harness = new Harness(off);
    harness.gate = () => { throw new SpoorError('ingester_memory_full', { bytes: 2, limit: 1 }); };
    await expect(harness.pushJson(streams([{ a: 'b' }, [[at(0), 'x']]]))).rejects.toMatchObject({ code: 'ingester_memory_full', status: 429 });
    expect(harness.records).toEqual([]);
  });

  test('a client that left gets no append, and is not waited for', async () => {
    const harness = new Harness(off);
    const raw = await decodeLokiPush({ body: Buffer.from(JSON.stringify(streams([{ a: 'b' }, [[at(0), 'x']]]))), contentType: 'application/json' });
    await expect(harness.distributor.push('t', raw, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    expect(harness.records).toEqual([]);
  });
});

describe('what is refused', () => {
  test('good entries are kept, bad ones named by kind', async () => {
    const harness = new Harness({ ...off, max_line_size: 10 });
    const outcome = await harness.pushJson(streams(
      [{ a: 'b' }, [[at(0), 'good'], [at(-700_000_000), 'old'], [at(700_000), 'new'], [at(0), 'much too long'], [at(1), 'much too long']]],
      [{ b: 'c' }, [[at(0), 'good too']]],
      [{}, [[at(0), 'no labels']]],
    ));
    expect(outcome).toMatchObject({ status: 400, stored: 2, refused: 5, refusal: { code: 'push_rejected' } });
    expect(outcome.refusal?.message.split('; ').toSorted()).toEqual([
      `1 errors like: entry for stream '{a="b"}' has timestamp too new: 2026-11-22T14:45:00Z`,
      `1 errors like: entry for stream '{a="b"}' has timestamp too old: 2026-11-14T12:06:40Z, oldest acceptable timestamp is: 2026-11-15T14:33:20Z`,
      '1 errors like: error at least one label pair is required per stream',
      `2 errors like: max entry size '10' bytes exceeded for stream '{a="b"}' while adding an entry with length '13' bytes`,
    ]);
    expect(Object.fromEntries(harness.counted)).toEqual({ greater_than_max_sample_age: 1, too_far_in_future: 1, line_too_long: 2, missing_labels: 1 });
    expect(harness.received).toBe(7);
    expect(lines(harness).toSorted()).toEqual(['good', 'good too']);
  });

  test('one error is its own text', async () => {
    const harness = new Harness({ ...off, max_line_size: 3 });
    expect(await harness.pushJson(streams([{ a: 'b' }, [[at(0), 'long']]]))).toMatchObject({ status: 400, stored: 0, refused: 1, refusal: { code: 'line_too_long' } });
  });

  test('the bounds of time are exact to the nanosecond', async () => {
    const harness = new Harness({ ...off });
    const oldest = nowNs - 604_800_000_000_000n;
    const newest = nowNs + 600_000_000_000n;
    const outcome = await harness.pushJson(streams([{ a: 'b' }, [oldest - 1n, oldest, newest, newest + 1n].map((time): Value => [String(time), String(time)])]));
    expect(outcome).toMatchObject({ stored: 2, refused: 2 });
    expect(lines(harness)).toEqual([String(oldest), String(newest)]);
  });

  test('many different errors make a short answer', async () => {
    const harness = new Harness({ ...off, max_line_size: 1 });
    const outcome = await harness.pushJson(streams(...Array.from({ length: 5000 }, (_, i): [Record<string, string>, Value[]] => [{ a: 'v'.repeat(1500) + String(i) }, [[at(0), 'long']]])));
    expect(outcome).toMatchObject({ status: 400, refused: 5000 });
    expect(outcome.refusal?.message.length).toBeLessThan(70_000);
    expect(outcome.refusal?.message).toMatch(/; and 49\d\d more errors$/);
  });

  test('no stream at all', async () => {
    expect(await new Harness(off).pushJson({})).toMatchObject({ status: 422, refusal: { code: 'no_valid_stream', message: 'error at least one valid stream is required for ingestion' } });
  });

  test('a metadata name that cannot be used refuses its entry, and no other', async () => {
    const harness = new Harness(off);
    const outcome = await harness.pushJson(streams([{ a: 'b' }, [[at(0), 'x'], [at(1), 'y', { '...': 'v' }], [at(2), 'z', { k: 'v' }]]]));
    expect(outcome).toMatchObject({ status: 400, stored: 2, refused: 1, refusal: { code: 'metadata_name' } });
    expect(outcome.refusal?.message).toBe('stream \'{a="b"}\' has structured metadata with an unusable name: normalization for label name "..." resulted in invalid name "_"');
    expect(harness.stored().map(({ line, metadata }) => [line, { ...metadata }])).toEqual([['x', {}], ['z', { k: 'v' }]]);
  });

  test('blocked ingestion has the tenant its own status', async () => {
    const until = 4_070_908_800_000_000_000n;
    const push = streams([{ a: 'b' }, [[at(0), 'x']]]);
    expect(await new Harness({ ...off, block_ingestion_until: until }).pushJson(push)).toMatchObject({ status: 260, stored: 0, refusal: { code: 'blocked_ingestion', message: "ingestion blocked for user 'tenant' until '2099-01-01T00:00:00Z' with status code '260'" } });
    expect(await new Harness({ ...off, block_ingestion_until: until, block_ingestion_status_code: 429 }).pushJson(push)).toMatchObject({ status: 429 });
    expect(await new Harness({ ...off, block_ingestion_until: until, block_ingestion_status_code: 200 }).pushJson(push)).toMatchObject({ status: 204, stored: 0, refused: 1 });
    expect(await new Harness({ ...off, block_ingestion_until: nowNs }).pushJson(push)).toMatchObject({ status: 204, stored: 1 });
  });
});

describe('rates', () => {
  test("over the tenant's rate nothing is stored", async () => {
    const harness = new Harness({ ...off, ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.002 });
    const push = streams([{ a: 'b' }, [[at(0), 'x'.repeat(1500), { m: 'n' }]]]);
    expect(await harness.pushJson(push)).toMatchObject({ status: 204 });
    expect(await harness.pushJson(push)).toMatchObject({
      status: 429, stored: 0, refused: 1, retryAfterSeconds: 1,
      refusal: { code: 'rate_limited', message: expect.stringContaining("exceeded for user tenant (limit: 1048 bytes/sec) while attempting to ingest '1' lines totaling '1502' bytes") },
    });
    expect(await harness.pushJson(push, 'other')).toMatchObject({ status: 204 });
    harness.clock.advanceMs(1000);
    expect(await harness.pushJson(push)).toMatchObject({ status: 204 });
  });

  test('detected levels are free', async () => {
    const harness = new Harness({ ingestion_rate_mb: 1 / 2 ** 20, ingestion_burst_size_mb: 10 / 2 ** 20 });
    expect(await harness.pushJson(streams([{ a: 'b' }, [[at(0), 'x'.repeat(10)]]]))).toMatchObject({ status: 204 });
  });

  test('what is refused costs nothing', async () => {
    const harness = new Harness({ ...off, ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.001, max_line_size: 100 });
    const push = streams([{ a: 'b' }, [[at(0), 'x'.repeat(1040)]]]);
    expect((await harness.pushJson(push)).status).toBe(400);
    expect((await harness.pushJson(streams([{ a: 'b' }, [[at(0), 'x'.repeat(100)]]]))).status).toBe(204);
  });
});

describe('number of streams', () => {
  const limits = { ...off, max_global_streams_per_user: 2 };

  test('known streams are stored, new ones over the limit refused', async () => {
    const harness = new Harness(limits);
    await harness.pushJson(streams([{ a: '1' }, [[at(0), 'x']]], [{ a: '2' }, [[at(0), 'x']]]));
    const outcome = await harness.pushJson(streams([{ a: '3' }, [[at(1), 'y'], [at(2), 'y']]], [{ a: '1' }, [[at(1), 'kept']]]));
    expect(outcome).toMatchObject({ status: 429, stored: 1, refused: 2, refusal: { code: 'stream_limit', message: expect.stringContaining(`when trying to create stream {a="3"}, reduce`) } });
    expect(lines(harness)).toContain('kept');
    expect(await harness.pushJson(streams([{ a: '3' }, [[at(1), 'y']]]), 'other')).toMatchObject({ status: 204 });
  });

  test('pushes at the same time do not pass it together', async () => {
    const harness = new Harness(limits, { partitions: 1 });
    harness.beforeAppend = async () => { await new Promise((resolve) => setTimeout(resolve, 5)); };
    const outcomes = await Promise.all(Array.from({ length: 6 }, async (_, i) => harness.pushJson(streams([{ a: String(i) }, [[at(0), 'x']]]))));
    expect(outcomes.map((outcome) => outcome.status).toSorted((a, b) => a - b)).toEqual([204, 204, 429, 429, 429, 429]);
    expect(harness.stored()).toHaveLength(2);
  });

  test('a push that fails gives its streams back', async () => {
    const harness = new Harness(limits);
    harness.beforeAppend = () => { throw new SpoorError('journal_write', { reason: 'disk' }); };
    await expect(harness.pushJson(streams([{ a: '1' }, [[at(0), 'x']]], [{ a: '2' }, [[at(0), 'x']]]))).rejects.toMatchObject({ code: 'journal_write' });
    harness.beforeAppend = () => undefined;
    expect(await harness.pushJson(streams([{ a: '3' }, [[at(0), 'x']]], [{ a: '4' }, [[at(0), 'x']]]))).toMatchObject({ status: 204 });
  });

  test('streams of nothing but refused entries are not counted', async () => {
    const harness = new Harness({ ...limits, max_global_streams_per_user: 1 });
    expect(await harness.pushJson(streams([{ a: '1' }, [['1', 'old']]], [{ a: '2' }, [[at(0), 'x']]]))).toMatchObject({ status: 400, stored: 1 });
  });
});
