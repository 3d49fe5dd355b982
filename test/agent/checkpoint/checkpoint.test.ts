import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint, fileLine, podLine, type CheckpointContent } from '../../../agent/checkpoint/format.ts';
import { lockStateDir } from '../../../agent/checkpoint/lock.ts';
import { CheckpointStore, loadCheckpoint } from '../../../agent/checkpoint/store.ts';
import type { PodDecision } from '../../../agent/enrich/pod-labels.ts';
import type { KnownFile } from '../../../agent/tail/chain.ts';
import { LogFile, startPosition } from '../../../agent/tail/file.ts';
import { isSpoorError, systemClock } from '../../../src/model/mod.ts';
import { cri, logPath, startAgent, temporaryDir, until } from '../harness.ts';
import { Receiver } from '../receiver.ts';

const golden = new URL('../../compat/agent-checkpoint/v1.json', import.meta.url);

const goldenFile: KnownFile = {
  path: '/var/log/pods/shop_web-0_u1/main/0.log.20261120-000001', device: 64_512n, inode: 18_446_744_073_709_551_615n, gzip: false,
  fingerprint: { bytes: 1024, hash: '0123456789abcdef0123456789abcdef' }, size: 5000,
  position: { offsets: [4096, 5000, 5000], format: 'cri', lastTime: { seconds: 1_795_132_800, nanos: 123_456_789 } },
};
const goldenContent: CheckpointContent = {
  files: new Map([['shop_web-0_u1/main/0.log', [goldenFile, { ...goldenFile, path: '/var/log/pods/shop_web-0_u1/main/0.log', inode: 7n, position: startPosition }]]]),
  pods: new Map([['u1', { labels: { app: 'web', team: 'red' }, from: 'api' }]]),
};

function encode(content: CheckpointContent): Buffer {
  const rows: string[] = [];
  for (const [chain, files] of content.files) for (const file of files) rows.push(fileLine(chain, file));
  return encodeCheckpoint(rows, Array.from(content.pods, ([uid, decision]) => podLine(uid, decision)));
}

describe('the checkpoint format', () => {
  it('reads and writes version 1 as it was first written', () => {
    const bytes = readFileSync(golden);
    expect(decodeCheckpoint(bytes, 'golden')).toEqual(goldenContent);
    expect(encode(goldenContent).toString()).toBe(bytes.toString());
  });

  it('comes back as it went in', () => {
    const offset = fc.nat(Number.MAX_SAFE_INTEGER);
    const file: fc.Arbitrary<KnownFile> = fc.record({
      path: fc.string({ unit: 'grapheme' }), device: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), inode: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), gzip: fc.boolean(),
      fingerprint: fc.record({ bytes: fc.nat(1024), hash: fc.string() }), size: offset,
      position: fc.record({
        offsets: fc.tuple(offset, offset, offset), format: fc.constantFrom('cri' as const, 'docker' as const, null),
        lastTime: fc.option(fc.record({ seconds: fc.nat(9e9), nanos: fc.nat(999_999_999) })),
      }),
    });
    const files = fc.array(fc.tuple(fc.string(), fc.array(file, { minLength: 1, maxLength: 3 })), { maxLength: 4 }).map((entries) => new Map(entries));
    const pods = fc.array(fc.tuple(fc.string(), fc.record({ labels: fc.dictionary(fc.string(), fc.string()), from: fc.constantFrom('api' as const, 'path' as const) })), { maxLength: 4 }).map((entries) => new Map(entries));
    fc.assert(fc.property(fc.record({ files, pods }), (content) => {
      const back = decodeCheckpoint(encode(content), 'here');
      expect([...back.files]).toEqual([...content.files]);
      expect(JSON.stringify([...back.pods])).toBe(JSON.stringify([...content.pods]));
    }));
  });

  it('answers any damage with a coded error', () => {
    const bytes = encode(goldenContent);
    const bad = (damaged: Buffer): void => {
      try {
        decodeCheckpoint(damaged, 'here');
        expect.unreachable();
      } catch (error) {
        if (!isSpoorError(error, 'agent_checkpoint_damaged') && !isSpoorError(error, 'format_version')) throw error;
      }
    };
    for (let end = 0; end < bytes.length; end++) bad(bytes.subarray(0, end));
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ flip;
      bad(damaged);
    }));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (random) => bad(Buffer.from(random))));
  });

  it('names the version of a newer one', () => {
    expect(() => decodeCheckpoint(Buffer.from('{"magic":"spoor agent checkpoint","version":2,"anything":"else"}\n'), 'here'))
      .toThrow('here has format version 2; this version of spoor reads 1');
  });
});

describe('CheckpointStore', () => {
  const file = (path: string): LogFile => new LogFile(path, 1n, 2n, false, { bytes: 0, hash: '' }, startPosition);

  it('keeps what was delivered, what nobody claimed yet, and pods; and the checkpoint before', async () => {
    using dir = temporaryDir();
    const pods = new Map<string, PodDecision>();
    const store = new CheckpointStore(dir.path, systemClock, goldenContent, pods);
    const log = file('/a');
    store.delivered('chain a', log, { ...startPosition, offsets: [1, 1, 1] });
    await store.write();
    store.delivered('chain a', log, { ...startPosition, offsets: [2, 2, 2] });
    pods.set('u9', { labels: { app: 'nine' }, from: 'path' });
    store.podsChanged(1);
    await Promise.all([store.durable(1), store.write(), store.write()]);
    const loaded = await loadCheckpoint(dir.path);
    expect(loaded).toMatchObject({ damage: [], fresh: false });
    expect([...loaded.content.files.keys()]).toEqual(['shop_web-0_u1/main/0.log', 'chain a']);
    expect(loaded.content.files.get('chain a')?.[0]?.position.offsets).toEqual([2, 2, 2]);
    expect(loaded.content.pods.get('u9')).toEqual({ labels: { app: 'nine' }, from: 'path' });
    rmSync(join(dir.path, 'checkpoint.json'));
    const older = await loadCheckpoint(dir.path);
    expect(older.content.files.get('chain a')?.[0]?.position.offsets).toEqual([1, 1, 1]);
  });

  it('does not bring back a file that is gone', async () => {
    using dir = temporaryDir();
    const store = new CheckpointStore(dir.path, systemClock, { files: new Map(), pods: new Map() }, new Map());
    const log = file('/a');
    store.delivered('chain', log, startPosition);
    log.gone = true;
    store.forget(log);
    store.delivered('chain', log, startPosition);
    await store.write();
    expect((await loadCheckpoint(dir.path)).content.files.size).toBe(0);
  });

  it('says where it could not be written, and can be written later', async () => {
    using dir = temporaryDir();
    const path = join(dir.path, 'state');
    const store = new CheckpointStore(path, systemClock, { files: new Map(), pods: new Map() }, new Map());
    store.podsChanged(1);
    await expect(store.durable(1)).rejects.toMatchObject({ code: 'agent_checkpoint_write' });
    mkdirSync(path);
    await store.durable(1);
    expect(existsSync(join(path, 'checkpoint.json'))).toBe(true);
  });
});

describe('a damaged checkpoint', () => {
  it.each([
    ['one', ['checkpoint.json'], 1],
    ['both', ['checkpoint.json', 'checkpoint.json.previous'], 2],
  ])('(%s file) is set aside and said, and costs no line', async (_, names, damaged) => {
    using dir = temporaryDir();
    const receiver = new Receiver();
    const url = await receiver.listen();
    const log = logPath(dir.path);
    writeFileSync(log, cri(1, 'one'));
    const first = startAgent(dir.path, url);
    await until(() => receiver.entries.size === 1, 'one line');
    writeFileSync(log, cri(2, 'two'), { flag: 'a' });
    await until(() => receiver.entries.size === 2, 'two lines');
    await first.stop();
    for (const name of names) truncateSync(join(dir.path, 'state', name), 50);
    const loaded = await loadCheckpoint(join(dir.path, 'state'));
    expect(loaded.damage.map(({ code }) => code)).toEqual(Array.from({ length: damaged }, () => 'agent_checkpoint_damaged'));
    expect(existsSync(join(dir.path, 'state/checkpoint.json.damaged'))).toBe(true);
    writeFileSync(log, cri(3, 'three'), { flag: 'a' });
    const second = startAgent(dir.path, url);
    await until(() => receiver.entries.size === 3, 'three lines');
    await second.stop();
    expect(receiver.lines()).toEqual(['one', 'two', 'three']);
    await receiver.close();
  });

  it('of a newer version stops the agent, untouched', async () => {
    using dir = temporaryDir();
    mkdirSync(join(dir.path, 'state'));
    const path = join(dir.path, 'state/checkpoint.json');
    const newer = '{"magic":"spoor agent checkpoint","version":99}\n';
    writeFileSync(path, newer);
    await expect(startAgent(dir.path, 'http://127.0.0.1:1').stop()).rejects.toMatchObject({ code: 'format_version' });
    expect(readFileSync(path, 'utf8')).toBe(newer);
  });
});

describe('lockStateDir', () => {
  it.each([['short', ''], ['long', 'x'.repeat(120)]])('lets one in at a time (%s path)', async (_, name) => {
    using dir = temporaryDir();
    const path = join(dir.path, name);
    mkdirSync(path, { recursive: true });
    const lock = await lockStateDir(path);
    await expect(lockStateDir(path)).rejects.toMatchObject({ code: 'agent_state_dir_in_use' });
    await lock.release();
    await (await lockStateDir(path)).release();
  });

  it('is not held by a file that a killed process left', async () => {
    using dir = temporaryDir();
    writeFileSync(join(dir.path, 'agent.lock'), '');
    await (await lockStateDir(dir.path)).release();
  });
});
