import { openDiskJournal } from '../../src/journal/mod.ts';
import { reasonOf, systemClock } from '../../src/model/mod.ts';

/**
 * A process that appends numbered records until it is killed: `node appender.ts DIRECTORY NUMBER…` begins by repeating the given numbers, which
 * had no answer, and goes on behind the largest number below. Each acknowledgement is a line `number partition position` on standard output.
 */
const [directory = '', nextText = '1', ...repeats] = process.argv.slice(2);
let next = Number(nextText);

try {
  const journal = await openDiskJournal({ directory, partitions: 2, clock: systemClock, fileBytesMax: 30_000, fsyncIntervalMs: next % 2 });
  const append = async (number: number): Promise<void> => {
    const partition = number % 2;
    const { position } = await journal.append(partition, recordOf(number), `number ${number}`);
    process.stdout.write(`${number} ${partition} ${position}\n`);
  };
  await Promise.all(repeats.map((number) => append(Number(number))));
  const worker = async (): Promise<never> => {
    for (;;) {
      const number = next++;
      await append(number);
      if (number % 97 === 0) await journal.trim(number % 2, (await journal.bounds(number % 2)).next - 60n);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exitCode = 1;
}

function recordOf(number: number): Uint8Array {
  return Buffer.alloc(100 + ((number * 37) % 900), `record ${number};`);
}
