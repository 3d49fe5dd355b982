import { expect, test } from 'vitest';
import { Serial } from '../../src/journal/serial.ts';

test('tasks run one after another in order, past those that fail', async () => {
  const serial = new Serial();
  const log: string[] = [];
  const task = (name: string, fails: boolean) => () =>
    new Promise<string>((resolve, reject) => {
      log.push(`${name} begins`);
      setImmediate(() => {
        log.push(`${name} ends`);
        if (fails) reject(new Error(name));
        else resolve(name);
      });
    });
  const results = Promise.allSettled([serial.run(task('a', false)), serial.run(task('b', true)), serial.run(task('c', false))]);
  await serial.idle();
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect((await results).map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
