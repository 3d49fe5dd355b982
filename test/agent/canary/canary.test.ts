import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Canary } from '../../../agent/canary/canary.ts';
import { formatCanaryLine, parseCanaryLine } from '../../../agent/canary/line.ts';
import { CanaryLedger } from '../../../cli/canary-report.ts';
import { ManualClock } from '../../../src/model/mod.ts';
import { startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

const startNs = 1_795_132_800_000_000_000n;

function filesOf(dir: string): string {
  return join(dir, 'spoor_canary_canary/canary');
}

/** What the lines of all files of a canary say, oldest first. */
function sequences(dir: string): (readonly [run: string, sequence: number, start: number])[] {
  const names = readdirSync(filesOf(dir)).toSorted((a, b) => (a === '0.log' ? 1 : b === '0.log' ? -1 : a < b ? -1 : 1));
  return names.flatMap((name) => readFileSync(join(filesOf(dir), name), 'utf8').split('\n')).flatMap((record) => {
    const line = parseCanaryLine(record.slice(record.indexOf(' F ') + 3));
    return line === undefined ? [] : [[line.run, line.sequence, line.start] as const];
  });
}

describe('the line', () => {
  it('is read back, also by the command line, and nothing else is', () => {
    const line = { run: '0123456789ab', sequence: 12, start: 3, intervalMs: 5000 };
    const text = formatCanaryLine(line);
    expect(text).toBe('canary run=0123456789ab seq=12 start=3 interval_ms=5000');
    expect(parseCanaryLine(text)).toEqual(line);
    const ledger = new CanaryLedger();
    expect(ledger.add({ timeNs: 1n, labels: new Map([['node', 'n']]), line: text })).toBe(true);
    for (const other of ['', 'canary run=0123456789ab seq=12 start=3', `${text} `, text.replace('12', '-1'), text.replace('0123', 'WXYZ')]) {
      expect(parseCanaryLine(other)).toBeUndefined();
      expect(ledger.add({ timeNs: 1n, labels: new Map(), line: other })).toBe(false);
    }
  });
});

describe('the canary', () => {
  const make = (dir: string, failures: unknown[] = [], fileBytesMax = 2 ** 20): Canary =>
    new Canary({ dir, intervalMs: 1000, fileBytesMax, filesMax: 2 }, clock, (_path, error) => failures.push(error));
  const clock = new ManualClock(startNs);
  const write = async (canary: Canary, lines: number): Promise<void> => {
    for (let i = 0; i < lines; i++) {
      clock.advanceMs(1000);
      await canary.write();
    }
  };
  const end = async (canary: Canary): Promise<void> => canary.run(AbortSignal.abort());

  it('goes on where it was after a restart, also behind a record that was cut off', async () => {
    using dir = temporaryDir();
    const first = make(dir.path);
    await write(first, 3);
    await end(first);
    const path = join(filesOf(dir.path), '0.log');
    // The power failed in the middle of the fourth line: its number was never complete.
    appendFileSync(path, '2026-11-20T00:00:09.000000000Z stdout F canary run=');
    const second = make(dir.path);
    await write(second, 2);
    await end(second);
    const lines = sequences(dir.path);
    expect(lines.map(([, sequence, start]) => [sequence, start])).toEqual([[1, 1], [2, 1], [3, 1], [4, 2], [5, 2]]);
    expect(new Set(lines.map(([run]) => run)).size).toBe(1);
    // And where just the newline was missing, the number was used.
    truncateSync(path, readFileSync(path).length - 1);
    const third = make(dir.path);
    await write(third, 1);
    await end(third);
    expect(sequences(dir.path).map(([, sequence]) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('rotates by rename, keeps some files, and begins a new run only where all are gone', async () => {
    using dir = temporaryDir();
    const canary = make(dir.path, [], 300);
    await write(canary, 20);
    await end(canary);
    expect(readdirSync(filesOf(dir.path)).filter((name) => name !== '0.log')).toHaveLength(2);
    const last = sequences(dir.path).at(-1);
    expect(last?.[1]).toBe(20);
    // Killed between renaming and writing.
    writeFileSync(join(filesOf(dir.path), '0.log'), '');
    const rotated = sequences(dir.path).at(-1)?.[1] ?? 0;
    const second = make(dir.path);
    await write(second, 1);
    await end(second);
    expect(sequences(dir.path).at(-1)).toEqual([last?.[0], rotated + 1, 2]);
    rmSync(filesOf(dir.path), { recursive: true });
    const third = make(dir.path);
    await write(third, 1);
    await end(third);
    expect(sequences(dir.path)).toHaveLength(1);
    expect(sequences(dir.path)[0]?.slice(1)).toEqual([1, 1]);
    expect(sequences(dir.path)[0]?.[0]).not.toBe(last?.[0]);
  });

  it('tells what it cannot write, and writes it later', async () => {
    using dir = temporaryDir();
    mkdirSync(join(filesOf(dir.path), '0.log'), { recursive: true });
    const failures: unknown[] = [];
    const canary = make(dir.path, failures);
    await write(canary, 2);
    expect(failures).toHaveLength(2);
    rmSync(join(filesOf(dir.path), '0.log'), { recursive: true });
    await write(canary, 1);
    await end(canary);
    expect(sequences(dir.path).map(([, sequence]) => sequence)).toEqual([1]);
  });
});

describe('an agent with a canary', () => {
  it('sends its lines as one stream of the node, without holes across restarts', async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    mkdirSync(join(dir.path, 'pods'));
    for (let run = 1; run <= 3; run++) {
      const agent = startAgent(dir.path, url, { canary: { enabled: true, interval: '20ms' }, node_name: 'n1', cluster: 'c1', labels: { env: 'x' } });
      await until(() => receiver.entries.size >= run * 5, 'five more lines');
      await agent.stop();
    }
    await receiver.close();
    const entries = receiver.list();
    expect(new Set(entries.map(({ labels }) => labels))).toEqual(new Set(['{cluster="c1", job="spoor-canary", node="n1"}']));
    const lines = entries.map(({ line }) => parseCanaryLine(line));
    expect(lines.map((line) => line?.sequence)).toEqual(lines.map((_, i) => i + 1));
    expect(lines.at(-1)?.start).toBe(3);
    expect(Array.from(receiver.entries.values()).every(({ times }) => times === 1)).toBe(true);
  });
});
