import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseQuery, type ScanTask } from '../../src/logql/mod.ts';
import { ManualClock } from '../../src/model/mod.ts';
import { tailRows } from '../../src/querier/mod.ts';
import type { PlainEntry } from '../support/batches.ts';
import { Stack, tenant } from '../support/stack.ts';

const base = 1_768_435_200_000_000_000n;
let directory: string;
let stack: Stack;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-tail-'));
  stack = await Stack.open(directory, { settings: { blockRows: 4096, blockBytes: 2 ** 20 } });
});
afterEach(async () => {
  await stack.close();
  await rm(directory, { recursive: true, force: true });
});

function entries(from: number, count: number): PlainEntry[] {
  return Array.from({ length: count }, (_, i) => ({ labels: { app: 'a' }, timeNs: base + BigInt(from + i), line: `${(from + i) % 2 === 0 ? 'even' : 'odd'} ${from + i}` }));
}

function taskOf(text: string): ScanTask {
  const query = parseQuery(text);
  if (query.kind !== 'log_query') throw new TypeError('no log query');
  return { tenant, matchers: query.matchers, stages: query.stages, startNs: base - 1000n, endNs: base + 10_000_000n, output: { kind: 'log', direction: 'backward', limit: 3 } };
}

/** What a tail gives until it gave or passed over so many rows; `meanwhile` runs once the first rows came. */
async function tail(query: string, wanted: number, behindMax: number | undefined, meanwhile: () => Promise<void>): Promise<{ lines: string[]; passedOver: number }> {
  const stop = new AbortController();
  const lines: string[] = [];
  let passedOver = 0;
  let begun = false;
  for await (const found of tailRows(stack.querier, taskOf(query), stop.signal, new ManualClock(base), behindMax)) {
    if (found.kind === 'passed_over') passedOver += found.rows;
    else lines.push(...found.rows.map(({ line }) => Buffer.from(line).toString()));
    if (!begun) {
      begun = true;
      await meanwhile();
    }
    if (lines.length + passedOver >= wanted) stop.abort();
  }
  return { lines, passedOver };
}

describe('tailRows', () => {
  it('gives the newest rows there are, then all that come, in their order, however many at a time', async () => {
    await stack.append(0, entries(0, 10));
    const { lines, passedOver } = await tail('{app="a"}', 45_003, undefined, async () => {
      for (let i = 0; i < 9; i++) await stack.append(0, entries(10 + i * 5000, 5000));
      await stack.ingester.flush();
    });
    expect(passedOver).toBe(0);
    expect(lines.length).toBe(45_003);
    expect(lines.map((line) => Number(line.split(' ')[1]))).toEqual(Array.from({ length: 45_003 }, (_, i) => i + 7));
  });

  it('counts the rows that match, and goes on with the newest, where it is too far behind', async () => {
    await stack.append(0, entries(0, 10));
    const { lines, passedOver } = await tail('{app="a"} |= "even"', 22_503, 20_000, async () => {
      for (let i = 0; i < 9; i++) await stack.append(0, entries(10 + i * 5000, 5000));
    });
    // Two portions of 20,000 rows were passed over, the third was read.
    expect(passedOver).toBe(20_000);
    expect(lines.length).toBe(2503);
    expect(lines.at(-1)).toBe('even 45008');
  });
});
