import { expect, it } from 'vitest';
import { workloadOf, type PodInfo } from '../../../agent/enrich/pod.ts';

const info = (kind: string, name: string, labels: Readonly<Record<string, string>> = {}): PodInfo => ({ labels: new Map(Object.entries(labels)), annotations: new Map(), owner: kind === '' ? null : { kind, name }, images: new Map() });

it.each<[string, PodInfo | undefined, string, string]>([
  ['web-6d5f8c7b9-x2x4z', info('ReplicaSet', 'web-6d5f8c7b9', { 'pod-template-hash': '6d5f8c7b9' }), 'web', 'Deployment'],
  ['web-6d5f8c7b9-x2x4z', info('ReplicaSet', 'web-6d5f8c7b9', { 'rollouts-pod-template-hash': '6d5f8c7b9' }), 'web', 'Rollout'],
  ['bare-x2x4z', info('ReplicaSet', 'bare'), 'bare', 'ReplicaSet'],
  ['postgres-0', info('StatefulSet', 'postgres'), 'postgres', 'StatefulSet'],
  ['node-exporter-x2x4z', info('DaemonSet', 'node-exporter'), 'node-exporter', 'DaemonSet'],
  ['backup-28912345-x2x4z', info('Job', 'backup-28912345'), 'backup', 'CronJob'],
  ['migrate-x2x4z', info('Job', 'migrate'), 'migrate', 'Job'],
  ['migrate-12-x2x4z', info('Job', 'migrate-12'), 'migrate-12', 'Job'],
  ['etcd-node-1', info('Node', 'node-1'), 'etcd', 'Pod'],
  ['alone', info('', ''), 'alone', 'Pod'],
  ['x-1', info('Cluster', 'x'), 'x', 'Cluster'],
  ['web-6d5f8c7b9-x2x4z', undefined, 'web', ''],
])('%s belongs to %#', (pod, known, name, kind) => {
  expect(workloadOf(pod, known, 'node-1')).toEqual({ name, kind });
});
