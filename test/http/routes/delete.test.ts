import { afterAll, beforeAll, expect, it } from 'vitest';
import { startInProcess, type InProcess } from '../../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('auth_enabled: true');
});
afterAll(() => server.close());

it.each(['GET', 'POST', 'PUT', 'DELETE'])('says that there are no deletes yet: %s', async (method) => {
  const url = '/loki/api/v1/delete?query=%7Bapp%3D%22a%22%7D&start=1&request_id=x';
  const answer = await server.as({ 'x-scope-orgid': 't' }).fetch(url, { method });
  expect([answer.status, await answer.text()]).toEqual([501, 'deleting log entries is not implemented yet: spoor has no retention and takes no delete requests\n']);
  expect((await server.api.fetch(url, { method })).status).toBe(401);
});

it('has no other methods', async () => {
  expect((await server.as({ 'x-scope-orgid': 't' }).fetch('/loki/api/v1/delete', { method: 'PATCH' })).status).toBe(405);
});
