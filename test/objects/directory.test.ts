import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDirectoryStore } from '../../src/objects/mod.ts';
import { objectStoreContract } from '../contract/objects.ts';

objectStoreContract('directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spoor-objects-'));
  return { store: await openDirectoryStore({ directory }), dispose: async () => rm(directory, { recursive: true, force: true }) };
});

describe('directory store', () => {
  const never = new AbortController().signal;
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spoor-objects-'));
  });
  afterEach(async () => rm(directory, { recursive: true, force: true }));

  const keysOf = async (store: Awaited<ReturnType<typeof openDirectoryStore>>): Promise<string[]> => {
    const keys: string[] = [];
    for await (const object of store.list('')) keys.push(object.key);
    return keys;
  };

  test('an object is the file of its key, and nothing else is left', async () => {
    const store = await openDirectoryStore({ directory: join(directory, 'not', 'yet', 'there') });
    await store.put('a/b/c', Buffer.from('hello'));
    expect(await store.putIfAbsent('a/b/c', Buffer.from('again'))).toBe(false);
    expect(await store.putIfAbsent('a/b/d', Buffer.from('new'))).toBe(true);
    expect(await readFile(join(directory, 'not/yet/there/a/b/c'), 'utf8')).toBe('hello');
    expect(await readdir(join(directory, 'not/yet/there/~tmp'))).toEqual([]);
    await store.delete(['a/b/c', 'a/b/d']);
    expect(await readdir(join(directory, 'not/yet/there'))).toEqual(['~tmp']);
  });

  test('what crashed writers left is deleted on open, and never listed', async () => {
    const store = await openDirectoryStore({ directory });
    await store.put('kept', Buffer.from('x'));
    await writeFile(join(directory, '~tmp', 'left'), 'half an obj');
    expect(await keysOf(store)).toEqual(['kept']);
    const looking = await openDirectoryStore({ directory, readOnly: true });
    expect(await readdir(join(directory, '~tmp'))).toEqual(['left']);
    expect(await keysOf(looking)).toEqual(['kept']);
    await expect(looking.put('more', Buffer.from('x'))).rejects.toMatchObject({ code: 'object_store' });
    await expect(looking.delete(['kept'])).rejects.toMatchObject({ code: 'object_store' });
    const again = await openDirectoryStore({ directory });
    expect(await readdir(join(directory, '~tmp'))).toEqual([]);
    expect(await keysOf(again)).toEqual(['kept']);
  });

  test('foreign files and links are not listed', async () => {
    const store = await openDirectoryStore({ directory });
    await store.put('a/object', Buffer.from('x'));
    await writeFile(join(directory, 'not a key'), '');
    await writeFile(join(directory, 'a', '.DS_Store~'), '');
    await symlink('/etc', join(directory, 'etc'));
    await mkdir(join(directory, 'empty'));
    expect(await keysOf(store)).toEqual(['a/object']);
  });

  test('a failed write is an error that names the key, and leaves nothing', async () => {
    const store = await openDirectoryStore({ directory });
    await store.put('file', Buffer.from('x'));
    await expect(store.put('file/below', Buffer.from('y'))).rejects.toMatchObject({ code: 'object_store', retryable: true, details: { operation: 'put', key: 'file/below' } });
    await expect(store.putIfAbsent('file/below', Buffer.from('y'))).rejects.toMatchObject({ code: 'object_store' });
    await store.put('folder/object', Buffer.from('x'));
    await expect(store.put('folder', Buffer.from('y'))).rejects.toMatchObject({ code: 'object_store' });
    expect(await store.putIfAbsent('folder', Buffer.from('y'))).toBe(false);
    await store.delete(['folder']);
    expect(Buffer.from(await store.getRange('folder/object', 0, 9, never)).toString()).toBe('x');
    expect(await readdir(join(directory, '~tmp'))).toEqual([]);
    expect(store.counts().failures.put).toBe(2);
  });

  test('a directory that cannot be made is an object_store error', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(openDirectoryStore({ directory: join(directory, 'file', 'below') })).rejects.toMatchObject({ code: 'object_store' });
  });

  test('writes are fsynced, and so are the folders that hold them', async (context) => {
    try {
      execFileSync('strace', ['-V'], { stdio: 'ignore' });
    } catch {
      context.skip('strace is not installed');
    }
    const script = `
      import { openDirectoryStore } from ${JSON.stringify(new URL('../../src/objects/mod.ts', import.meta.url).href)};
      const store = await openDirectoryStore({ directory: ${JSON.stringify(join(directory, 'new'))} });
      await store.put('x/y', Buffer.from('1'));
      await store.putIfAbsent('x/z', Buffer.from('2'));`;
    const trace = join(directory, 'trace');
    execFileSync('strace', ['-f', '-qq', '-y', '-o', trace, '-e', 'trace=fsync,fdatasync,rename,renameat,renameat2,link,linkat', process.execPath, '--input-type=module', '-e', script], { stdio: 'inherit' });
    const calls = (await readFile(trace, 'utf8')).split('\n').filter((line) => line.includes(directory));
    const order = calls.map((line) => /(fsync|fdatasync|rename|link)\w*\(.*?(?:<([^>]*)>\)|"([^"]*)"[^"]*\) )/.exec(line)).map((match) => `${match?.[1] ?? ''} ${(match?.[2] ?? match?.[3] ?? '').replace(directory, '')}`);
    const at = (call: string): number => order.findIndex((one) => one.startsWith(call));
    expect(order.join('\n')).toContain('fsync /new/x');
    expect(at('fsync /new/~tmp')).toBeLessThan(at('rename'));
    expect(at('fsync /new/~tmp')).toBeGreaterThanOrEqual(0);
    expect(order.lastIndexOf('fsync /new/x')).toBeGreaterThan(at('link'));
  });
});
