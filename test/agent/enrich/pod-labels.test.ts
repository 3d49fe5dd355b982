import { describe, expect, it } from 'vitest';
import { appOfPodName } from '../../../agent/enrich/app-name.ts';
import type { PodInfo } from '../../../agent/enrich/pod.ts';
import { PodLabels, type PodDecision, type PodSource } from '../../../agent/enrich/pod-labels.ts';
import { formatLabels, ManualClock } from '../../../src/model/mod.ts';

describe('appOfPodName', () => {
  it.each([
    ['web-6d5f8c7b9-x2x4z', 'web'],
    ['my-web-app-7c9f5b7d4d-2bcdf', 'my-web-app'],
    ['node-exporter-x2x4z', 'node-exporter'],
    ['backup-28912345-x2x4z', 'backup'],
    ['postgres-0', 'postgres'],
    ['kafka-broker-12', 'kafka-broker'],
    ['kube-apiserver-worker-1', 'kube-apiserver'],
    ['my-redis', 'my-redis'],
    ['web', 'web'],
    ['-0', '-0'],
  ])('%s belongs to %s', (pod, app) => {
    expect(appOfPodName(pod, 'worker-1')).toBe(app);
  });
});

describe('PodLabels', () => {
  const pod = { namespace: 'shop', pod: 'web-6d5f8c7b9-x2x4z', uid: 'u1' };
  const options = { staticLabels: { env: 'prod', cluster: 'c1' }, podLabels: { team: 'acme.io/team' }, nodeName: 'n', metadataWaitMs: 5000 };
  const info = (labels: ReadonlyMap<string, string>): PodInfo => ({ labels, annotations: new Map(), owner: null, images: new Map() });
  const source = (labels: Record<string, string> | undefined): PodSource => ({ infoOf: () => (labels === undefined ? undefined : info(new Map(Object.entries(labels)))) });
  const text = (labels: PodLabels): string | undefined => {
    const streams = labels.streams(pod, 'main');
    return streams === undefined ? undefined : formatLabels(streams[1].labels);
  };

  it.each([
    [{ 'app.kubernetes.io/name': 'shop-web', app: 'x', 'acme.io/team': 'red' }, 'app="shop-web", cluster="c1", container="main", env="prod", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stderr", team="red"'],
    [{ app: 'x' }, 'app="x", cluster="c1", container="main", env="prod", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stderr"'],
    [{}, 'app="web", cluster="c1", container="main", env="prod", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stderr"'],
  ])('takes labels from the API: %j', (labels, expected) => {
    expect(text(new PodLabels(options, source(labels), new ManualClock(0n), new Map()))).toBe(`{${expected}}`);
  });

  it('waits for metadata, but not for ever, and then stays with what it decided', () => {
    const clock = new ManualClock(0n);
    const api: { labels?: Map<string, string> } = {};
    const decided = new Map<string, PodDecision>();
    const labels = new PodLabels(options, { infoOf: () => (api.labels === undefined ? undefined : info(api.labels)) }, clock, decided);
    expect(text(labels)).toBeUndefined();
    clock.advanceMs(4999);
    expect(text(labels)).toBeUndefined();
    expect(labels.generation).toBe(0);
    clock.advanceMs(1);
    expect(text(labels)).toContain('app="web"');
    expect(labels.generation).toBe(1);
    api.labels = new Map([['app', 'late']]);
    expect(text(labels)).toContain('app="web"');
    expect([...decided]).toEqual([['u1', { labels: { app: 'web' }, from: 'path' }]]);
  });

  it('stays with the decision of an earlier run, whether the API is there or not', () => {
    const decided = new Map<string, PodDecision>([['u1', { labels: { app: 'earlier', team: 'red' }, from: 'api' }]]);
    for (const later of [null, source(undefined), source({ app: 'other' })]) {
      expect(text(new PodLabels(options, later, new ManualClock(0n), decided))).toContain('app="earlier"');
    }
    const labels = new PodLabels(options, null, new ManualClock(0n), decided);
    labels.forget('u1');
    expect(text(labels)).toContain('app="web"');
  });
});
