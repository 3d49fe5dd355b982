import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseAgentConfig } from '../../agent/config/load.ts';
import { KubernetesPods } from '../../agent/enrich/kubernetes/pods.ts';
import { systemClock } from '../../src/model/mod.ts';
import { cri, freePort, logPath, startAgent, temporaryDir, until } from './harness.ts';
import { Receiver } from './receiver.ts';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const script = fileURLToPath(new URL('../../../shared/tools/kube-apiserver.sh', import.meta.url));
const bin = process.env['KUBE_BIN'] ?? join(homedir(), '.cache/kube-bin');
const kubectl = join(bin, 'kubectl');
const wanted = process.env['CI'] === 'true' || process.env['SPOOR_TEST_KUBE'] !== undefined;
const available = existsSync(script) && existsSync(join(bin, 'kube-apiserver')) && existsSync(kubectl) && existsSync('/usr/bin/etcd');

const manifests = readdirSync(join(deploy, 'kubernetes')).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');

describe('deploy/', () => {
  it('names every manifest in the kustomization', () => {
    const { resources } = parse(readFileSync(join(deploy, 'kubernetes/kustomization.yaml'), 'utf8')) as { readonly resources: readonly string[] };
    expect([...resources].sort()).toEqual([...manifests].sort());
  });

  it('ships an agent configuration that is valid', () => {
    const { data } = parse(readFileSync(join(deploy, 'kubernetes/agent-config.yaml'), 'utf8')) as { readonly data: Readonly<Record<string, string>> };
    expect(parseAgentConfig(data['agent.yaml'] ?? '', 'agent.yaml', {}, { NODE_NAME: 'n1' })).toMatchObject({ node_name: 'n1', kubernetes: { enabled: true } });
  });

  it.each(['agent-daemonset.yaml', 'server-statefulset.yaml'])('gives %s least privileges', (name) => {
    const [workload] = parseAllDocuments(readFileSync(join(deploy, 'kubernetes', name), 'utf8')).map((document) => document.toJS() as Workload);
    const pod = workload?.spec.template.spec;
    expect(pod?.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    for (const container of pod?.containers ?? []) {
      expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(container.volumeMounts.filter((mount) => mount.mountPath.startsWith('/var/log')).every((mount) => mount.readOnly === true)).toBe(true);
      expect(container.resources.limits.memory).toBeDefined();
      expect(container.readinessProbe.httpGet.path).toBe('/ready');
    }
  });

  it('gives the agent what it needs of the node, and no more', () => {
    const [daemonSet] = parseAllDocuments(readFileSync(join(deploy, 'kubernetes/agent-daemonset.yaml'), 'utf8')).map((document) => document.toJS() as AgentWorkload);
    const { updateStrategy, template: { spec: pod } } = daemonSet?.spec ?? fail('there is no DaemonSet');
    expect(pod.volumes.flatMap(({ hostPath }) => (hostPath === undefined ? [] : [hostPath.path]))).toEqual(['/var/log/pods', '/var/lib/spoor-agent']);
    expect(pod.containers[0]?.volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath)).toEqual(['/var/lib/spoor-agent']);
    expect(pod.containers[0]?.volumeMounts.some((mount) => 'subPath' in mount)).toBe(false);
    expect(pod).toMatchObject({ priorityClassName: 'spoor-agent', tolerations: [{ operator: 'Exists' }], terminationGracePeriodSeconds: 30 });
    expect(pod).not.toHaveProperty('hostNetwork');
    expect(pod).not.toHaveProperty('hostPID');
    // Two agents would need the same state directory.
    expect(updateStrategy).toMatchObject({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 0 } });
    expect(pod.containers[0]?.livenessProbe.httpGet.path).toBe('/healthz');
  });

  it('provisions a Loki data source', () => {
    const { apiVersion, datasources } = parse(readFileSync(join(deploy, 'grafana/datasource.yaml'), 'utf8')) as { readonly apiVersion: number; readonly datasources: readonly unknown[] };
    expect(apiVersion).toBe(1);
    expect(datasources).toMatchObject([{ type: 'loki', access: 'proxy', url: 'http://spoor.spoor.svc:3100' }]);
  });
});

interface Workload {
  readonly spec: { readonly template: { readonly spec: {
    readonly securityContext: { readonly seccompProfile: unknown };
    readonly containers: readonly {
      readonly securityContext: unknown; readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
      readonly resources: { readonly limits: { readonly memory?: string } }; readonly readinessProbe: { readonly httpGet: { readonly path: string } };
    }[];
  } } };
}

interface AgentWorkload {
  readonly spec: {
    readonly updateStrategy: unknown;
    readonly template: { readonly spec: {
      readonly containers: readonly { readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[]; readonly livenessProbe: { readonly httpGet: { readonly path: string } } }[];
      readonly volumes: readonly { readonly hostPath?: { readonly path: string } }[];
    } };
  };
}

function fail(reason: string): never {
  throw new Error(reason);
}

// Without the binaries (shared/tools/kube-apiserver.sh builds them) this is skipped, unless CI or SPOOR_TEST_KUBE asks for it: then it builds them.
describe.skipIf(!wanted && !available)('against a real Kubernetes API server', () => {
  const dir = temporaryDir();
  const log = pino({ level: 'silent' });
  let url = '';
  let environment: NodeJS.ProcessEnv = {};

  function kube(args: readonly string[], input?: string): string {
    return execFileSync(kubectl, ['--kubeconfig', join(dir.path, 'api/kubeconfig'), ...args], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  }

  beforeAll(async () => {
    const port = await freePort();
    let etcd = await freePort();
    // The script takes the port after etcd's, too.
    while (etcd > 65_000 || etcd === port - 1) etcd = await freePort();
    environment = { ...process.env, KUBE_PORT: String(port), ETCD_PORT: String(etcd) };
    url = `https://127.0.0.1:${port}`;
    // Its output goes to a file: servers that it leaves running would keep a pipe open.
    const up = spawn('bash', ['-c', `exec bash "$0" up "$1" > "$1.out" 2>&1`, script, join(dir.path, 'api')], { env: environment, stdio: 'ignore' });
    const code = await new Promise((resolve) => up.once('exit', resolve));
    if (code !== 0) throw new Error(readFileSync(join(dir.path, 'api.out'), 'utf8'));
  }, 900_000);

  afterAll(() => {
    execFileSync('bash', [script, 'down', join(dir.path, 'api')], { env: environment, stdio: 'ignore' });
    dir[Symbol.dispose]();
  });

  it('accepts every manifest, first as a dry run, then for good', () => {
    kube(['apply', '-f', join(deploy, 'kubernetes/namespace.yaml')]);
    for (const name of manifests) {
      const file = join(deploy, 'kubernetes', name);
      expect(kube(['apply', '--dry-run=server', '--validate=strict', '-f', file])).toMatch(/server dry run/);
      expect(kube(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', file])).toMatch(/serverside-applied \(server dry run\)/);
    }
    expect(kube(['apply', '-k', join(deploy, 'kubernetes'), '--validate=strict'])).toMatch(/daemonset.apps\/spoor-agent created/);
    expect(kube(['get', 'daemonset,statefulset,service,configmap,serviceaccount', '-n', 'spoor', '-o', 'name']).trim().split('\n')).toEqual(expect.arrayContaining([
      'daemonset.apps/spoor-agent', 'statefulset.apps/spoor', 'service/spoor', 'service/spoor-headless', 'configmap/spoor-agent', 'serviceaccount/spoor-agent',
    ]));
    expect(kube(['get', 'statefulset', 'spoor', '-n', 'spoor', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'])).toBe('spoor:0.1.0');
  });

  /** A token with the rights that agent-rbac.yaml gives, and a CA file. */
  function agentAccess(): { readonly url: string; readonly tokenFile: string; readonly caFile: string } {
    const tokenFile = join(dir.path, 'token');
    writeFileSync(tokenFile, kube(['create', 'token', 'spoor-agent', '-n', 'spoor']));
    return { url, tokenFile, caFile: join(dir.path, 'api/certs/apiserver.crt') };
  }

  function createPod(name: string, node: string, labels: Readonly<Record<string, string>>): string {
    kube(['apply', '-f', '-'], JSON.stringify({
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec: { nodeName: node, containers: [{ name: 'main', image: 'x' }] },
    }));
    return kube(['get', 'pod', name, '-o', 'jsonpath={.metadata.uid}']);
  }

  it('tells the agent of the pods of its node, with the rights that it ships and no others', async () => {
    const access = agentAccess();
    const can = (verb: string, resource: string): string => {
      try {
        return kube(['auth', 'can-i', verb, resource, '--as=system:serviceaccount:spoor:spoor-agent', '-A']).trim();
      } catch (error) {
        return String((error as { readonly stdout?: string }).stdout).trim();
      }
    };
    expect(['list', 'watch', 'get', 'create', 'delete'].map((verb) => can(verb, 'pods'))).toEqual(['yes', 'yes', 'no', 'no', 'no']);
    expect([can('list', 'secrets'), can('list', 'nodes'), can('get', 'pods/log')]).toEqual(['no', 'no', 'no']);

    // The whole list: beside what every service account may ask of itself and of the API's own description, pods.
    const rights = kube(['auth', 'can-i', '--list', '--as=system:serviceaccount:spoor:spoor-agent', '-n', 'default', '--no-headers']).trim().split('\n').map((row) => row.trim().split(/\s{2,}/));
    const granted = rights.filter(([resource]) => !/^(?:selfsubject\w+\.|\[\/|clustertrustbundles\.)/.test(resource ?? '')).map((row) => [row[0], row.at(-1)]);
    expect(granted).toEqual([['pods', '[list watch]']]);

    const before = createPod('before-0', 'node-1', { app: 'before' });
    const elsewhere = createPod('elsewhere-0', 'node-2', { app: 'elsewhere' });
    const stop = new AbortController();
    const pods = new KubernetesPods(access, 'node-1', log, systemClock);
    const running = pods.run(stop.signal);
    const app = (uid: string): string | undefined => pods.labelsOf({ namespace: 'default', pod: 'x', uid })?.get('app');
    try {
      await until(() => app(before) === 'before', 'the pod that was there');
      const after = createPod('after-0', 'node-1', { app: 'after' });
      await until(() => app(after) === 'after', 'the pod that came');
      kube(['label', 'pod', 'after-0', 'app=changed', '--overwrite']);
      await until(() => app(after) === 'changed', 'the changed label');
      kube(['delete', 'pod', 'after-0', '--force', '--grace-period=0']);
      await until(() => pods.counts.events >= 3, 'the deletion');
      expect(app(after)).toBe('changed');
      expect(app(elsewhere)).toBeUndefined();
      expect(pods.counts).toMatchObject({ lists: 1, errors: 0 });
    } finally {
      stop.abort();
      await running;
    }
  });

  it('gives the agent the labels that it sends', async () => {
    const access = agentAccess();
    const uid = createPod('web-6d5f8c7b9-x2x4z', 'node-1', { 'app.kubernetes.io/name': 'storefront', team: 'red' });
    using root = temporaryDir();
    writeFileSync(logPath(root.path, 'web-6d5f8c7b9-x2x4z', 'main', 'default', uid), cri(1, 'hello'));
    writeFileSync(logPath(root.path, 'unknown-0', 'main', 'default', 'u-0'), cri(2, 'unknown'));
    const receiver = new Receiver();
    const agent = startAgent(root.path, await receiver.listen(), {
      node_name: 'node-1', pod_labels: { team: 'team' },
      kubernetes: { enabled: true, url: access.url, token_file: access.tokenFile, ca_file: access.caFile, metadata_wait: '1s' },
    });
    await until(() => receiver.entries.size === 2, 'both lines');
    await agent.stop();
    await receiver.close();
    expect(receiver.list().map(({ labels }) => labels)).toEqual([
      '{app="storefront", container="main", namespace="default", pod="web-6d5f8c7b9-x2x4z", stream="stdout", team="red"}',
      '{app="unknown", container="main", namespace="default", pod="unknown-0", stream="stdout"}',
    ]);
  });
});
