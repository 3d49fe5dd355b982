import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Member } from '../../../agent/discover/members.ts';
import { StdinSpool } from '../../../agent/tail/spool.ts';
import { temporaryDir, until } from '../harness.ts';

describe('the spool of standard input', () => {
  it('keeps what came in until it is delivered, and holds the writer up', { timeout: 120_000 }, async () => {
    using dir = temporaryDir();
    let members: readonly Member[] = [];
    let delivered = false;
    const open = (): StdinSpool => new StdinSpool(dir.path, {
      files: (now) => {
        members = now;
      },
      changed: () => undefined, deliveredTo: () => (delivered ? Number.MAX_SAFE_INTEGER : 0),
      failed: (path, error) => {
        throw new Error(path, { cause: error });
      },
    });
    const input = new PassThrough();
    const stop = new AbortController();
    const spool = open();
    spool.scan();
    const running = spool.run(input, stop.signal);
    const piece = Buffer.alloc(2 ** 20, 'x\n');
    let written = 0;
    let waiting = false;
    while (!waiting && written < 100) {
      written++;
      waiting = !input.write(piece) && !(await Promise.race([new Promise((resolve) => input.once('drain', () => resolve(true))), new Promise((resolve) => setTimeout(resolve, 500, false))]));
    }
    expect(written).toBeGreaterThanOrEqual(64);
    expect(written).toBeLessThan(70);
    delivered = true;
    spool.sweep();
    expect(members).toHaveLength(1);
    input.end('last');
    await running;
    expect(spool.ended).toBe(true);
    expect(spool.drained).toBe(true);
    spool.sweep();
    expect(readdirSync(join(dir.path, 'stdin'))).toHaveLength(1);
  });

  it('goes on with the input where another spool stopped, and keeps what that left', async () => {
    using dir = temporaryDir();
    const input = new PassThrough();
    const sizes: number[][] = [];
    for (const text of ['one\n', 'two\n']) {
      const stop = new AbortController();
      const spool = new StdinSpool(dir.path, { files: () => undefined, changed: () => undefined, deliveredTo: () => 0, failed: () => undefined });
      spool.scan();
      const running = spool.run(input, stop.signal);
      input.write(text);
      await until(() => input.readableLength === 0, 'the read');
      stop.abort();
      await running;
      expect(spool.ended).toBe(false);
      sizes.push([readdirSync(join(dir.path, 'stdin')).length]);
    }
    expect(sizes).toEqual([[1], [2]]);
  });
});
