import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAgentConfig } from '../../../agent/config/load.ts';
import { temporaryDir } from '../harness.ts';

const bin = new URL('../../../bin/spoor.js', import.meta.url).pathname;

function check(...argv: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'agent', 'check', ...argv], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  return { code: status, out: stdout, err: stderr };
}

const bad = `to: nonsense
state_dir: /state
read:
  poll_interval: soon
  speed: fast
batch:
  max: 1
labels: {pod: x, "a-b": y}
colour: blue
`;

describe('checkAgentConfig', () => {
  it('finds everything that is wrong, in the order of the file', () => {
    expect(checkAgentConfig(bad, {}, {}).problems.map(({ line, column, key }) => [line, column, key])).toEqual([
      [1, 1, 'to'], [4, 3, 'read.poll_interval'], [5, 3, 'read.speed'], [7, 3, 'batch.max'], [8, 10, 'labels.pod'], [8, 18, 'labels.a-b'], [9, 1, 'colour'],
    ]);
    expect(checkAgentConfig('a: ${X}\nb: c ${Y} ${Z:-1}\n', {}, {}).problems.map(({ line, column, reason }) => [line, column, reason.slice(0, 26)])).toEqual([
      [1, 4, 'the environment variable X'], [2, 6, 'the environment variable Y'],
    ]);
    expect(checkAgentConfig('a: [\nb: "\n', {}, {}).problems.length).toBeGreaterThan(1);
    expect(checkAgentConfig('', {}, {}).problems.map(({ key, line, reason }) => [key, line, reason])).toEqual(expect.arrayContaining([['state_dir', undefined, 'is missing']]));
  });
});

describe('spoor agent check', () => {
  it('says what is wrong and where, by text, JSON and exit code', () => {
    using dir = temporaryDir();
    const [good, wrong] = [join(dir.path, 'good.yaml'), join(dir.path, 'bad.yaml')];
    writeFileSync(good, 'to: http://spoor:3100\nstate_dir: /state\nnode_name: ${NODE_NAME}\n');
    writeFileSync(wrong, bad);
    expect(check(wrong)).toMatchObject({ code: 1, err: '', out: expect.stringMatching(/^.*bad\.yaml:1 \(to\): .*\n.*bad\.yaml:4 \(read\.poll_interval\): "soon" is no duration[\s\S]*\n7 problems\n$/) as string });
    expect(JSON.parse(check('--json', wrong).out)).toMatchObject({ valid: false, version: null, problems: [{ line: 1, column: 1, key: 'to' }, {}, {}, {}, {}, {}, {}] });
    expect(check(good)).toMatchObject({ code: 1, out: expect.stringContaining('good.yaml:3: the environment variable NODE_NAME is not set') as string });
    expect(check('--allow-unset', good)).toMatchObject({ code: 0, out: expect.stringMatching(/good\.yaml: valid \(version [0-9a-f]{12}\)\n$/) as string });
    expect(check(join(dir.path, 'none.yaml'))).toMatchObject({ code: 2, err: expect.stringContaining('ENOENT') as string });
    expect(check()).toMatchObject({ code: 2 });
    expect(check('--help')).toMatchObject({ code: 0 });
  });
});
