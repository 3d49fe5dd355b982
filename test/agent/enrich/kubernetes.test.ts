import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inClusterAccess } from '../../../agent/enrich/kubernetes/access.ts';
import { KubernetesPods } from '../../../agent/enrich/kubernetes/pods.ts';
import { systemClock } from '../../../src/model/mod.ts';
import { cri, logPath, startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';
import { Api, list, metadata } from './api.ts';

const labelOf = (pods: KubernetesPods, uid: string): string | undefined => pods.labelsOf({ namespace: 'ns', pod: 'p', uid })?.get('app');

describe('KubernetesPods', () => {
  let api: Api;
  let url: string;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    api = new Api();
    url = await api.listen();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await api.close();
  });

  function follow(token: { readonly token?: string; readonly tokenFile?: string } = {}): KubernetesPods {
    const pods = new KubernetesPods({ url, ...token }, 'node 1', pino({ level: 'silent' }), systemClock);
    running = pods.run(stop.signal);
    return pods;
  }

  it('lists in pages, then watches from there; pods come, change, and are remembered when they go', async () => {
    api.onRequest = (request, response) => {
      if (request.searchParams.has('watch')) return api.accept(response);
      response.end(request.searchParams.get('continue') === null ? list('5', [metadata('a', { app: 'one' })], 'more') : list('7', [metadata('b', { app: 'two' })]));
    };
    const pods = follow({ token: 'secret' });
    await until(() => api.watches.length === 1, 'a watch');
    expect([labelOf(pods, 'a'), labelOf(pods, 'b'), labelOf(pods, 'c')]).toEqual(['one', 'two', undefined]);
    expect(pods.synced).toBe(true);
    expect(api.requests.map(({ url: { pathname, searchParams } }) => [pathname, searchParams.get('fieldSelector'), searchParams.get('resourceVersion'), searchParams.get('continue')])).toEqual([
      ['/api/v1/pods', 'spec.nodeName=node 1', null, null], ['/api/v1/pods', 'spec.nodeName=node 1', null, 'more'], ['/api/v1/pods', 'spec.nodeName=node 1', '7', null],
    ]);
    expect(api.requests.every(({ authorization, accept }) => authorization === 'Bearer secret' && accept?.includes('PartialObjectMetadata') === true)).toBe(true);
    api.event('ADDED', metadata('c', { app: 'three' }, '8'));
    api.event('MODIFIED', metadata('a', { app: 'changed' }, '9'));
    api.event('DELETED', metadata('b', { app: 'two' }, '10'));
    await until(() => pods.counts.events === 3, 'three events');
    expect([labelOf(pods, 'a'), labelOf(pods, 'b'), labelOf(pods, 'c')]).toEqual(['changed', 'two', 'three']);
  });

  it('resumes a watch that ends where it was, bookmarks counted', async () => {
    api.onRequest = (request, response) => {
      if (!request.searchParams.has('watch')) response.end(list('7', []));
      else api.accept(response);
    };
    const pods = follow();
    await until(() => api.watches.length === 1, 'a watch');
    api.event('ADDED', metadata('a', { app: 'one' }, '8'));
    api.event('BOOKMARK', { metadata: { resourceVersion: '20' } });
    await until(() => pods.counts.events === 2, 'two events');
    api.watches[0]?.end();
    await until(() => api.watches.length === 2, 'a second watch');
    api.watches[1]?.destroy();
    await until(() => api.watches.length === 3, 'a third watch');
    expect(api.requests.slice(1).map(({ url: { searchParams } }) => searchParams.get('resourceVersion'))).toEqual(['7', '20', '20']);
    expect(pods.counts).toMatchObject({ lists: 1, watches: 3, errors: 1 });
  });

  it.each(['event', 'status'])('lists anew when its version is too old (410 as %s)', async (kind) => {
    let lists = 0;
    let refuse = false;
    api.onRequest = (request, response) => {
      if (!request.searchParams.has('watch')) response.end(list(String(++lists * 100), [metadata(`pod${lists}`, { app: `list ${lists}` })]));
      else if (refuse) response.writeHead(410).end('{"kind":"Status","code":410}');
      else api.accept(response);
      refuse = false;
    };
    const pods = follow();
    await until(() => api.watches.length === 1, 'a watch');
    api.event('ADDED', metadata('x', { app: 'x' }, '101'));
    await until(() => pods.counts.events === 1, 'an event');
    refuse = kind === 'status';
    if (refuse) api.watches[0]?.end();
    else api.event('ERROR', { kind: 'Status', code: 410, message: 'too old resource version' });
    await until(() => labelOf(pods, 'pod2') === 'list 2', 'a second list');
    await until(() => api.watches.length === 2, 'a watch from there');
    expect([labelOf(pods, 'pod1'), labelOf(pods, 'x')]).toEqual(['list 1', 'x']);
    expect(api.requests.at(-1)?.url.searchParams.get('resourceVersion')).toBe('200');
  });

  it('keeps trying while the API is away, answers nonsense, or refuses, with the token of the moment', async () => {
    using dir = temporaryDir();
    const tokenFile = join(dir.path, 'token');
    writeFileSync(tokenFile, 'old\n');
    let attempt = 0;
    api.onRequest = (request, response) => {
      if (request.searchParams.has('watch')) return api.accept(response);
      attempt++;
      if (attempt === 1) {
        response.writeHead(401).end('Unauthorized');
        writeFileSync(tokenFile, 'new\n');
      } else if (attempt === 2) response.end('nonsense');
      else response.end(list('7', [metadata('a', { app: 'one' })]));
    };
    const pods = follow({ tokenFile });
    await until(() => labelOf(pods, 'a') === 'one', 'a list');
    expect(api.requests.slice(0, 3).map(({ authorization }) => authorization)).toEqual(['Bearer old', 'Bearer new', 'Bearer new']);
    expect(pods.counts.errors).toBe(2);
  });

  it('knows static pods by the hash in their directory', async () => {
    api.onRequest = (request, response) => {
      if (!request.searchParams.has('watch')) response.end(list('7', [metadata('mirror', { app: 'apiserver' }, '1', { 'kubernetes.io/config.mirror': 'hash' })]));
      else api.accept(response);
    };
    const pods = follow();
    await until(() => labelOf(pods, 'hash') === 'apiserver', 'the mirror pod');
  });
});

describe('the agent with an API', () => {
  it('lets a new pod wait for its labels, and sends the same stream after a restart without the API', async () => {
    using dir = temporaryDir();
    const api = new Api();
    const receiver = new Receiver();
    const to = await receiver.listen();
    api.onRequest = (request, response) => {
      if (!request.searchParams.has('watch')) response.end(list('7', []));
      else api.accept(response);
    };
    const kubernetes = { enabled: true, url: await api.listen(), metadata_wait: '20s' };
    const log = logPath(dir.path);
    writeFileSync(log, cri(1, 'one'));
    const first = startAgent(dir.path, to, { node_name: 'n', kubernetes, pod_labels: { team: 'acme.io/team' } });
    await until(() => api.watches.length === 1, 'a watch');
    expect(receiver.requests).toBe(0);
    api.event('ADDED', metadata('u-1', { app: 'from-api', 'acme.io/team': 'red' }, '8'));
    await until(() => receiver.entries.size === 1, 'the line');
    await first.stop();
    await api.close();
    writeFileSync(log, cri(2, 'two'), { flag: 'a' });
    const second = startAgent(dir.path, to, { node_name: 'n', kubernetes, pod_labels: { team: 'acme.io/team' } });
    await until(() => receiver.entries.size === 2, 'two lines');
    await second.stop();
    await receiver.close();
    expect(new Set(receiver.list().map(({ labels }) => labels))).toEqual(new Set(['{app="from-api", container="main", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stdout", team="red"}']));
  });
});

describe('inClusterAccess', () => {
  it.each([
    [{}, undefined],
    [{ KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '6443' }, 'https://10.0.0.1:6443'],
    [{ KUBERNETES_SERVICE_HOST: 'fd00::1' }, 'https://[fd00::1]:443'],
  ])('%j', (environment, expected) => {
    expect(inClusterAccess(environment)?.url).toBe(expected);
  });
});
