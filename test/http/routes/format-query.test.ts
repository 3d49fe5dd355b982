import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { formatQueryRoutes } from '../../../src/http/routes/format-query.ts';

async function ask(query: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const app = fastify();
  formatQueryRoutes(app);
  const answer = await app.inject({ url: `/loki/api/v1/format_query?${new URLSearchParams({ query }).toString()}` });
  await app.close();
  return { status: answer.statusCode, body: answer.json() };
}

describe('format_query', () => {
  it.each([
    ['{app="x"}|="a"|="b"', '{app="x"} |= "a" |= "b"'],
    ['2 ^ 3 ^ 2 - -1', '513'],
  ])('prints %s', async (query, data) => {
    expect(await ask(query)).toEqual({ status: 200, body: { status: 'success', data } });
  });

  it('answers JSON for what it cannot parse', async () => {
    const { status, body } = await ask('{app="x"');
    expect(status).toBe(400);
    expect(body).toEqual({ status: 'invalid-query', error: 'parse error at line 1, col 9: syntax error: unexpected $end, expecting } or ,' });
  });
});
