import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAgentConfig } from '../../../agent/config/load.ts';
import { runTrial, type TrialContainer, type TrialResult } from '../../../agent/commands/trial.ts';
import { ManualClock } from '../../../src/model/mod.ts';
import { cri, temporaryDir } from '../harness.ts';

const bin = new URL('../../../bin/spoor.js', import.meta.url).pathname;
const web: TrialContainer = { namespace: 'shop', pod: 'web-6d5f8c7b9-x2x4z', container: 'main', stream: 'stdout', labels: new Map(), annotations: new Map() };

function trial(settings: string, input: string, container: Partial<TrialContainer> = {}): { readonly results: readonly TrialResult[]; readonly lines: number } {
  const results: TrialResult[] = [];
  const options = parseAgentConfig(`to: http://spoor:3100\nstate_dir: /nowhere\n${settings}`, 'agent.yaml', {}, {});
  const { lines } = runTrial(options, { ...web, ...container }, Buffer.from(input), (result) => results.push(result), new ManualClock(1_795_132_800_000_000_000n));
  return { results, lines };
}

const brief = (results: readonly TrialResult[]): unknown[] => results.map((result) => (result.kind === 'sent' ? result.line : [result.reason, result.line]));

describe('lines that are tried', () => {
  it('are what a container writes, or records of its log', () => {
    const { results } = trial('cluster: c1\n', 'one\ntwo\n', { stream: 'stderr', labels: new Map([['app', 'store']]) });
    expect(results).toEqual(['one', 'two'].map((line, i) => ({
      kind: 'sent', labels: { app: 'store', cluster: 'c1', container: 'main', namespace: 'shop', pod: 'web-6d5f8c7b9-x2x4z', stream: 'stderr' }, tenant: null,
      time: String(1_795_132_800_000_000_000n + BigInt(i) * 1000n), metadata: expect.anything() as unknown, line, destinations: ['default'],
    })));
    const records = trial('', cri(1, 'a', 'stdout', 'P') + cri(2, 'b') + cri(3, 'c', 'stderr'));
    expect(records.results.map((result) => (result.kind === 'sent' ? [result.line, result.time, result.labels['stream']] : []))).toEqual([
      ['ab', '1795132800000001000', 'stdout'], ['c', '1795132800000003000', 'stderr'],
    ]);
    expect(records.lines).toBe(2);
    expect(trial('', '').results).toEqual([]);
    expect(brief(trial('', 'no newline').results)).toEqual(['no newline']);
  });

  it('are parsed as annotations say', () => {
    const annotations = new Map([['spoor.dev/parser', 'json']]);
    const [result] = trial('', '{"level":"error","msg":"x","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}\n', { annotations }).results;
    expect(result).toMatchObject({ kind: 'sent', metadata: { level: 'error', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' } });
    expect(brief(trial('', 'x\ny\n', { annotations: new Map([['spoor.dev/exclude', 'true']]) }).results)).toEqual([['excluded', 'x'], ['excluded', 'y']]);
  });

  it('are shown with the reason where they are dropped, stack traces as one', () => {
    const rules = 'rules:\n  - {name: health, action: drop, contains: /healthz}\n';
    expect(brief(trial(rules, 'GET /healthz\nGET /\nGET /healthz 2\n').results)).toEqual([['rule:health', 'GET /healthz'], 'GET /', ['rule:health', 'GET /healthz 2']]);
    const trace = 'Exception in thread "main" java.lang.IllegalStateException: /healthz\n\tat com.example.A.b(A.java:1)\n\tat com.example.C.d(C.java:2)';
    expect(brief(trial(rules, `before\n${trace}\nafter\n`).results)).toEqual(['before', ['rule:health', trace], 'after']);
    expect(brief(trial('', `before\n${trace}\nafter\n`).results)).toEqual(['before', trace, 'after']);
  });

  it('go to the destinations that take them', () => {
    const settings = 'destinations:\n  - {name: all, type: loki, url: "http://a"}\n  - {name: payments, type: loki, url: "http://b", match: {namespace: payments}}\n';
    const list = (namespace: string): unknown => {
      const [result] = ((): readonly TrialResult[] => {
        const results: TrialResult[] = [];
        runTrial(parseAgentConfig(`state_dir: /nowhere\n${settings}`, 'agent.yaml', {}, {}), { ...web, namespace }, Buffer.from('x\n'), (one) => results.push(one));
        return results;
      })();
      return result?.kind === 'sent' ? result.destinations : undefined;
    };
    expect([list('shop'), list('payments')]).toEqual([['all'], ['all', 'payments']]);
  });
});

describe('spoor agent test', () => {
  it('reads standard input and prints text or JSON', () => {
    using dir = temporaryDir();
    const file = join(dir.path, 'agent.yaml');
    writeFileSync(file, 'to: http://spoor:3100\nstate_dir: /nowhere\nnode_name: ${NODE_NAME}\nrules:\n  - {name: health, action: drop, contains: /healthz}\n');
    const run = (argv: readonly string[], input: string): { readonly code: number | null; readonly out: string; readonly err: string } => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'agent', 'test', ...argv], { encoding: 'utf8', input, env: { PATH: process.env['PATH'] } });
      return { code: status, out: stdout, err: stderr };
    };
    const text = run([file, '--allow-unset', '--pod', 'shop/web-0', '--container', 'c', '--annotations', 'spoor.dev/tenant=team-a'], 'GET /healthz\nhello\n');
    expect(text).toMatchObject({ code: 0, err: '2 lines in, 1 sent, 1 dropped\n' });
    expect(text.out).toMatch(/^dropped \(rule:health\)\n {2}line {6}GET \/healthz\nsent to default.*\n {2}labels {4}\{app="web", container="c", namespace="shop", pod="web-0", stream="stdout"\}\n/);
    const json = run([file, '--allow-unset', '--json'], 'hello\n');
    expect(JSON.parse(json.out)).toMatchObject({ kind: 'sent', line: 'hello', labels: { namespace: 'default' } });
    expect(run([file], '')).toMatchObject({ code: 2, err: expect.stringContaining('NODE_NAME is not set') as string });
    expect(run([file, '--allow-unset', '--pod', 'x'], '')).toMatchObject({ code: 2 });
    expect(run([file, '--allow-unset', '--annotation', 'x'], '')).toMatchObject({ code: 2 });
    expect(run(['--help'], '')).toMatchObject({ code: 0 });
  });
});
