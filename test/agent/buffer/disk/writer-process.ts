import { writeSync } from 'node:fs';
import { Batch } from '../../../../agent/buffer/batch.ts';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { DiskBuffer, type BufferedRecord } from '../../../../agent/buffer/disk/disk-buffer.ts';
import { encodeRecord } from '../../../../agent/buffer/disk/record.ts';
import { systemClock } from '../../../../src/model/mod.ts';
import { batchOf, linesOf } from '../batches.ts';

// Adds and delivers numbered records until it is killed, and says each step on standard output before the next one begins.

const say = (text: string): void => void writeSync(1, `${text}\n`);
const buffer = new DiskBuffer(
  { dir: process.argv[2] ?? '', bytesMax: 1e9, segmentBytesMax: 2000 },
  { damaged: (error) => say(`damaged ${error.message}`), failed: (_, error) => say(`failed ${String(error)}`) },
  systemClock,
);
const open: { readonly record: BufferedRecord; readonly number: number }[] = [];
let next = Date.now() * 1000;
for (const record of buffer.takeFound()) {
  const batch = new Batch(16);
  if (!buffer.read(record, batch)) continue;
  const number = Number(linesOf(batch)[0]);
  open.push({ record, number });
  say(`found ${number}`);
}
say('open');
for (let step = 0; ; step++) {
  const numbers = Array.from({ length: 1 + (step % 4) }, () => next++);
  const added = await buffer.append(numbers.map((number) => encodeRecord(batchOf([String(number), 'x'.repeat(number % 500)]), allRows(2))));
  for (const [i, record] of added.entries()) {
    open.push({ record, number: numbers[i] as number });
    say(`added ${numbers[i]}`);
  }
  for (let i = 0; i < (step % 3) + 1; i++) {
    const [one] = open.splice((step * 7) % 3, 1);
    if (one === undefined) continue;
    say(`delivering ${one.number}`);
    buffer.delivered(one.record);
    say(`delivered ${one.number}`);
  }
}
