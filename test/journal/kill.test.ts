import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openDiskJournal } from '../../src/journal/mod.ts';
import { systemClock } from '../../src/model/mod.ts';
import { readCount } from '../contract/journal.ts';
import { randomFrom } from './forgetful-files.ts';

test('a process that is killed with -9 again and again loses and doubles nothing that it acknowledged', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spoor-journal-'));
  const random = randomFrom(20_261_122);
  const acknowledged = new Map<number, { readonly partition: number; readonly position: bigint }>();
  let largest = 0;
  for (let round = 0; round < 8; round++) {
    const unanswered = numbers(1, largest + 8).filter((number) => !acknowledged.has(number));
    const child = spawn(process.execPath, [join(import.meta.dirname, 'appender.ts'), directory, String(largest + 9), ...unanswered.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    const killAfter = Math.floor(random() * 400) + unanswered.length + 1;
    let answers = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const match = /^(\d+) ([01]) (\d+)$/.exec(line);
      // The last line may be cut.
      if (match === null) continue;
      const [number, partition, position] = [Number(match[1]), Number(match[2]), BigInt(match[3]!)];
      const before = acknowledged.get(number);
      if (before !== undefined) expect(before.position).toBe(position);
      acknowledged.set(number, { partition, position });
      largest = Math.max(largest, number);
      if (++answers === killAfter) child.kill('SIGKILL');
    }
    expect(errors.replaceAll(/\(node.*\n/g, '')).toBe('');
    expect(answers).toBeGreaterThanOrEqual(killAfter);
  }

  const journal = await openDiskJournal({ directory, partitions: 2, clock: systemClock, fileBytesMax: 30_000 });
  for (const partition of [0, 1]) {
    const { first, next } = await journal.bounds(partition);
    expect(first).toBeGreaterThan(1n);
    const records = await readCount(journal, partition, first, Number(next - first));
    expect(records.map((record) => record.position)).toEqual(numbers(Number(first), Number(next) - 1).map(BigInt));
    const read = records.map((record) => Number(/^record (\d+);/.exec(Buffer.from(record.data).toString())![1]));
    expect(new Set(read).size).toBe(read.length);
    for (const [number, { partition: its, position }] of acknowledged) if (its === partition && position >= first) expect(read[Number(position - first)]).toBe(number);
  }
  // Every client that repeats its push, also of what was trimmed, gets the first answer.
  for (const [number, { partition, position }] of acknowledged) {
    expect(await journal.append(partition, new Uint8Array(1), `number ${number}`)).toEqual({ position, duplicate: true });
  }
  await journal.close();
  await rm(directory, { recursive: true });
});

function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
