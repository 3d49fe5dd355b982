import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CanaryLedger, type CanaryReport } from '../../cli/canary-report.ts';
import { Backend } from './backend.ts';
import { nowNs, run, Running, until } from './run.ts';

const second = 1_000_000_000n;
const line = (sequence: number, runName = 'aaaaaaaaaaaa', start = 1): string => `canary run=${runName} seq=${sequence} start=${start} interval_ms=1000`;

/** A ledger of one node with these numbers, one a second, the last one second ago. */
function ledgerOf(sequences: readonly number[]): CanaryLedger {
  const ledger = new CanaryLedger();
  for (const [i, sequence] of sequences.entries()) ledger.add({ timeNs: nowNs - BigInt(sequences.length - i) * second, labels: new Map([['node', 'n1']]), line: line(sequence) });
  return ledger;
}

describe('the ledger', () => {
  it.each([
    [[1, 2, 3], 3, [], 0],
    [[5, 6, 8, 11, 12], 5, [[7, 7], [9, 10]], 0],
    [[1, 3, 2, 4], 4, [], 0],
    [[4, 3, 2, 1], 4, [], 0],
    [[1, 2, 2, 3, 1], 3, [], 2],
    [[1, 5, 3], 3, [[2, 2], [4, 4]], 0],
    [[1, 3, 5, 4, 2, 3], 5, [], 1],
  ])('finds holes and doubles in %j', (sequences, lines, missing, doubles) => {
    const { nodes } = ledgerOf(sequences).report(nowNs, 0, 1);
    expect(nodes[0]?.runs[0]).toMatchObject({ lines, missingRanges: missing, doubles, missing: missing.reduce((sum, [from = 0, to = 0]) => sum + to - from + 1, 0) });
  });

  it('does not call missing what may still come', () => {
    const ledger = ledgerOf([1, 2, 3, 5]);
    expect(ledger.report(nowNs, 5000, 1)).toMatchObject({ missing: 0, complete: true });
    expect(ledger.report(nowNs, 500, 1)).toMatchObject({ missing: 1, complete: false });
    expect(ledger.report(nowNs + 60n * second, 5000, 1)).toMatchObject({ missing: 1, silent: 1 });
  });

  it('counts runs by themselves, restarts within one, and nodes that should be there', () => {
    const ledger = new CanaryLedger();
    const add = (node: string, text: string): boolean => ledger.add({ timeNs: nowNs - second, labels: new Map([['node', node], ['cluster', 'c']]), line: text });
    add('n1', line(7));
    add('n1', line(8, undefined, 3));
    add('n1', line(1, 'bbbbbbbbbbbb'));
    add('n2', line(1));
    const report = ledger.report(nowNs, 0, 3);
    expect(report).toMatchObject({ missing: 0, doubles: 0, silent: 0, complete: false, nodesExpected: 3 });
    expect(report.nodes.map(({ node, cluster, restarts, runs }) => [node, cluster, restarts, runs.length])).toEqual([['n1', 'c', 2, 2], ['n2', 'c', 0, 1]]);
  });
});

describe('spoor canary', () => {
  let backend: Backend;
  beforeEach(async () => {
    backend = new Backend();
    await backend.start();
  });
  afterEach(() => backend.crash());
  const add = (node: string, sequence: number, timeNs: bigint): void => backend.push({ timeNs, labels: { job: 'spoor-canary', node }, line: line(sequence) });

  it('says that everything is there', async () => {
    for (let i = 1; i <= 2500; i++) add('n1', i, nowNs - BigInt(2501 - i) * second);
    const { out, failure } = await run(['canary', '--url', backend.address, '--watch', '0s', '--json']);
    expect(failure).toBeUndefined();
    expect(JSON.parse(out)).toMatchObject({ complete: true, lines: 2500, missing: 0, doubles: 0, silent: 0, nodes: [{ node: 'n1', delayMs: null, runs: [{ first: 1, last: 2500 }] }] });
    expect((await run(['canary', '--addr', backend.address, '--watch', '0s'])).out).toMatch(/^node +lines[^\n]*\nn1 +2500 +0 +0 +0 +1\.0 s ago +- +- +- +ok\n$/);
  });

  it('says what is missing and ends with 2', async () => {
    for (const sequence of [1, 2, 5, 6]) add('n1', sequence, nowNs - BigInt(100 - sequence) * second);
    add('n2', 1, nowNs - 2n * second);
    const { out, failure } = await run(['canary', '--url', backend.address, '--watch', '0s', '--grace', '1s', '--nodes', '3']);
    expect(failure?.message).toBe('not complete: 2 of 3 nodes found, 2 lines missing, 1 nodes silent');
    expect(failure?.exitCode).toBe(2);
    expect(out).toContain('LOSS SILENT');
    expect(out).toContain('n1: missing of run aaaaaaaaaaaa: 3-4');
  });

  it('ends with 2 where nothing is found, and with 1 where nobody answers', async () => {
    expect((await run(['canary', '--url', backend.address, '--watch', '0s'])).failure).toMatchObject({ exitCode: 2, message: 'not complete: 0 of 1 nodes found' });
    expect((await run(['canary', '--url', 'http://127.0.0.1:1', '--watch', '0s'])).failure).toMatchObject({ exitCode: 1 });
  });

  it('measures how long new lines take, each once', async () => {
    let now = nowNs;
    add('n1', 1, nowNs - second);
    const running = new Running(['canary', '--url', backend.address, '--watch', '60s', '--json'], {}, () => now);
    await until(() => backend.requests.length >= 2, 'the first look');
    now += 10n * second;
    add('n1', 2, now - 3n * second);
    add('n1', 3, now - 2n * second);
    const before = backend.requests.length;
    await until(() => backend.requests.length >= before + 3, 'more looks');
    now += 60n * second;
    const { out, failure } = await running.done;
    expect(failure?.message).toContain('silent');
    const report = JSON.parse(out) as CanaryReport;
    expect(report).toMatchObject({ lines: 3, missing: 0, doubles: 0 });
    expect(report.nodes[0]?.delayMs).toEqual({ samples: 2, p50: 2000, p99: 3000, max: 3000 });
  });
});
