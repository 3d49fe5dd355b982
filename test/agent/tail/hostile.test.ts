import { appendFileSync, closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GapLedger } from '../../../agent/tail/gaps.ts';
import type { Clock } from '../../../src/model/mod.ts';
import { cri, logPath, quickSettings, spawnAgent, startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

const gapsOf = (root: string): Record<string, number> => {
  const ledger = new GapLedger(join(root, 'state'), (path, error) => {
    throw new Error(path, { cause: error });
  });
  return Object.fromEntries(Array.from(ledger.rows(), (row) => [row.path === '' ? `${row.namespace}/${row.pod}/${row.container}` : row.path, row.bytes]));
};

describe('hostile files', () => {
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

  it('of malformed records, NUL bytes and invalid UTF-8 are sent as they are', async () => {
    const bad = [
      '', ' ', 'no record', '2026-11-20T00:00:00Z', '2026-11-20T00:00:00Z stdout', '2026-11-20T00:00:00Z stdout F', '2026-13-40T00:00:00Z stdout F x', '2026-11-20T00:00:00Z stdin F x',
      '9999-11-20T00:00:00Z stdout F x', '2026-11-20T00:00:00.Z stdout F x', '{"log":', '{"log":1,"stream":"stdout","time":"2026-11-20T00:00:00Z"}', '\0'.repeat(500), '2026-11-20T00:00:00Z stdout P:x:y z',
    ];
    const log = logPath(root);
    writeFileSync(log, cri(1, 'first'));
    for (const record of bad) appendFileSync(log, `${record}\n`);
    appendFileSync(log, Buffer.concat([Buffer.from(cri(2, '').trimEnd()), Buffer.from([0x20, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0a])]));
    const other = logPath(root, 'other', 'c', 'n', 'u-2');
    writeFileSync(other, cri(3, 'other'));
    const agent = startAgent(root, url);
    await until(() => receiver.lines().includes('other') && receiver.lines().some((line) => line.includes('\u0000\ufffd(')), 'the ends of both');
    await agent.stop();
    const unparsed = receiver.list(({ labels }) => labels.includes('unparsed')).map(({ line }) => line);
    expect(unparsed).toContain('no record');
    expect(unparsed).toContain('\0'.repeat(500));
    expect(receiver.list().every(({ metadata, labels }) => labels.includes('unparsed') === ('spoor_unparsed' in metadata))).toBe(true);
  });

  it('with a line of 100 MB cut it, mark it with its length, and hold up nobody', { timeout: 120_000 }, async () => {
    const log = logPath(root);
    const piece = Buffer.alloc(2 ** 20, 'z');
    const fd = openSync(log, 'w');
    writeSync(fd, cri(1, 'x').slice(0, -2));
    for (let i = 0; i < 100; i++) writeSync(fd, piece);
    writeSync(fd, `\n${cri(2, 'next')}`);
    // Without an end, for now.
    writeSync(fd, cri(3, 'y').slice(0, -2));
    for (let i = 0; i < 100; i++) writeSync(fd, piece);
    const raw = join(root, 'raw.log');
    const rawFd = openSync(raw, 'w');
    for (let i = 0; i < 100; i++) writeSync(rawFd, piece);
    writeSync(rawFd, '\nraw end\n');
    closeSync(rawFd);
    writeFileSync(logPath(root, 'other', 'c', 'n', 'u-2'), cri(3, 'other'));
    const agent = startAgent(root, url, { files: [{ paths: [raw], labels: { job: 'raw' } }], read: { ...quickSettings.read, line_size_max: '64KB' } });
    await until(() => receiver.entries.size >= 5, 'all but the last', 60_000);
    writeSync(fd, `\n${cri(4, 'end')}`);
    closeSync(fd);
    await until(() => receiver.entries.size === 7, 'all lines', 60_000);
    await agent.stop();
    const lines = new Map(receiver.list().map(({ line, metadata }) => [line.length > 100 ? `${line.slice(0, 1)} ${line.length} ${Object.keys(metadata).join()}${metadata['spoor_line_bytes']}` : line, 1]));
    expect([...lines.keys()].toSorted()).toEqual(['end', 'next', 'other', 'raw end', `z 65536 spoor_line_bytes${100 * 2 ** 20}`].toSorted());
    expect(receiver.entries.size).toBe(7);
  });

  it('that shrink, grow sparse or are cut in the middle of a record are read on, and what was cut off unread is counted', async () => {
    const log = logPath(root);
    writeFileSync(log, cri(1, 'one') + cri(2, 'two'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 2, 'two lines');
    truncateSync(log, 20);
    appendFileSync(log, `\n${cri(3, 'three')}`);
    await until(() => receiver.lines().includes('three'), 'the line behind the cut');
    const fd = openSync(log, 'r+');
    ftruncateSync(fd, 3_000_000);
    closeSync(fd);
    appendFileSync(log, `\n${cri(4, 'four')}`);
    await until(() => receiver.lines().includes('four'), 'the line behind the hole', 30_000);
    truncateSync(log, 0);
    appendFileSync(log, cri(5, 'five'));
    await until(() => receiver.lines().includes('five'), 'the last line');
    await agent.stop();
    expect(gapsOf(root)).toEqual({});
  });

  it('that cannot be looked at for a while are not taken for deleted, and go on', async () => {
    const log = logPath(root);
    const directory = join(log, '..');
    // Beside what the agent looks at, or it would be taken for another file or container.
    const aside = join(root, 'aside');
    const other = logPath(root, 'other', 'c', 'n', 'u-2');
    writeFileSync(log, cri(1, 'one'));
    writeFileSync(other, cri(1, 'other'));
    const agent = startAgent(root, url);
    await until(() => receiver.entries.size === 2, 'both lines');
    // The tests may run as root, who may read everything: links that lead to themselves stand for what may not be read.
    renameSync(log, aside);
    symlinkSync('0.log', log);
    appendFileSync(other, cri(2, 'other goes on'));
    await until(() => receiver.entries.size === 3, 'the other');
    appendFileSync(aside, cri(2, 'two'));
    unlinkSync(log);
    renameSync(aside, log);
    await until(() => receiver.entries.size === 4, 'two');
    renameSync(directory, aside);
    symlinkSync('main', directory);
    appendFileSync(other, cri(3, 'other still goes on'));
    await until(() => receiver.entries.size === 5, 'the other again');
    unlinkSync(directory);
    renameSync(aside, directory);
    appendFileSync(log, cri(3, 'three'));
    await until(() => receiver.lines().includes('three'), 'three');
    await agent.stop();
    expect(receiver.lines().toSorted()).toEqual(['one', 'other', 'other goes on', 'other still goes on', 'three', 'two']);
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
    expect(gapsOf(root)).toEqual({});
  });

  it('whose compressed members are damaged give what can be read, and the rest goes on', async () => {
    const log = logPath(root);
    writeFileSync(`${log}.20261120-000001.gz`, Buffer.from('no gzip at all'));
    writeFileSync(`${log}.20261120-000002.gz`, '');
    writeFileSync(log, cri(3, 'live'));
    const agent = startAgent(root, url);
    await until(() => receiver.lines().includes('live'), 'the live line');
    await agent.stop();
    expect(receiver.lines()).toEqual(['live']);
  });

  it('are read while the clock jumps to and fro', async () => {
    let jumpMs = 0;
    const clock: Clock = { nowNs: () => BigInt(Math.round(Date.now() + jumpMs)) * 1_000_000n, nowMs: () => Date.now() + jumpMs, monotonicMs: () => performance.now() };
    const log = logPath(root);
    writeFileSync(log, cri(0, 'line 0'));
    const raw = join(root, 'raw.log');
    writeFileSync(raw, 'raw 0\n');
    const agent = startAgent(root, url, { files: [{ paths: [raw], labels: { job: 'raw' } }] }, { clock });
    for (let i = 1; i <= 12; i++) {
      jumpMs = [3_600_000, -3_600_000, -1e12, 1e12][i % 4] ?? 0;
      appendFileSync(log, cri(i, `line ${i}`));
      appendFileSync(raw, `raw ${i}\n`);
      if (i % 3 === 0) {
        renameSync(log, `${log}.20261120-0000${String(i).padStart(2, '0')}`);
        writeFileSync(log, '');
      }
      await until(() => receiver.entries.size === 2 * i + 2, `line ${i}`);
    }
    await agent.stop();
    const times = receiver.list(({ labels }) => labels.includes('job')).map(({ line }) => line);
    // A time never goes back within a file.
    expect(times).toEqual(Array.from({ length: 13 }, (_, i) => `raw ${i}`));
  });

  it('by the thousand are read, watched or not', { timeout: 120_000 }, async () => {
    const logs = join(root, 'logs');
    mkdirSync(logs);
    for (let i = 0; i < 2000; i++) writeFileSync(join(logs, `${i}.log`), `first ${i}\n`);
    for (let i = 0; i < 200; i++) writeFileSync(logPath(root, `pod-${i}`, 'c', 'n', `u-${i}`), cri(i, `pod ${i}`));
    const agent = startAgent(root, url, { files: [{ paths: [join(logs, '*.log')], labels: { job: 'many' } }], read: { ...quickSettings.read, watch: false } });
    await until(() => receiver.entries.size === 2200, 'all first lines', 90_000);
    for (let i = 0; i < 2000; i += 10) appendFileSync(join(logs, `${i}.log`), `second ${i}\n`);
    for (let i = 0; i < 200; i += 10) renameSync(logPath(root, `pod-${i}`, 'c', 'n', `u-${i}`), `${logPath(root, `pod-${i}`, 'c', 'n', `u-${i}`)}.20261120-000001`);
    for (let i = 0; i < 200; i += 10) writeFileSync(logPath(root, `pod-${i}`, 'c', 'n', `u-${i}`), cri(i, `again ${i}`));
    await until(() => receiver.entries.size === 2420, 'all second lines', 90_000);
    await agent.stop();
  });

  it('are fairly read: a loud one does not hold up a quiet one', { timeout: 120_000 }, async () => {
    const loud = logPath(root, 'loud', 'c', 'n', 'u-1');
    const fd = openSync(loud, 'w');
    const piece = Array.from({ length: 5000 }, (_, i) => cri(i, 'loud '.repeat(40))).join('');
    for (let i = 0; i < 20; i++) writeSync(fd, piece);
    closeSync(fd);
    const quiet = logPath(root, 'quiet', 'c', 'n', 'u-2');
    writeFileSync(quiet, '');
    const agent = startAgent(root, url, { batch: { size_max: '64KB', wait_max: '20ms', queue_size_max: '256KB' } });
    await until(() => receiver.lines().some((line) => line.startsWith('loud')), 'the loud one');
    for (let i = 0; i < 3; i++) {
      appendFileSync(quiet, cri(i, `quiet ${i}`));
      await until(() => receiver.lines().includes(`quiet ${i}`), `quiet ${i}`);
    }
    await agent.stop();
  });
});

describe('gaps', () => {
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

  it('are what rotation deleted unread while the agent was dead, once, whatever happens then', { timeout: 120_000 }, async () => {
    const log = logPath(root);
    writeFileSync(log, cri(0, 'delivered'));
    let agent = spawnAgent(root, url);
    const kill = async (signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> => {
      const ended = new Promise((resolve) => agent.once('exit', resolve));
      agent.kill(signal);
      await ended;
    };
    await until(() => receiver.entries.size === 1, 'one line');
    receiver.behaviour = () => ({ status: 503 });
    const unread: string[] = [];
    for (let i = 1; i <= 5; i++) {
      renameSync(log, `${log}.20261120-00000${i}`);
      const content = cri(i, `unread ${i} ${'x'.repeat(i * 10)}`);
      unread.push(content);
      writeFileSync(log, content);
    }
    // Known to the checkpoint, with its size.
    const rows = (): readonly string[] => {
      try {
        return readFileSync(join(root, 'state/checkpoint.json'), 'utf8').split('\n').filter((row) => row.includes('"chain"'));
      } catch {
        // It is being replaced.
        return [];
      }
    };
    await until(() => unread.every((content) => rows().some((row) => row.includes(`"size":${content.length},`))), 'the sizes in the checkpoint');
    await kill();
    for (let i = 2; i <= 4; i++) rmSync(`${log}.20261120-00000${i}`);
    const lost = unread.slice(0, 3).reduce((sum, text) => sum + text.length, 0);
    for (let run = 0; run < 3; run++) {
      agent = spawnAgent(root, url);
      const before = receiver.requests;
      await until(() => receiver.requests > before, 'a push');
      await kill();
      expect(gapsOf(root)).toEqual({ 'shop/web-6d5f8c7b9-x2x4z/main': lost });
    }
    receiver.behaviour = () => 'store';
    agent = spawnAgent(root, url);
    await until(() => receiver.entries.size === 3, 'what is left');
    await kill('SIGTERM');
    expect(gapsOf(root)).toEqual({ 'shop/web-6d5f8c7b9-x2x4z/main': lost });
    expect(receiver.lines().map((line) => line.slice(0, 8))).toEqual(['delivere', 'unread 4', 'unread 5']);
  });

  it('are what is given up of deleted files that hold too much disk, to the byte, and no line of it comes twice', { timeout: 120_000 }, async () => {
    const log = logPath(root);
    writeFileSync(log, cri(0, 'first'));
    receiver.behaviour = () => ({ status: 503 });
    const agent = startAgent(root, url, { read: { ...quickSettings.read, deleted_size_max: '100KB' }, batch: { size_max: '4KB', wait_max: '20ms', queue_size_max: '8KB' } });
    await until(() => receiver.requests > 0, 'a push');
    const written = new Map<string, number>([['first', cri(0, 'first').length]]);
    for (let i = 1; i <= 20; i++) {
      renameSync(log, `${log}.20261120-0000${String(i).padStart(2, '0')}`);
      let content = '';
      for (let n = 0; n < 200; n++) {
        const text = `line ${i} ${n} ${'x'.repeat(50)}`;
        const record = cri(i * 1000 + n, text);
        written.set(text, record.length);
        content += record;
      }
      writeFileSync(log, content);
      await new Promise((resolve) => setTimeout(resolve, 10));
      rmSync(`${log}.20261120-0000${String(i).padStart(2, '0')}`);
    }
    await until(() => Object.values(gapsOf(root)).some((bytes) => bytes > 100_000), 'a gap');
    await new Promise((resolve) => setTimeout(resolve, 200));
    receiver.behaviour = () => 'store';
    await until(() => receiver.lines().some((line) => line.startsWith('line 20 199')), 'the last line');
    await agent.stop();
    let missing = 0;
    const stored = new Set(receiver.lines());
    for (const [text, bytes] of written) if (!stored.has(text)) missing += bytes;
    expect(Object.values(gapsOf(root))).toEqual([missing]);
    expect([...receiver.entries.values()].every(({ times }) => times === 1)).toBe(true);
  });
});
