import { appendFileSync, writeFileSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Api, list, metadata } from '../enrich/api.ts';
import { cri, logPath, quickSettings, startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

const id = '4bf92f3577b34da6a3ce929d0e0e4736';
const ownLabels = /(?:app|container|namespace|pod|stream)="[^"]*"(?:, )?/g;

/** A log that remembers what it is told. */
function rememberingLog(): { readonly log: Logger; readonly said: Record<string, unknown>[] } {
  const said: Record<string, unknown>[] = [];
  return { said, log: pino({ level: 'warn' }, { write: (text: string) => said.push(JSON.parse(text) as Record<string, unknown>) }) };
}

describe('what lines pass through', () => {
  let receiver: Receiver;
  let url: string;
  let dir: ReturnType<typeof temporaryDir>;

  beforeEach(async () => {
    receiver = new Receiver();
    url = await receiver.listen();
    dir = temporaryDir();
  });
  afterEach(async () => {
    await receiver.close();
    dir[Symbol.dispose]();
  });

  /** What the agent sends of lines: the labels that are not the path's, the line, and its metadata. */
  async function send(settings: Readonly<Record<string, unknown>>, lines: readonly string[], log = pino({ level: 'silent' })): Promise<unknown[]> {
    writeFileSync(logPath(dir.path), lines.map((line, i) => cri(i, line)).join(''));
    const agent = startAgent(dir.path, url, { multiline: 'off', ...settings }, { log });
    await until(() => receiver.entries.size === lines.length, `${lines.length} lines`);
    await agent.stop();
    return receiver.list().map(({ labels, line, metadata: pairs }) => [labels.replaceAll(ownLabels, '').replace(/, }$/, '}'), line, pairs]);
  }

  it('finds level and trace ID in JSON, logfmt and text without being told', async () => {
    const lines = [
      `{"level":"ERROR","msg":"x","traceId":"${id.toUpperCase()}"}`, `level=warn trace_id=${id} msg="y"`, `2026-11-22 21:00:00 INFO [${id}-00f067aa0ba902b7] z`, 'plain', '{"level":30,"context":{"trace_id":"x"}}', '{"level":"debug","msg":"cut',
    ];
    expect(await send({}, lines)).toEqual([
      ['{}', lines[0], { level: 'error', trace_id: id }], ['{}', lines[1], { level: 'warn', trace_id: id }], ['{}', lines[2], { level: 'info', trace_id: id }], ['{}', lines[3], {}],
      ['{}', lines[4], { level: 'info' }], ['{}', lines[5], { level: 'debug' }],
    ]);
  });

  it('makes labels and metadata of the fields that the settings name', async () => {
    const lines = ['{"sev":"E","http":{"method":"GET","status":200},"user":"ä\\"b"}', '{"sev":"?","http":{"status":"404"}}', 'no fields'];
    expect(await send({
      parse: [{ when: { container: 'ma*', namespace: ['other', 'shop'] }, format: 'json', level: { from: 'sev', map: { '?': 'debug' } }, labels: { level: 'level', method: 'http.method' }, metadata: { status: 'http.status', user: 'user' } }],
    }, lines)).toEqual([
      ['{level="error", method="GET"}', lines[0], { status: '200', user: 'ä"b' }], ['{level="debug"}', lines[1], { status: '404' }], ['{}', lines[2], {}],
    ]);
  });

  it('reads regular expressions and grok, and takes the time from a field where a rule says so', async () => {
    const lines = ['10.0.0.1 - - [22/Nov/2026:21:00:00 +0100] "GET /x HTTP/1.1" 200 12', 'something else'];
    await send({ parse: [{ format: 'grok', pattern: '^%{COMMONAPACHELOG}', time: { from: 'timestamp', format: 'clf' }, labels: { verb: 'verb' }, metadata: ['request', 'response'] }] }, lines);
    expect(receiver.list().map(({ timeNs, metadata: pairs }) => [timeNs % 1_000_000_000n, timeNs / 1_000_000_000n === 1_795_377_600n, pairs])).toEqual([
      [1000n, false, {}], [0n, true, { request: '/x', response: '200' }],
    ]);
  });

  it('refuses labels that nearly every line would have another value of, and says so', async () => {
    const { log, said } = rememberingLog();
    const lines = [`{"level":"info","traceId":"${id}","requestId":"r-1"}`];
    expect(await send({ fields: { labels: { level: 'level', trace: 'traceId', request: 'requestId' }, metadata: [] } }, lines, log)).toEqual([['{level="info"}', lines[0], { request: 'r-1', trace: id }]]);
    expect(said.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^trace .* is no label/), expect.stringMatching(/^request .* is no label/)]);
  });

  it('stops a label that has too many values, keeps to that after a restart, and says it once', async () => {
    const { log, said } = rememberingLog();
    const lines = Array.from({ length: 8 }, (_, i) => `{"shop":"s${i % 5}"}`);
    const settings = { fields: { labels: { shop: 'shop' }, metadata: [], label_values_max: 3 } };
    const first = await send(settings, lines, log);
    expect(first.map((entry) => (entry as unknown[])[0])).toEqual(['{shop="s0"}', '{shop="s1"}', '{shop="s2"}', '{}', '{}', '{shop="s0"}', '{shop="s1"}', '{shop="s2"}']);
    expect((first[3] as unknown[])[2]).toEqual({ shop: 's3' });
    expect(said.filter(({ msg }) => String(msg).includes('too many values'))).toHaveLength(1);
    const log2 = logPath(dir.path, undefined, undefined, undefined, undefined, 1);
    writeFileSync(log2, cri(100, '{"shop":"s4"}') + cri(101, '{"shop":"s2"}'));
    const agent = startAgent(dir.path, url, { multiline: 'off', ...settings });
    await until(() => receiver.entries.size === 10, 'ten lines');
    await agent.stop();
    expect(receiver.list().slice(8).map(({ labels, metadata: pairs }) => [labels.includes('shop="s'), pairs])).toEqual([[false, { shop: 's4' }], [true, {}]]);
  });

  it('redacts before anything is taken out of a line', async () => {
    const [sent] = await send({ fields: { metadata: ['password', 'level'] } }, ['{"level":"info","password":"hunter2hunter2"}']);
    expect(JSON.stringify(sent)).not.toContain('hunter2');
  });

  it('joins, marks and cuts as before, with metadata of both kinds', async () => {
    writeFileSync(logPath(dir.path), cri(1, `{"level":"warn","m":"${'x'.repeat(3000)}"}`));
    const agent = startAgent(dir.path, url, { read: { ...quickSettings.read, line_size_max: '1KB' } });
    await until(() => receiver.entries.size === 1, 'a line');
    await agent.stop();
    expect(receiver.list()[0]?.metadata).toEqual({ level: 'warn', spoor_line_bytes: '3023' });
  });
});

describe('annotations', () => {
  const root = temporaryDir();
  afterEach(() => undefined);

  it('apply to a pod and its containers, change for the lines that come after, and bad ones are ignored and named', async () => {
    const { log, said } = rememberingLog();
    const api = new Api();
    const receiver = new Receiver();
    const to = await receiver.listen();
    const annotations = { 'spoor.dev/parser': 'json', 'spoor.dev/labels': 'kind', 'spoor.dev/tenant': 'team-a', 'spoor.dev/side.exclude': 'true', 'spoor.dev/sampling': 'seven' };
    api.onRequest = (request, response) => {
      if (!request.searchParams.has('watch')) response.end(list('7', [metadata('u-1', { app: 'shop' }, '1', annotations)]));
      else api.accept(response);
    };
    const kubernetes = { enabled: true, url: await api.listen(), metadata_wait: '20s' };
    const main = logPath(root.path);
    const side = logPath(root.path, undefined, 'side');
    writeFileSync(main, cri(1, '{"kind":"a"}') + cri(2, 'kind=b'));
    writeFileSync(side, cri(3, 'left out'));
    const agent = startAgent(root.path, to, { kubernetes, node_name: 'n1' }, { log });
    await until(() => receiver.entries.size === 2, 'two lines');
    expect(receiver.list().map(({ labels, line }) => [labels.includes('kind="a"'), line])).toEqual([[true, '{"kind":"a"}'], [false, 'kind=b']]);
    expect(receiver.headers.every((headers) => headers['x-scope-orgid'] === 'team-a')).toBe(true);
    expect(said.filter((entry) => entry['annotation'] === 'spoor.dev/sampling')).toMatchObject([{ namespace: 'shop', pod: 'web-6d5f8c7b9-x2x4z' }]);

    api.event('MODIFIED', metadata('u-1', { app: 'shop' }, '2', { 'spoor.dev/parser': 'logfmt', 'spoor.dev/labels': 'kind', 'spoor.dev/metadata': 'none' }));
    // Lines that come before the change is seen belong to the old annotations; one of the new ones shows that it was.
    for (let n = 10; !receiver.list().some(({ labels }) => labels.includes('kind="c"')); n++) {
      appendFileSync(main, cri(n, 'kind=c'));
      const before = receiver.entries.size;
      await until(() => receiver.entries.size > before, 'another line');
      if (n > 2000) throw new Error('the change was never seen');
    }
    appendFileSync(side, cri(5000, 'left in'));
    await until(() => receiver.lines().includes('left in'), 'the container that was left out');
    await agent.stop();
    await receiver.close();
    await api.close();
    expect(receiver.lines()).not.toContain('left out');
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
    const changed = receiver.list(({ line }) => line === 'kind=c').map(({ labels }) => labels.includes('kind="c"'));
    expect(changed).toEqual(changed.toSorted((a, b) => Number(a) - Number(b)));
  });
});
