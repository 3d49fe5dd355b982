import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backend } from './backend.ts';

const bin = fileURLToPath(new URL('../../bin/spoor.js', import.meta.url));
let backend: Backend;

beforeEach(async () => {
  backend = new Backend();
  await backend.start();
});

afterEach(() => backend.crash());

function spoor(argv: readonly string[], node = process.execPath): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(node, [bin, ...argv], { env: { ...process.env, LOKI_ADDR: backend.address, NO_COLOR: '' } }, (error, out, err) => resolve({ code: error?.code ?? 0, out, err }));
  });
}

test('help and version', async () => {
  const help = await spoor([]);
  expect(help).toMatchObject({ code: 0, err: '' });
  for (const command of ['serve', 'agent', 'query', 'instant-query', 'tail', 'labels', 'series', 'trace']) expect(help.out).toContain(`\n  ${command} `);
  expect(await spoor(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});

test.each([{ argv: ['query'] }, { argv: ['nonsense'] }, { argv: ['query', '{}', '--limit', 'x'] }, { argv: ['query', '{}', '-o', 'xml'] }])('wrong use ends with 1 and says why: $argv', async ({ argv }) => {
  expect(await spoor(argv)).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^error: /) });
});

test("the server's text on stderr, exit code 1", async () => {
  backend.answers.set('/loki/api/v1/query_range', 'parse error : nope');
  expect(await spoor(['query', '-q', '{']), 'refused').toEqual({ code: 1, out: '', err: 'parse error : nope\n' });
});

test('a reader that goes away ends it quietly', async () => {
  for (let i = 0; i < 200_000; i++) backend.entries.push({ timeNs: BigInt(i), labels: {}, line: `line ${i}` });
  const child = spawn('bash', ['-o', 'pipefail', '-c', `"$NODE" "$BIN" query -q -o raw --forward --limit 0 --batch 5000 --from 1970-01-01T00:00:00Z '{}' | head -n 2; echo "rc $?"`], {
    env: { ...process.env, LOKI_ADDR: backend.address, NODE: process.execPath, BIN: bin },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString('utf8')));
  await once(child, 'close');
  expect(text).toBe('line 0\nline 1\nrc 0\n');
});

test('an interrupted tail ends with 0, and the break of a tail is no end', async () => {
  const child = spawn(process.execPath, [bin, 'tail', '-q', '-o', 'raw', '{}'], { env: { ...process.env, LOKI_ADDR: backend.address } });
  backend.onTail = () => setImmediate(() => backend.push({ timeNs: 1_000_000n, labels: {}, line: 'here' }));
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  // npm hands on what the terminal has sent already.
  await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

// The Node that runs npm is often older than what spoor needs; npm brings the right one.
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path));

test.skipIf(oldNode === undefined)('under the Node of the system it starts itself with the one from npm, and passes exit code and signals on', async () => {
  const node = oldNode ?? '';
  expect(await spoor(['--version'], node)).toMatchObject({ code: 0 });
  expect(await spoor(['nonsense'], node)).toMatchObject({ code: 1 });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = spawn(node, [bin, 'tail', '-q', '-o', 'raw', '{}'], { env: { ...process.env, LOKI_ADDR: backend.address }, stdio: ['ignore', 'pipe', 'pipe'] });
    backend.onTail = () => setImmediate(() => backend.push({ timeNs: 1_000_000n, labels: {}, line: 'here' }));
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});
