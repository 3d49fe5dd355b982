import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backend } from './backend.ts';
import { nowNs, run } from './run.ts';

let backend: Backend;

beforeEach(async () => {
  backend = new Backend();
  await backend.start();
});

afterEach(() => backend.crash());

test('names of labels, values of one', async () => {
  backend.answers.set('/loki/api/v1/labels', { status: 'success', data: ['app', 'env'] });
  backend.answers.set('/loki/api/v1/label/a%2Fb/values', { status: 'success', data: ['x', 'y'] });
  backend.answers.set('/loki/api/v1/label/none/values', { status: 'success' });
  expect((await run(['labels', '-q', '--addr', backend.address, '--since', '10m'])).out).toBe('app\nenv\n');
  expect((await run(['labels', 'a/b', '-q', '--addr', backend.address])).out).toBe('x\ny\n');
  expect((await run(['labels', 'none', '-q', '--addr', backend.address])).out).toBe('');
  expect(Object.fromEntries(backend.requests[0]?.parameters ?? [])).toEqual({ start: String(nowNs - 600_000_000_000n), end: String(nowNs) });
});

test('series, as a list and as a table of labels', async () => {
  const data = [{ env: 'prod', app: 'a' }, { app: 'b', env: 'prod' }, { app: 'b', env: 'prod', pod: 'q"' }];
  backend.answers.set('/loki/api/v1/series', { status: 'success', data });
  expect((await run(['series', '{env="prod"}', '-q', '--addr', backend.address])).out).toBe('{app="a", env="prod"}\n{app="b", env="prod"}\n{app="b", env="prod", pod="q\\""}\n');
  expect(backend.requests[0]?.parameters.getAll('match[]')).toEqual(['{env="prod"}']);
  expect((await run(['series', '{}', '-q', '--analyze-labels', '--addr', backend.address])).out).toBe(
    'Total Streams:  3\nUnique Labels:  3\n\nLabel Name  Unique Values  Found In Streams\napp         2              3\nenv         1              3\npod         1              1\n',
  );
});
