import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { startInProcess, type InProcess } from '../../../support/in-process.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess();
});
afterAll(() => server.close());

async function ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string) {
  const answer = await server.api.fetch(path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', product: answer.headers.get('x-elastic-product'), text, json: (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown> };
}

describe('/', () => {
  const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' };
  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ['a browser', browser, false],
    ['a tool that takes anything', { 'user-agent': 'curl/8.0' }, false],
    ['a program that wants JSON', { accept: 'application/json' }, true],
    ['Filebeat', { 'user-agent': 'Elastic-Filebeat/9.1.2 (linux; amd64)', accept: 'application/json' }, true],
    ['Logstash', { 'user-agent': 'logstash/8.15.0 (OS=Linux)', 'x-elastic-product-origin': 'logstash-output-elasticsearch' }, true],
    ['Vector', { 'user-agent': 'Vector/0.50.0' }, true],
    ['a client of version 7', { 'user-agent': 'elasticsearch-py/7.17.13 (Python 3.11.7)', accept: 'application/json' }, true],
    ['a client of version 9', { accept: 'application/vnd.elasticsearch+json; compatible-with=9,text/plain', 'x-elastic-client-meta': 'es=9.5.1,js=24.21.0' }, true],
  ])('answers %s', async (_, headers, isElastic) => {
    const answer = await ask('GET', '/', headers);
    expect(answer.status).toBe(200);
    if (isElastic) {
      expect(answer.product).toBe('Elasticsearch');
      expect(answer.json()).toMatchObject({ tagline: 'You Know, for Search', version: { number: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string, build_flavor: 'default' } });
    } else expect(answer.type).toBe('text/html; charset=utf-8');
    expect(await ask('HEAD', '/', headers)).toMatchObject({ status: 200, text: '' });
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['Filebeat', { 'user-agent': 'Elastic-Filebeat/9.1.2 (linux; amd64)' }, '9.1.2'],
    ['a client', { 'x-elastic-client-meta': 'es=7.17.14,js=24' }, '7.17.14'],
    ['a client that speaks version 9', { accept: 'application/vnd.elasticsearch+json; compatible-with=9' }, '9.0.0'],
    ['others', {}, '8.17.0'],
  ])('tells %s a version that it gets on with', async (_, headers, version) => {
    expect((await ask('GET', '/elasticsearch/', headers)).json()).toMatchObject({ version: { number: version } });
  });

  it('gives what filter_path asks for', async () => {
    expect((await ask('GET', '/?filter_path=version.number')).json()).toEqual({ version: { number: '8.17.0' } });
  });
});

describe.each(['', '/elasticsearch'])('below "%s"', (prefix) => {
  test.each<[string, string, object]>([
    ['GET', '/_license', { license: { status: 'active', type: 'basic' } }],
    ['GET', '/_xpack', { features: { ilm: { enabled: true } } }],
    ['GET', '/_cluster/health', { status: 'green', number_of_nodes: 1 }],
    ['GET', '/_cluster/health/logs?timeout=1s', { status: 'green' }],
    ['GET', '/_nodes', { _nodes: { total: 1 } }],
    ['GET', '/_nodes/_all/http', { _nodes: { total: 1 } }],
    ['GET', '/_nodes/http', { _nodes: { total: 1 } }],
    ['GET', '/_ilm/policy/filebeat', { filebeat: { version: 1 } }],
    ['PUT', '/_ilm/policy/filebeat', { acknowledged: true }],
    ['GET', '/_index_template/ecs-logstash', { index_templates: [{ name: 'ecs-logstash' }] }],
    ['PUT', '/_index_template/ecs-logstash', { acknowledged: true }],
    ['PUT', '/_component_template/x', { acknowledged: true }],
    ['GET', '/_template/logstash', { logstash: {} }],
    ['PUT', '/_template/logstash', { acknowledged: true }],
    ['GET', '/_ingest/pipeline/p', { p: {} }],
    ['PUT', '/_ingest/pipeline/p', { acknowledged: true }],
    ['GET', '/_data_stream/logs', { data_streams: [{ name: 'logs' }] }],
    ['PUT', '/_data_stream/logs', { acknowledged: true }],
    ['GET', '/_alias/filebeat', { 'filebeat-000001': { aliases: { filebeat: { is_write_index: true } } } }],
    ['GET', '/_logstash/pipeline', {}],
    ['GET', '/_security/_authenticate', { username: 'spoor' }],
    ['POST', '/_security/user/_has_privileges', { has_all_requested: true }],
    ['GET', '/logs/_mapping', {}],
    ['GET', '/_cat/indices?format=json', []],
  ])('%s %s is answered', async (method, path, wanted) => {
    const answer = await ask(method, prefix + path, { 'content-type': 'application/json' }, method === 'GET' ? undefined : '{"a":1}');
    expect(answer).toMatchObject({ status: 200, product: 'Elasticsearch' });
    expect(answer.json()).toMatchObject(wanted);
  });

  test.each(['/_index_template/x', '/_template/x', '/_data_stream/x', '/_alias/x', '/_license', '/_cat/health'])('HEAD %s says that it is there', async (path) => {
    expect(await ask('HEAD', prefix + path)).toMatchObject({ status: 200, text: '', product: 'Elasticsearch' });
  });

  it('has an index of every name, for clients of Elasticsearch', async () => {
    const headers = { 'user-agent': 'elasticsearch-py/9.5.1' };
    expect((await ask('HEAD', `${prefix}/logs`, headers)).status).toBe(200);
    expect((await ask('PUT', `${prefix}/logs`, headers)).json()).toEqual({ acknowledged: true, shards_acknowledged: true, index: 'logs' });
    expect((await ask('DELETE', `${prefix}/logs`, headers)).status).toBe(400);
    expect((await ask('GET', `${prefix}/logs/_doc/1`, headers)).json()).toEqual({ _index: 'logs', _id: '1', found: false });
    expect((await ask('DELETE', `${prefix}/logs/_doc/1`, headers)).status).toBe(400);
  });

  test.each(['/_search', '/logs/_search', '/logs/_count', '/_msearch'])('%s says that it is not there', async (path) => {
    const answer = await ask('POST', prefix + path, {}, '{}');
    expect(answer).toMatchObject({ status: 501, product: 'Elasticsearch' });
    expect(answer.text).toContain('LogQL');
  });

  it('answers other paths and methods with errors as Elasticsearch has them', async () => {
    expect((await ask('GET', `${prefix}/_bulk`)).json()).toMatchObject({ status: 405, error: { root_cause: [{}] } });
    expect((await ask('GET', `${prefix}/_nosuch/thing`)).json()).toMatchObject({ error: { root_cause: [{}] } });
  });
});

it('tells nodes at the address that the client used', async () => {
  const { nodes } = (await ask('GET', '/_nodes/_all/http')).json() as { nodes: Record<string, { http: { publish_address: string } }> };
  expect(`http://${Object.values(nodes)[0]?.http.publish_address ?? ''}`).toBe(server.url);
});

test.each(['/logs', '/nosuch/path', '/loki/api/v1/nosuch', '/foo'])('leaves %s to others: 404 as Loki has it', async (path) => {
  const answer = await ask('GET', path);
  expect([answer.status, answer.text, answer.product]).toEqual([404, '404 page not found\n', null]);
});
