import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../run.ts';

const compat = fileURLToPath(new URL('../../compat', import.meta.url));
const segment = `${compat}/segment/v2.segment`;
const index = `${compat}/index/v1.index`;
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spoor-inspect-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** A copy of a file with one byte changed. */
async function damaged(path: string, at: number): Promise<string> {
  const bytes = await readFile(path);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  const copy = join(scratch, `copy-${at}`);
  await writeFile(copy, bytes);
  return copy;
}

test.each([['segment', segment], ['index', index]])('a sound %s ends without a failure', async (kind, path) => {
  const { out, notes, failure } = await run(['inspect', kind, path]);
  expect([failure, notes]).toEqual([undefined, '']);
  expect(out).toContain('every checksum is right');
});

test('a damaged file ends with one, after what can be told', async () => {
  const path = await damaged(segment, 100);
  const { out, failure } = await run(['inspect', 'segment', path]);
  expect(failure?.message).toBe(`${path} is damaged in 1 place`);
  expect(out).toMatch(/damaged in 1 place:\n {2}offset \d+: page of \w+: checksum does not match\n/);
  expect(out).toContain('what takes the space');
  const inJson = await run(['inspect', 'segment', path, '--json']);
  expect(inJson.failure?.message).toBe(`${path} is damaged in 1 place`);
  expect((JSON.parse(inJson.out) as { damage: unknown[] }).damage.length).toBe(1);
});

test('a file whose directory cannot be read ends with the reason', async () => {
  const path = await damaged(segment, -30);
  expect(await run(['inspect', 'segment', path])).toMatchObject({ out: '', failure: { message: expect.stringMatching(/^damaged data in .* at offset \d+: checksum of the footer does not match$/) } });
});

describe('what is none of these files', () => {
  test.each([
    ['segment', index, /does not end as a segment does/],
    ['index', segment, /this is no index file/],
    ['journal', segment, /not a journal file/],
    ['segment', '/dev/null', /is no file/],
    ['segment', compat, /EISDIR|is no file/],
    ['segment', '/no/such/file', /^ENOENT: no such file or directory, open '\/no\/such\/file'$/],
  ])('inspect %s %s', async (kind, path, message) => {
    const { out, failure } = await run(['inspect', kind, path]);
    expect(out).toBe('');
    expect(failure?.message).toMatch(message);
  });

  test('an empty file', async () => {
    const path = join(scratch, 'empty');
    await writeFile(path, '');
    expect((await run(['inspect', 'segment', path])).failure?.message).toMatch(/too short for a segment/);
    expect((await run(['inspect', 'index', path])).failure?.message).toMatch(/a file of 0 bytes is no index/);
    expect((await run(['inspect', 'journal', path])).failure?.message).toMatch(/ends inside its header/);
  });
});

test('the help of a kind says nothing of servers', async () => {
  const { out } = await run(['inspect', 'segment', '--help']);
  expect(out).toContain('--row-group <number>');
  expect(out).not.toContain('--addr');
  expect((await run(['inspect', 'nonsense', 'x'])).failure?.message).toMatch(/unknown command|too many arguments/);
});
