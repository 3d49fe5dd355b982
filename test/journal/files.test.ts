import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeFiles, readSmallFile, replaceFile } from '../../src/journal/files.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spoor-journal-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('writes more parts than one system call takes, at an offset, and reads them back', async () => {
  const parts = Array.from({ length: 5000 }, (_, i) => Buffer.from(`${i},`.slice(0, i % 6)));
  const file = await nodeFiles.open(`${directory}/parts`, 'create');
  await file.write(parts, 10);
  await file.sync();
  const expected = Buffer.concat([Buffer.alloc(10), ...parts]);
  expect((await readFile(`${directory}/parts`)).equals(expected)).toBe(true);
  expect(await file.size()).toBe(expected.length);
  const into = Buffer.alloc(100);
  expect(await file.read(into, expected.length - 30)).toBe(30);
  expect(into.subarray(0, 30).equals(expected.subarray(-30))).toBe(true);
  await file.truncate(10);
  expect(await file.read(into, 0)).toBe(10);
  await file.close();
});

test('makes a directory with its parents, once and again', async () => {
  const path = `${directory}/a/b/c`;
  await nodeFiles.makeDirectory(path);
  await nodeFiles.makeDirectory(path);
  expect(await nodeFiles.list(`${directory}/a/b`)).toEqual(['c']);
});

test('replaces a small file, and reads it up to a limit', async () => {
  expect(await readSmallFile(nodeFiles, directory, 'small', 10)).toBeUndefined();
  await replaceFile(nodeFiles, directory, 'small', Buffer.from('one'));
  await replaceFile(nodeFiles, directory, 'small', Buffer.from('two!'));
  expect((await readSmallFile(nodeFiles, directory, 'small', 10))?.toString()).toBe('two!');
  await expect(readSmallFile(nodeFiles, directory, 'small', 3)).rejects.toThrow(/over the limit of 3/);
  expect((await nodeFiles.list(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('opening for reading or writing wants the file to be there; deleting does not', async () => {
  await expect(nodeFiles.open(`${directory}/none`, 'read')).rejects.toThrow(/ENOENT/);
  await expect(nodeFiles.open(`${directory}/none`, 'write')).rejects.toThrow(/ENOENT/);
  await nodeFiles.delete(`${directory}/none`);
});
