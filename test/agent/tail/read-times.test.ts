import { appendFileSync, closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogFile, startPosition } from '../../../agent/tail/file.ts';
import { fingerprintOf } from '../../../agent/tail/identity.ts';
import { ReadTimes } from '../../../agent/tail/read-times.ts';
import { ManualClock } from '../../../src/model/mod.ts';
import { temporaryDir } from '../harness.ts';

const failed = (path: string, error: unknown): never => {
  throw new Error(path, { cause: error });
};

/** A file of `content`, open. */
function openFile(path: string, content: string): LogFile {
  writeFileSync(path, content);
  const stat = statSync(path, { bigint: true });
  const file = new LogFile(path, stat.dev, stat.ino, false, fingerprintOf(Buffer.from(content)), startPosition);
  file.fd = openSync(path, 'r');
  return file;
}

describe('times of reading', () => {
  it('are the same after a crash, for the same bytes of the same file', () => {
    using dir = temporaryDir();
    const clock = new ManualClock(1_000_000_000_000n);
    const content = 'x'.repeat(500);
    const first = openFile(join(dir.path, 'a'), content);
    const times = new ReadTimes(dir.path, clock, failed);
    const marks = [times.markAt(first, 0, 100)];
    clock.advanceMs(5);
    marks.push(times.markAt(first, 100, 300));
    expect(times.markAt(first, 50, 100)).toBe(marks[0]);
    // No close: the process was killed. What was half written is no mark.
    appendFileSync(join(dir.path, 'read-times.log'), '1 2 3');
    clock.advanceMs(60_000);
    const again = new ReadTimes(dir.path, clock, failed);
    const second = openFile(join(dir.path, 'a'), content + 'more');
    again.claim(second);
    again.forgetEarlier();
    expect([again.markAt(second, 0, 400), again.markAt(second, 99, 400), again.markAt(second, 100, 400), again.markAt(second, 299, 400)]).toEqual([marks[0], marks[0], marks[1], marks[1]]);
    const now = again.markAt(second, 300, 400);
    expect([now.from, now.to, now.seconds]).toEqual([300, 400, 1060]);
    const other = openFile(join(dir.path, 'b'), 'other');
    expect(again.markAt(other, 0, 10).seconds).toBe(1060);
    for (const file of [first, second, other]) file.close();
    times.close();
    again.close();
  });

  it('never go back within a file, whatever the clock does', () => {
    using dir = temporaryDir();
    const file = openFile(join(dir.path, 'a'), '');
    const clock = new ManualClock(10_000_000_000n);
    const times = new ReadTimes(dir.path, clock, failed);
    const first = times.markAt(file, 0, 1000);
    clock.advanceMs(-5000);
    const second = times.markAt(file, 1000, 2000);
    expect([second.seconds, second.nanos]).toEqual([first.seconds, first.nanos + 1000]);
    times.close();
    file.close();
  });

  it('are forgotten once they are delivered, so that their file stays small', () => {
    using dir = temporaryDir();
    const file = openFile(join(dir.path, 'a'), 'y'.repeat(100));
    const clock = new ManualClock(10_000_000_000n);
    const times = new ReadTimes(dir.path, clock, failed);
    for (let i = 0; i < 20_000; i++) times.markAt(file, i * 10, i * 10 + 10);
    expect(statSync(join(dir.path, 'read-times.log')).size).toBeGreaterThan(2 ** 20);
    times.keep([file], () => 199_900);
    expect(statSync(join(dir.path, 'read-times.log')).size).toBeLessThan(2000);
    expect(file.marks).toHaveLength(10);
    times.close();
    const again = new ReadTimes(dir.path, clock, failed);
    file.marks = [];
    expect(again.markAt(file, 199_900, 200_000).to).toBe(199_910);
    again.close();
    closeSync(file.fd ?? -1);
  });
});
