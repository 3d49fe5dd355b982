import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInProcess, type InProcess } from '../support/in-process.ts';
import { classPath } from './loki4j/project.ts';

/** loki4j's appender for logback, as Maven Central has it. Skipped where there is no Maven. */
const run = promisify(execFile);
const packages = await classPath();
const file = (name: string): string => path.join(import.meta.dirname, 'loki4j', name);

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess();
});
afterAll(() => server.close());

test.skipIf(packages === null).each<[string, string]>([
  ['JSON', 'false'],
  ['protobuf', 'true'],
])('loki4j gets on, with %s', async (name, protobuf) => {
  const app = `loki4j-${name}`;
  const { stdout } = await run('java', ['-cp', packages!, `-Dspoor.url=${server.url}`, `-Dspoor.protobuf=${protobuf}`, `-Dspoor.app=${app}`, file('Try.java'), file('logback.xml')], { timeout: 200_000 });
  expect(stdout).toContain('done');
  const lines = await server.api.lines(`{app="${app}"}`);
  expect(lines).toHaveLength(22);
  expect(lines.filter((line) => line.includes('héllo'))).toHaveLength(20);
  expect(await server.api.lines(`{app="${app}", level="WARN"} | user_id="7" | detected_level="warn" | logger="dev.spoor.Try"`)).toEqual([expect.stringContaining('with a pair')]);
  expect((await server.api.lines(`{app="${app}", level="ERROR"}`))[0]).toContain('IllegalStateException: boom');
}, 240_000);
