import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAgentConfig, parseAgentConfig } from '../../../agent/config/load.ts';
import { temporaryDir } from '../harness.ts';

const least = 'to: http://spoor:3100\nstate_dir: /state\n';

describe('the configuration', () => {
  it('has defaults for everything but where to send and where to remember', () => {
    expect(parseAgentConfig(least, 'agent.yaml', {}, {})).toMatchObject({
      pods_dir: '/var/log/pods', state_dir: '/state', to: 'http://spoor:3100', tls: { insecure_skip_verify: false }, labels: {}, pod_labels: {}, log_level: 'info',
      read: { start_at: 'beginning', line_size_max: 262_144, interval: 200, poll_interval: 1000, scan_interval: 10_000, rotate_wait: 1000, watch: true, deleted_size_max: 2 ** 30 },
      batch: { size_max: 2 ** 20, wait_max: 1000, queue_size_max: 4 * 2 ** 20, requests_max: 2 },
      retry: { wait_min: 250, wait_max: 10_000, timeout: 30_000 },
      checkpoint_interval: 1000, shutdown_timeout: 10_000,
      canary: { enabled: false, interval: 5000 },
      kubernetes: { enabled: 'auto', insecure_skip_verify: false, metadata_wait: 5000 },
    });
  });

  it('takes variables of the environment, and flags before the file', () => {
    const text = `${least}node_name: \${NODE}\ncluster: \${CLUSTER:-none}\ntenant: a\n`;
    expect(parseAgentConfig(text, 'agent.yaml', { tenant: 'b' }, { NODE: 'n1' })).toMatchObject({ node_name: 'n1', cluster: 'none', tenant: 'b' });
  });

  it('is a file, or flags alone', () => {
    using dir = temporaryDir();
    const path = join(dir.path, 'agent.yaml');
    writeFileSync(path, least);
    expect(loadAgentConfig(path, {}, {}).to).toBe('http://spoor:3100');
    expect(loadAgentConfig(undefined, { to: 'http://h', state_dir: 's' }, {}).to).toBe('http://h');
    expect(() => loadAgentConfig(join(dir.path, 'none'), {}, {})).toThrow('none: ENOENT');
    expect(() => loadAgentConfig(undefined, { to: 'http://h' }, {})).toThrow('agent (state_dir): is missing');
  });

  it.each([
    ['to: http://h\n', 'agent.yaml (state_dir): is missing'],
    [`${least}\nread:\n  poll_interval: soon\n`, 'agent.yaml:5 (read.poll_interval): "soon" is no duration from 10ms to 24h'],
    [`${least}read: {line_size_max: 1}\n`, 'agent.yaml:3 (read.line_size_max): 1 is no size'],
    [`${least}\n\nspeed: fast\n`, 'agent.yaml:5 (speed): no such setting'],
    [`${least}batch:\n  max: 1\n`, 'agent.yaml:4 (batch.max): no such setting'],
    [`${least}labels:\n  pod: x\n`, 'agent.yaml:4 (labels.pod):'],
    [`${least}labels:\n  "a-b": x\n`, 'agent.yaml:4 (labels.a-b):'],
    ['to: nonsense\nstate_dir: x\n', 'agent.yaml:1 (to): a URL such as'],
    [`${least}listen: 3101\n`, 'agent.yaml:3 (listen):'],
    [`${least}kubernetes: {enabled: true}\n`, 'agent.yaml (node_name): is needed with kubernetes.enabled'],
    [`${least}retry: {wait_min: 20s}\n`, 'agent.yaml:3 (retry.wait_min): is longer than'],
    [`${least}tenant: \${TENANT}\n`, 'agent.yaml:3: the environment variable TENANT is not set'],
    [`${least}a: [`, 'agent.yaml:3: Flow sequence'],
    ['- a\n', 'agent.yaml: settings are needed'],
  ])('refuses %j, naming file, line and key', (text, message) => {
    expect(() => parseAgentConfig(text, 'agent.yaml', {}, {})).toThrow(message);
  });
});
