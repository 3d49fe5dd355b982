import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Watching } from '../../../agent/discover/watching.ts';
import { temporaryDir, until } from '../harness.ts';

describe('watching directories', () => {
  it('tells of names and of content', async () => {
    using dir = temporaryDir();
    const watching = new Watching(true, () => undefined);
    const said: string[] = [];
    const watch = watching.directory(dir.path, (renamed, name) => said.push(`${renamed ? 'renamed' : 'changed'} ${name ?? ''}`));
    writeFileSync(join(dir.path, 'a'), 'x');
    await until(() => said.includes('renamed a') && said.includes('changed a'), 'both events');
    expect(watch.pollChanged()).toBe(false);
    expect(watching.counts).toEqual({ watched: 1, polled: 0, failures: 0 });
    watch.close();
    watch.close();
    expect(watching.counts).toEqual({ watched: 0, polled: 0, failures: 0 });
  });

  it('falls back to looking where it cannot watch, and says so once', async () => {
    using dir = temporaryDir();
    const said: string[] = [];
    const watching = new Watching(true, (path, reason) => said.push(`${path} ${reason}`));
    writeFileSync(join(dir.path, 'file'), '');
    // What lies under a file can be neither asked about nor watched: ENOTDIR, as ENOSPC and EMFILE are where inotify has no more watches.
    const lost = [1, 2].map((n) => watching.directory(join(dir.path, 'file', String(n)), () => undefined));
    expect(said).toHaveLength(1);
    expect(watching.counts).toEqual({ watched: 0, polled: 2, failures: 2 });
    for (const watch of lost) watch.close();
    const switchedOff = new Watching(false, (path) => said.push(path));
    mkdirSync(join(dir.path, 'd'));
    const polled = switchedOff.directory(join(dir.path, 'd'), () => undefined);
    expect([polled.pollChanged(), switchedOff.anyPolled]).toEqual([false, true]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(join(dir.path, 'd/new'), '');
    expect([polled.pollChanged(), polled.pollChanged()]).toEqual([true, false]);
    rmSync(join(dir.path, 'd'), { recursive: true });
    expect(polled.pollChanged()).toBe(true);
    polled.close();
    expect([said.length, switchedOff.anyPolled]).toEqual([1, false]);
  });
});
