import { Client as Client9 } from '@elastic/elasticsearch';
import { Client as OpenSearch } from '@opensearch-project/opensearch';
import { Client as Client7 } from 'elasticsearch-7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInProcess, type InProcess } from '../support/in-process.ts';

/** Elasticsearch's clients for JavaScript, as they are, with their product checks. */
let server: InProcess;
beforeAll(async () => {
  server = await startInProcess();
});
afterAll(() => server.close());

const texts = ['hello es', 'héllo wörld \u{1F680} \t "quoted" back\\slash', 'panic: boom\n\tat a.b.C(D.java:1)\r\n', ''];
const documents = (app: string): object[] =>
  texts.map((message, i) => ({ '@timestamp': new Date(Date.now() - 1000 + i).toISOString(), message, app, log: { level: 'warn' }, host: { name: 'h1' }, n: i, ok: true, tags: ['a', 'b'], nested: { a: { b: 1 } } }));

/** What is stored of the documents of an app. */
async function stored(app: string): Promise<void> {
  const streams = await server.api.streams(`{app="${app}"}`);
  expect(streams.flatMap(({ values }) => values.map(([, line]) => line)).toSorted()).toEqual(texts.toSorted());
  for (const { stream } of streams) expect(stream).toMatchObject({ app, service_name: app, host_name: 'h1', log_level: 'warn', detected_level: 'warn', ok: 'true', tags: '["a","b"]', nested_a_b: '1' });
}

describe.each(['', '/elasticsearch'])('at "%s"', (path) => {
  const name = (client: string): string => `${client}${path.replace('/', '-')}`;

  it('@elastic/elasticsearch 9 gets on', async () => {
    const client = new Client9({ node: server.url + path, auth: { apiKey: 'a2V5OnNlY3JldA==' }, compression: true });
    expect((await client.info()).version.number).toMatch(/^9\./);
    expect(await client.ping()).toBe(true);
    const app = name('js9');
    const answer = await client.bulk({ operations: documents(app).flatMap((document) => [{ create: { _index: 'logs-app-default' } }, document]) });
    expect(answer).toMatchObject({ errors: false, items: texts.map(() => ({ create: { status: 201, result: 'created' } })) });
    await stored(app);
    const single = await client.index({ index: 'logs', document: { message: 'single', app: `${app}-single` } });
    expect(single.result).toBe('created');
    expect(await server.api.lines(`{app="${app}-single"}`)).toEqual(['single']);
    await client.indices.putIndexTemplate({ name: 't', index_patterns: ['logs*'] });
    expect(await client.indices.exists({ index: 'logs' })).toBe(true);
    expect((await client.cluster.health()).status).toBe('green');
    expect((await client.license.get()).license.status).toBe('active');
    await expect(client.search({ index: 'logs' })).rejects.toThrow(/LogQL/);
    await client.close();
  });

  it('the bulk helper of version 9 drops what is refused for good, and tells it', async () => {
    const client = new Client9({ node: server.url + path, auth: { username: 'u', password: 'p' } });
    const app = name('helper9');
    const dropped: unknown[] = [];
    const stats = await client.helpers.bulk({
      datasource: [...documents(app), { '@timestamp': '2001-01-01T00:00:00Z', message: 'old', app }],
      onDocument: () => ({ create: { _index: 'logs' } }),
      onDrop: ({ status, error }) => dropped.push([status, error?.type]),
      retries: 0,
    });
    expect(stats).toMatchObject({ total: 5, successful: 4, failed: 1 });
    expect(dropped).toEqual([[400, 'illegal_argument_exception']]);
    await stored(app);
    await client.close();
  });

  it('elasticsearch 7 gets on, product check and all', async () => {
    const client = new Client7({ node: server.url + path });
    const app = name('js7');
    const { body } = (await client.bulk({ body: [...documents(app).flatMap((document) => [{ index: { _index: 'logs' } }, document]), { update: { _index: 'logs', _id: '1' } }, { doc: { a: 1 } }, { delete: { _index: 'logs', _id: '1' } }] })) as {
      body: { errors: boolean; items: Record<string, { status: number }>[] };
    };
    expect(body.errors).toBe(true);
    expect(body.items.map((item) => Object.values(item)[0]?.status)).toEqual([201, 201, 201, 201, 400, 400]);
    await stored(app);
    expect((await client.ping()).statusCode).toBe(200);
    expect((await client.indices.exists({ index: 'logs' })).statusCode).toBe(200);
    await client.close();
  });

  it('elasticsearch 7 finds its way when it looks for nodes', async () => {
    const client = new Client7({ node: server.url, sniffOnStart: true });
    await new Promise((resolve) => { client.on('sniff', resolve); });
    const app = name('sniff7');
    await client.bulk({ body: documents(app).flatMap((document) => [{ index: { _index: 'logs' } }, document]) });
    await stored(app);
    await client.close();
  });

  it('opensearch 3 gets on', async () => {
    const client = new OpenSearch({ node: server.url + path });
    const app = name('opensearch');
    const { body } = await client.bulk({ body: documents(app).flatMap((document) => [{ index: { _index: 'logs' } }, document]) });
    expect(body).toMatchObject({ errors: false });
    await stored(app);
    const stats = await client.helpers.bulk({ datasource: documents(`${app}-helper`), onDocument: () => ({ create: { _index: 'logs' } }) });
    expect(stats).toMatchObject({ total: 4, successful: 4, failed: 0 });
    await stored(`${app}-helper`);
    await client.close();
  });
});
