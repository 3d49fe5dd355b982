import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cri, freePort, logPath, startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

const rbac = fileURLToPath(new URL('../../../deploy/kubernetes/agent-rbac.yaml', import.meta.url));
const script = fileURLToPath(new URL('../../../../shared/tools/kube-apiserver.sh', import.meta.url));
const bin = process.env['KUBE_BIN'] ?? join(homedir(), '.cache/kube-bin');
const kubectl = join(bin, 'kubectl');
const wanted = process.env['CI'] === 'true' || process.env['SPOOR_TEST_KUBE'] !== undefined;
const available = existsSync(script) && existsSync(join(bin, 'kube-apiserver')) && existsSync(kubectl) && existsSync('/usr/bin/etcd');
const waitMs = 120_000;

// As in deploy.test.ts: without the binaries this is skipped, unless CI or SPOOR_TEST_KUBE asks for it.
describe.skipIf(!wanted && !available)('what a real Kubernetes API server says of pods', () => {
  const dir = temporaryDir();
  const tokenFile = join(dir.path, 'token');
  let url = '';
  let environment: NodeJS.ProcessEnv = {};

  function kube(args: readonly string[], input?: string): string {
    return execFileSync(kubectl, ['--kubeconfig', join(dir.path, 'api/kubeconfig'), ...args], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  }

  async function up(): Promise<void> {
    const child = spawn('bash', ['-c', `exec bash "$0" up "$1" > "$1.out" 2>&1`, script, join(dir.path, 'api')], { env: environment, stdio: 'ignore' });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(readFileSync(join(dir.path, 'api.out'), 'utf8'));
  }

  function down(): void {
    execFileSync('bash', [script, 'down', join(dir.path, 'api')], { env: environment, stdio: 'ignore' });
  }

  beforeAll(async () => {
    const port = await freePort();
    let etcd = await freePort();
    while (etcd > 65_000 || etcd === port - 1 || etcd === port) etcd = await freePort();
    environment = { ...process.env, KUBE_PORT: String(port), ETCD_PORT: String(etcd) };
    url = `https://127.0.0.1:${port}`;
    await up();
    kube(['create', 'namespace', 'spoor']);
    kube(['apply', '-f', rbac]);
  }, 900_000);

  afterAll(() => {
    down();
    dir[Symbol.dispose]();
  });

  interface PodPlan {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly owner?: readonly [kind: string, name: string];
  }

  /** Creates a pod on node-1 and gives its UID. */
  function createPod({ name, labels = {}, annotations = {}, owner }: PodPlan): string {
    const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: owner[0], name: owner[1], uid: '00000000-0000-4000-8000-000000000001', controller: true }];
    kube(['apply', '-f', '-'], JSON.stringify({
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels, annotations, ownerReferences },
      spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry.example/shop:1.2' }, { name: 'side', image: 'registry.example/side:3' }] },
    }));
    return kube(['get', 'pod', name, '-o', 'jsonpath={.metadata.uid}']);
  }

  const settings = () => ({
    node_name: 'node-1', pod_labels: { team: 'team' }, pod_annotations: { owner: 'example.com/owner' }, multiline: 'off',
    kubernetes: {
      enabled: true, url, token_file: tokenFile, ca_file: join(dir.path, 'api/certs/apiserver.crt'), metadata_wait: '60s', labels: ['workload', 'workload_kind', 'node'],
      metadata: { pod_uid: 'uid', image: 'image', release: 'label:release', note: 'annotation:example.com/note' },
    },
  });
  const valueOf = (labels: string, name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1];

  it('gives lines workload, node, UID, image, chosen labels and annotations, and follows the pod\'s own', async () => {
    writeFileSync(tokenFile, kube(['create', 'token', 'spoor-agent', '-n', 'spoor']));
    const plans: readonly (PodPlan & { readonly workload: readonly [string, string] })[] = [
      {
        name: 'web-6d5f8c7b9-x2x4z', labels: { 'pod-template-hash': '6d5f8c7b9', team: 'red', release: 'r7' }, owner: ['ReplicaSet', 'web-6d5f8c7b9'], workload: ['web', 'Deployment'],
        annotations: { 'example.com/owner': 'shop', 'example.com/note': 'a note', 'spoor.dev/side.exclude': 'true', 'spoor.dev/parser': 'logfmt', 'spoor.dev/labels': 'level', 'spoor.dev/rate-limit': 'nonsense' },
      },
      { name: 'postgres-0', owner: ['StatefulSet', 'postgres'], workload: ['postgres', 'StatefulSet'] },
      { name: 'exporter-x2x4z', owner: ['DaemonSet', 'exporter'], workload: ['exporter', 'DaemonSet'] },
      { name: 'backup-28912345-x2x4z', owner: ['Job', 'backup-28912345'], workload: ['backup', 'CronJob'] },
      { name: 'alone', workload: ['alone', 'Pod'] },
    ];
    using root = temporaryDir();
    const uids = plans.map((plan, i) => {
      const uid = createPod(plan);
      writeFileSync(logPath(root.path, plan.name, 'main', 'default', uid), cri(i * 2, 'level=warn a=b'));
      writeFileSync(logPath(root.path, plan.name, 'side', 'default', uid), cri(i * 2 + 1, 'of the side'));
      return uid;
    });
    const receiver = new Receiver();
    const agent = startAgent(root.path, await receiver.listen(), settings());
    await until(() => receiver.entries.size === 9, 'all lines but those of the container that is left out', waitMs);
    await agent.stop();
    await receiver.close();
    const main = receiver.list(({ line }) => line !== 'of the side');
    expect(main.map(({ labels }) => [valueOf(labels, 'pod'), valueOf(labels, 'workload'), valueOf(labels, 'workload_kind'), valueOf(labels, 'node')])).toEqual(
      plans.map(({ name, workload: [name_, kind] }) => [name, name_, kind, 'node-1']),
    );
    expect(main[0]).toMatchObject({
      metadata: { pod_uid: uids[0], image: 'registry.example/shop:1.2', release: 'r7', note: 'a note' },
      labels: expect.stringMatching(/level="warn".*owner="shop".*team="red"/) as unknown,
    });
    expect(main[1]?.metadata).toEqual({ pod_uid: uids[1], image: 'registry.example/shop:1.2', level: 'warn' });
    expect(receiver.list(({ line }) => line === 'of the side').map(({ labels, metadata }) => [valueOf(labels, 'pod'), metadata['image']])).toEqual(plans.slice(1).map(({ name }) => [name, 'registry.example/side:3']));
  }, 300_000);

  it('goes on by paths while the API is away and its token is no longer good, and takes up both again; a pod of the same name is another pod', async () => {
    kube(['create', 'secret', 'generic', 'bound', '-n', 'spoor']);
    writeFileSync(tokenFile, kube(['create', 'token', 'spoor-agent', '-n', 'spoor', '--bound-object-kind=Secret', '--bound-object-name=bound']));
    using root = temporaryDir();
    const receiver = new Receiver();
    const { kubernetes, ...rest } = settings();
    const before = createPod({ name: 'cart-0', labels: { team: 'red' }, owner: ['StatefulSet', 'cart'] });
    const log = logPath(root.path, 'cart-0', 'main', 'default', before);
    writeFileSync(log, cri(1, 'before'));
    const agent = startAgent(root.path, await receiver.listen(), { ...rest, kubernetes: { ...kubernetes, metadata_wait: '1s' } });
    const teamOf = (line: string): string | undefined => receiver.list((entry) => entry.line === line).map(({ labels }) => valueOf(labels, 'team') ?? '')[0];
    try {
      await until(() => teamOf('before') !== undefined, 'the first line', waitMs);
      // The token dies with what it is bound to; the watch that it opened lives until the server goes.
      kube(['delete', 'secret', 'bound', '-n', 'spoor']);
      down();
      writeFileSync(log, cri(2, 'while it is away'), { flag: 'a' });
      writeFileSync(logPath(root.path, 'new-0', 'main', 'default', 'uid-nobody-knows'), cri(3, 'a new pod meanwhile'));
      await until(() => teamOf('while it is away') !== undefined && teamOf('a new pod meanwhile') !== undefined, 'lines while the API is away', waitMs);
      expect([teamOf('while it is away'), teamOf('a new pod meanwhile')]).toEqual([teamOf('before'), '']);
      await up();
      kube(['delete', 'pod', 'cart-0', '--force', '--grace-period=0']);
      const again = createPod({ name: 'cart-0', labels: { team: 'blue' }, owner: ['StatefulSet', 'cart'] });
      expect(again).not.toBe(before);
      writeFileSync(tokenFile, kube(['create', 'token', 'spoor-agent', '-n', 'spoor']));
      // A pod that comes before the agent has its new token through goes by its path; one after that does not.
      for (let n = 0; teamOf(`after ${n - 1}`) !== 'green'; n++) {
        if (n > 60) throw new Error('the API was never taken up again');
        const uid = createPod({ name: `after-${n}`, labels: { team: 'green' } });
        writeFileSync(logPath(root.path, `after-${n}`, 'main', 'default', uid), cri(100 + n, `after ${n}`));
        await until(() => teamOf(`after ${n}`) !== undefined, 'a line of a pod that came after', waitMs);
      }
      writeFileSync(logPath(root.path, 'cart-0', 'main', 'default', again), cri(4, 'again'));
      await until(() => teamOf('again') !== undefined, 'the line of the pod that was made again', waitMs);
      expect(teamOf('again')).toBe('blue');
    } finally {
      await agent.stop();
      await receiver.close();
    }
  }, 600_000);
});
