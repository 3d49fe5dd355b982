import { describe, expect, it } from 'vitest';
import { checkBytes } from '../../../src/logql/engine/bytes-limit.ts';
import { Engine, type LogSource, type ScanTask } from '../../../src/logql/mod.ts';
import { defaultLimits } from '../../../src/model/mod.ts';

const never = new AbortController().signal;
const minute = 60_000_000_000n;

/** A source whose streams hold a KiB a minute, and more for each matcher. */
class Sized implements LogSource {
  readonly asked: ScanTask[] = [];

  async *scan(): AsyncGenerator<never> {
    yield* [];
  }

  async bytes(task: ScanTask): Promise<number> {
    this.asked.push(task);
    return (Number((task.endNs - task.startNs) / minute) * 1024) * task.matchers.length;
  }
}

async function refusal(query: string, limit: number, source: LogSource = new Sized()): Promise<string | null> {
  const limits = { ...defaultLimits, max_query_bytes_read: limit };
  const plan = new Engine(source).plan({ tenant: 't', query, direction: 'backward', limit: 10, limits, kind: 'range', startNs: 0n, endNs: 60n * minute, stepNs: minute, intervalNs: 0n });
  return checkBytes(plan, source, limits, never).then(() => null, (error: unknown) => (error as Error).message);
}

describe('checkBytes', () => {
  it.each<[string, string | null]>([
    ['{a="b"} |= "x"', '60 KiB'],
    ['{a="b"} | json | c="d"', '60 KiB'],
    // It ends when it has its rows.
    ['{a="b"}', null],
    ['{a="b"} | json', null],
    ['sum(rate({a="b"}[10m]))', '70 KiB'],
    ['sum(rate({a="b"}[10m] offset 1h))', '70 KiB'],
    ['sum(rate({a="b"}[10m])) / sum(rate({a="b", c="d"}[20m]))', '230 KiB'],
    ['label_replace(sum(rate({a="b"}[10m])) * 2, "x", "y", "", "")', '70 KiB'],
    ['vector(1)', null],
  ])('%s', async (query, bytes) => {
    expect(await refusal(query, 40 * 1024)).toBe(
      bytes === null ? null : `the query would read too many bytes (query: ${bytes}, limit: 40 KiB); consider adding more specific stream selectors or reduce the time range of the query`,
    );
    expect(await refusal(query, 0)).toBeNull();
    expect(await refusal(query, 1024 * 1024)).toBeNull();
  });

  it('leaves it to the scan where the source does not know', async () => {
    expect(await refusal('sum(rate({a="b"}[10m]))', 1, { scan: () => new Sized().scan() })).toBeNull();
  });
});
