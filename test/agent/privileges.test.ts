import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cri, logPath, temporaryDir, until } from './harness.ts';
import { Receiver } from './receiver.ts';

const entry = new URL('./agent-process.ts', import.meta.url).pathname;
const dropped = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs'];
const possible = process.getuid?.() === 0 && spawnSync('setpriv', [...dropped, 'true']).status === 0;

// What deploy/README.md says of rights, on the kernel: only root can give itself up, so elsewhere this is skipped.
describe.skipIf(!possible)('an agent that is root without capabilities', () => {
  it("reads root's logs of mode 0640, goes on past files of other users, and has no capability", async () => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const mine = logPath(dir.path, 'mine', 'main', 'ns', 'u-1');
    const theirs = logPath(dir.path, 'theirs', 'main', 'ns', 'u-2');
    writeFileSync(mine, cri(1, 'mine'));
    writeFileSync(theirs, cri(2, 'theirs'));
    chmodSync(mine, 0o640);
    chmodSync(theirs, 0o640);
    chownSync(theirs, 1234, 1234);
    mkdirSync(join(dir.path, 'state'), { mode: 0o755 });
    const config = join(dir.path, 'agent.yaml');
    writeFileSync(config, `pods_dir: ${join(dir.path, 'pods')}\nstate_dir: ${join(dir.path, 'state')}\nto: ${await receiver.listen()}\nbatch: {wait_max: 20ms}\nread: {scan_interval: 50ms, interval: 10ms}\nkubernetes: {enabled: false}\n`);
    const child = spawn('setpriv', [...dropped, process.execPath, entry, '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    try {
      await until(() => receiver.entries.size === 1 && output.includes('EACCES'), 'the line that it may read, and a word about the file that it may not', 60_000);
      expect(/^CapEff:\s*(\w+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]).toBe('0000000000000000');
      // Rights that change are found.
      chownSync(theirs, 0, 0);
      await until(() => receiver.entries.size === 2, 'the other line', 60_000);
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await receiver.close();
    }
    expect(receiver.lines()).toEqual(['mine', 'theirs']);
  });
});
