import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startInProcess, type InProcess } from '../support/in-process.ts';
import { pythonWith } from './python/environment.ts';

/** Shippers written in Python, as they are on PyPI. Where that cannot be reached the tests are skipped, but not in CI. */
const run = promisify(execFile);
const script = (name: string): string => path.join(import.meta.dirname, 'python', name);
const nine = await pythonWith('elasticsearch-9', ['elasticsearch>=9.1,<10', 'python-logging-loki==0.3.1']);
const seven = await pythonWith('elasticsearch-7', ['elasticsearch>=7.17,<8']);

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess();
});
afterAll(() => server.close());

describe.each<[string, string | null]>([
  ['9', nine],
  ['7', seven],
])('elasticsearch-py %s', (version, python) => {
  test.skipIf(python === null).each<[string, string]>([
    ['', ''],
    ['', 'gzip'],
    ['/elasticsearch', ''],
  ])('gets on with "%s" %s', async (prefix, compression) => {
    const app = `py${version}${compression}${prefix.replace('/', '-')}`;
    const { stdout } = await run(python!, [script('elasticsearch_bulk.py'), server.url + prefix, app, compression], { timeout: 120_000 });
    expect(JSON.parse(stdout)).toEqual({ version: expect.stringMatching(new RegExp(`^${version}\\.`)) as string, ping: true, good: 3, errors: [400] });
    const streams = await server.api.streams(`{app="${app}"}`);
    expect(streams.flatMap(({ values }) => values.map(([, line]) => line)).toSorted()).toEqual(['', 'hello es', 'héllo \u{1F680}\nline two']);
    expect(streams[0]?.stream).toMatchObject({ _index: 'logs', o_a_b: expect.stringMatching(/^\[1, ?2\]$/) as string });
  }, 180_000);
});

test.skipIf(nine === null)('python-logging-loki gets on, by both of its emitters', async () => {
  const { stdout } = await run(nine!, [script('loki_logging.py'), server.url, 'pylog'], { timeout: 120_000 });
  expect(stdout.trim()).toBe('done');
  for (const emitter of ['0', '1']) {
    expect((await server.api.lines(`{app="pylog${emitter}"}`)).toSorted()).toEqual(['hello from python héllo', 'it failed']);
    expect(await server.api.lines(`{app="pylog${emitter}", severity="error"}`)).toEqual(['it failed']);
  }
}, 180_000);
