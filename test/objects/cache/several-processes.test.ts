import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

const hammer = new URL('hammer.ts', import.meta.url).pathname;

test('processes on one directory read the right bytes, while others are killed and files are damaged, and stay near its limit', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spoor-hammer-'));
  const children: ChildProcess[] = [];
  const start = (seed: number, ms: number): { readonly child: ChildProcess; readonly done: Promise<{ code: number | null; out: string }> } => {
    const child = spawn(process.execPath, [hammer, directory, String(seed), String(ms)], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let out = '';
    child.stdout?.on('data', (data: Buffer) => (out += data.toString()));
    return { child, done: once(child, 'close').then(([code]) => ({ code: code as number | null, out })) };
  };
  const sizes = async (): Promise<number> => {
    let bytes = 0;
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
    return bytes;
  };
  try {
    const kept = [start(1, 3000), start(2, 3000)];
    const over = new AbortController();
    const disturb = async (): Promise<void> => {
      for (let i = 0; !over.signal.aborted; i++) {
        const victim = start(100 + i, 10_000);
        await sleep(400);
        victim.child.kill('SIGKILL');
        await victim.done;
        for (const entry of (await readdir(directory, { recursive: true, withFileTypes: true })).filter((one) => one.isFile() && one.name.includes('-')).slice(0, 2)) {
          const path = join(entry.parentPath, entry.name);
          const bytes = await readFile(path).catch(() => Buffer.alloc(0));
          await writeFile(path, i % 2 === 0 ? bytes.subarray(0, bytes.length / 2) : bytes.map((byte, at) => (at === 3000 ? byte ^ 4 : byte))).catch(() => undefined);
        }
      }
    };
    const disturbing = disturb();
    const ends = await Promise.all(kept.map(({ done }) => done));
    over.abort();
    await disturbing;
    for (const { code, out } of ends) {
      expect(code, out).toBe(0);
      const { asked, read } = JSON.parse(out) as { asked: number; read: number };
      expect(asked).toBeGreaterThan(read);
    }
    // One more, alone, makes room for what the killed ones left.
    const last = await start(3, 300).done;
    expect(last.code, last.out).toBe(0);
    expect(await sizes()).toBeLessThanOrEqual(2 * 9 * 65_536);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);
