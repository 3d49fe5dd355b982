import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cri, logPath, startAgent, temporaryDir, until } from './harness.ts';
import { Receiver } from './receiver.ts';

const labels = '{app="web", container="main", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stdout"}';

describe('the agent', () => {
  let receiver: Receiver;
  let url: string;
  let dir: ReturnType<typeof temporaryDir>;
  let root: string;

  beforeEach(async () => {
    receiver = new Receiver();
    url = await receiver.listen();
    dir = temporaryDir();
    root = dir.path;
  });
  afterEach(async () => {
    await receiver.close();
    dir[Symbol.dispose]();
  });

  it('sends what is there and what comes, with labels from the path', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'first') + cri(2, 'second', 'stderr') + cri(3, ''));
    const agent = startAgent(root, url, { tenant: 'team', cluster: 'c1', labels: { env: 'prod' } });
    await until(() => receiver.entries.size === 3, 'three lines');
    appendFileSync(log, cri(4, 'third'));
    const other = logPath(root, 'late-0', 'side', 'shop', 'u-2');
    writeFileSync(other, cri(5, 'late'));
    await until(() => receiver.entries.size === 5, 'five lines');
    await agent.stop();
    expect(receiver.list().map((entry) => [entry.labels, entry.timeNs, entry.line])).toEqual([
      ['{app="web", cluster="c1", container="main", env="prod", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stdout"}', 1_795_132_800_000_001_000n, 'first'],
      ['{app="web", cluster="c1", container="main", env="prod", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stderr"}', 1_795_132_800_000_002_000n, 'second'],
      ['{app="web", cluster="c1", container="main", env="prod", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stdout"}', 1_795_132_800_000_003_000n, ''],
      ['{app="web", cluster="c1", container="main", env="prod", namespace="shop", pod="web-6d5f8c7b9-x2x4z", stream="stdout"}', 1_795_132_800_000_004_000n, 'third'],
      ['{app="late", cluster="c1", container="side", env="prod", namespace="shop", pod="late-0", stream="stdout"}', 1_795_132_800_000_005_000n, 'late'],
    ]);
    expect(receiver.headers[0]).toMatchObject({ 'content-type': 'application/x-protobuf', 'x-scope-orgid': 'team' });
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
  });

  it('goes on after a stop exactly where it was, and sends nothing again', async () => {
    const log = logPath(root);
    for (let run = 0; run < 4; run++) {
      appendFileSync(log, cri(run * 2, `line ${run * 2}`) + cri(run * 2 + 1, `line ${run * 2 + 1}`).slice(0, run === 3 ? undefined : -4));
      const agent = startAgent(root, url);
      await until(() => receiver.entries.size === run * 2 + (run === 3 ? 2 : 1), 'the complete lines');
      await agent.stop();
      if (run < 3) appendFileSync(log, cri(run * 2 + 1, `line ${run * 2 + 1}`).slice(-4));
    }
    expect(receiver.lines()).toEqual(Array.from({ length: 8 }, (_, i) => `line ${i}`));
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
  });

  it('joins partial lines across a restart of the agent and across a rotation', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'a', 'stdout', 'P') + cri(2, 'whole', 'stderr') + cri(3, 'x', 'stderr', 'P'));
    const first = startAgent(root, url);
    await until(() => receiver.entries.size === 1, 'the complete line');
    await first.stop();
    renameSync(log, `${log}.20261120-000000`);
    writeFileSync(log, cri(4, 'b', 'stdout', 'P') + cri(5, 'y', 'stderr') + cri(6, 'c') + cri(7, 'z'));
    const second = startAgent(root, url);
    await until(() => receiver.entries.size === 4, 'the joined lines');
    await second.stop();
    expect(receiver.list().map((entry) => [entry.timeNs % 1_000_000n, entry.line])).toEqual([[1000n, 'abc'], [2000n, 'whole'], [3000n, 'xy'], [7000n, 'z']]);
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
  });

  it('does not go back to a line that began in a file before, once it is delivered', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'whole') + cri(2, 'a', 'stdout', 'P'));
    const first = startAgent(root, url);
    await until(() => receiver.entries.size === 1, 'the complete line');
    renameSync(log, `${log}.20261120-000000`);
    writeFileSync(log, cri(3, 'b', 'stdout', 'P') + cri(4, 'c') + cri(5, 'more'));
    await until(() => receiver.entries.size === 3, 'the joined line and the next');
    await first.stop();
    appendFileSync(log, cri(6, 'last'));
    const second = startAgent(root, url);
    await until(() => receiver.entries.size >= 4, 'the last line');
    await second.stop();
    expect(receiver.lines()).toEqual(['whole', 'abc', 'more', 'last']);
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
  });

  it('gives up a partial line whose container was started again, and says so', async () => {
    writeFileSync(logPath(root), cri(1, 'unfinished', 'stdout', 'P'));
    writeFileSync(logPath(root, undefined, undefined, undefined, undefined, 1), cri(2, 'again'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 2, 'both lines');
    await agent.stop();
    expect(receiver.list()).toEqual([
      { labels, timeNs: 1_795_132_800_000_001_000n, line: 'unfinished', metadata: { spoor_line_unfinished: 'true' } },
      { labels, timeNs: 1_795_132_800_000_002_000n, line: 'again', metadata: {} },
    ]);
  });

  it('cuts and marks lines over the limit, however long, and goes on', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'x'.repeat(3000)) + cri(2, 'y'.repeat(900), 'stdout', 'P') + cri(3, 'é'.repeat(900)) + cri(4, 'z'.repeat(5_000_000)) + cri(5, 'end'));
    const agent = startAgent(root, url, { read: { line_size_max: '1KB', interval: '5ms', poll_interval: '20ms' } });
    await until(() => receiver.entries.size === 4, 'four lines');
    await agent.stop();
    expect(receiver.list().map(({ line, metadata }) => [line.length, line.at(-1), metadata])).toEqual([
      [1024, 'x', { spoor_line_bytes: '3000' }],
      [900 + 62, 'é', { spoor_line_bytes: '2700' }],
      [1024, 'z', { spoor_line_bytes: '5000000' }],
      [3, 'd', {}],
    ]);
  });

  it('sends what it cannot parse as it is', async () => {
    const log = logPath(root);
    writeFileSync(log, `${cri(1, 'good')}no record at all\n2026-11-20T00:00:00Z stdout X no tag\n${cri(2, 'good again')}`);
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 4, 'four lines');
    await agent.stop();
    expect(receiver.list(({ labels }) => labels.includes('unparsed')).map(({ timeNs, line, metadata }) => [timeNs % 1_000_000n, line, metadata])).toEqual([
      [1000n, '2026-11-20T00:00:00Z stdout X no tag', { spoor_unparsed: 'true' }],
      [1000n, 'no record at all', { spoor_unparsed: 'true' }],
    ]);
  });

  it('reads Docker files behind links, rotated ones included', async () => {
    const target = join(root, 'docker.log');
    const record = (n: number, text: string): string => `${JSON.stringify({ log: text, stream: n % 2 === 0 ? 'stdout' : 'stderr', time: `2026-11-20T00:00:00.00000000${n}Z` })}\n`;
    writeFileSync(`${target}.2.gz`, gzipSync(record(1, 'oldest\n')));
    writeFileSync(`${target}.1`, record(2, 'old\n') + record(4, 'par'));
    writeFileSync(target, record(6, 'tial "x"\n') + record(7, 'new\n'));
    symlinkSync(target, logPath(root));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 4, 'four lines');
    renameSync(`${target}.1`, `${target}.2`);
    renameSync(target, `${target}.1`);
    writeFileSync(target, record(8, 'newer\n'));
    await until(() => receiver.entries.size === 5, 'five lines');
    await agent.stop();
    expect(receiver.lines()).toEqual(['oldest', 'old', 'partial "x"', 'new', 'newer']);
  });

  it('notices truncation, also where the file has grown beyond the old place meanwhile', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'one') + cri(2, 'two'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 2, 'two lines');
    truncateSync(log);
    appendFileSync(log, cri(3, 'three'));
    await until(() => receiver.entries.size === 3, 'three lines');
    await agent.stop();
    writeFileSync(log, cri(4, 'four') + cri(5, 'five') + cri(6, 'six'));
    const again = startAgent(root, url);
    await until(() => receiver.entries.size === 6, 'six lines');
    await again.stop();
    expect(receiver.lines()).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  });

  it('reads rotated members that it missed while it was down, compressed ones from where it was', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'one') + cri(2, 'two'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 2, 'two lines');
    await agent.stop();
    writeFileSync(`${log}.20261120-000001.gz`, gzipSync(readFileSync(log, 'utf8') + cri(3, 'three')));
    rmSync(log);
    writeFileSync(`${log}.20261120-000002.gz`, gzipSync(cri(4, 'four')));
    writeFileSync(`${log}.20261120-000003`, cri(5, 'five'));
    writeFileSync(`${log}.20261120-000004.tmp`, 'being compressed');
    writeFileSync(log, cri(6, 'six'));
    const again = startAgent(root, url);
    await until(() => receiver.entries.size === 6, 'six lines');
    await again.stop();
    const third = startAgent(root, url);
    appendFileSync(log, cri(7, 'seven'));
    await until(() => receiver.entries.size === 7, 'seven lines');
    await third.stop();
    expect(receiver.lines()).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'seven']);
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
  });

  it('reads a deleted file to its end while the receiver is down', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'one'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 1, 'one line');
    receiver.behaviour = () => ({ status: 503 });
    appendFileSync(log, cri(2, 'two'));
    rmSync(join(root, 'pods'), { recursive: true });
    await until(() => receiver.requests > 4, 'some attempts');
    receiver.behaviour = () => 'store';
    await until(() => receiver.entries.size === 2, 'two lines');
    await agent.stop();
  });

  it('keeps a pod\'s labels in the checkpoint and forgets pods that are gone', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'one'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 1, 'one line');
    const checkpoint = join(root, 'state/checkpoint.json');
    await until(() => existsSync(checkpoint) && readFileSync(checkpoint, 'utf8').includes('"offsets":[4'), 'the checkpoint');
    expect(readFileSync(checkpoint, 'utf8')).toContain('{"uid":"u-1","labels":{"app":"web"},"from":"path"}');
    rmSync(join(root, 'pods/shop_web-6d5f8c7b9-x2x4z_u-1'), { recursive: true });
    await until(() => existsSync(checkpoint) && !readFileSync(checkpoint, 'utf8').includes('u-1'), 'an empty checkpoint');
    await agent.stop();
  });

  it('starts at the end where that is asked for, but only what it finds first', async () => {
    writeFileSync(logPath(root), cri(1, 'old'));
    const agent = startAgent(root, url, { read: { start_at: 'end', interval: '5ms', poll_interval: '20ms', scan_interval: '50ms' } });
    await until(() => existsSync(join(root, 'state/agent.lock')), 'a start');
    await new Promise((resolve) => setTimeout(resolve, 200));
    appendFileSync(logPath(root), cri(2, 'new'));
    writeFileSync(logPath(root, 'other', 'c', 'n', 'u-2'), cri(3, 'other'));
    await until(() => receiver.entries.size === 2, 'two lines');
    await agent.stop();
    expect(receiver.lines()).toEqual(['new', 'other']);
  });

  it('is not fooled by an inode that was given to another file', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'one') + cri(2, 'two'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 2, 'two lines');
    await agent.stop();
    copyFileSync(log, `${log}.20261120-000001`);
    // The same inode, another content, longer than the old one.
    writeFileSync(log, cri(3, 'three') + cri(4, 'four') + cri(5, 'five') + cri(6, 'six'));
    const again = startAgent(root, url);
    await until(() => receiver.entries.size === 6, 'six lines');
    await again.stop();
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
  });

  it('refuses a second agent on the same state directory', async () => {
    logPath(root);
    const agent = startAgent(root, url);
    await until(() => existsSync(join(root, 'state/agent.lock')), 'a start');
    await expect(startAgent(root, url).stop()).rejects.toMatchObject({ code: 'agent_state_dir_in_use' });
    await agent.stop();
  });
});
