import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { FileArchive, type FileArchiveOptions } from '../../../../agent/ship/archive/file.ts';
import { ManualClock } from '../../../../src/model/mod.ts';
import { temporaryDir } from '../../harness.ts';
import { batchOf, stream, type TestLine } from '../../buffer/batches.ts';

const start = 1_795_132_800_000_000_000n;

function open(dir: string, options: Partial<FileArchiveOptions> = {}, clock = new ManualClock(start)) {
  const archive = new FileArchive({ path: join(dir, 'logs.ndjson'), format: 'json', rotateBytes: 1e6, rotateMs: 1e6, keep: 0, gzip: true, ...options }, { requests: 0, requestBytes: 0 }, clock);
  return { archive, clock, write: (...lines: (TestLine | string)[]) => archive.send(batchOf(lines), allRows(lines.length)) };
}

const content = (dir: string, name: string): string => (name.endsWith('.gz') ? gunzipSync(readFileSync(join(dir, name))).toString() : readFileSync(join(dir, name), 'utf8'));
const lines = (dir: string): string[] => readdirSync(dir).filter((name) => !name.endsWith('.tmp')).sort((a, b) => (a === 'logs.ndjson' ? 1 : b === 'logs.ndjson' ? -1 : a < b ? -1 : 1))
  .flatMap((name) => content(dir, name).split('\n').slice(0, -1)).map((line) => (JSON.parse(line) as { line: string }).line);

describe('the file archive', () => {
  it('holds time, labels, metadata and tenant of each line, or the lines alone', async () => {
    using dir = temporaryDir();
    const json = open(dir.path);
    await json.write({ line: 'a "b"\nc', seconds: 1_795_132_800, nanos: 7, metadata: { k: 'v' } }, { line: 'x', seconds: -1, nanos: 0, stream: stream({ app: 'y' }, 'team') });
    await json.archive.close();
    expect(content(dir.path, 'logs.ndjson').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      { time: '2026-11-20T00:00:00.000000007Z', labels: { app: 'web', namespace: 'shop' }, metadata: { k: 'v' }, line: 'a "b"\nc' },
      { time: '1969-12-31T23:59:59.000000000Z', tenant: 'team', labels: { app: 'y' }, line: 'x' },
    ]);
    const raw = open(dir.path, { path: join(dir.path, 'raw.log'), format: 'line' });
    await raw.write({ line: Buffer.from([0xff, 0x61]) }, 'b');
    await raw.archive.close();
    expect(readFileSync(join(dir.path, 'raw.log'), 'latin1')).toBe('\xffa\nb\n');
  });

  it('is rotated by size and by age, compressed, and keeps as many as it is told', async () => {
    using dir = temporaryDir();
    const { archive, clock, write } = open(dir.path, { rotateBytes: 300, rotateMs: 60_000, keep: 3 });
    for (let i = 0; i < 13; i++) {
      await write(`line ${i} ${'x'.repeat(100)}`);
      clock.advanceMs(1);
    }
    expect(readdirSync(dir.path).filter((name) => name.endsWith('.gz'))).toHaveLength(3);
    expect(lines(dir.path).map((line) => Number(line.split(' ')[1]))).toEqual([6, 7, 8, 9, 10, 11, 12]);
    const before = readdirSync(dir.path).length;
    clock.advanceMs(59_000);
    await archive.tick();
    expect(readdirSync(dir.path)).toHaveLength(before);
    clock.advanceMs(2000);
    await archive.tick();
    expect(readdirSync(dir.path)).not.toContain('logs.ndjson');
    await archive.close();
  });

  it('goes on behind the last whole line after kill -9, and compresses what an earlier run did not come to', async () => {
    using dir = temporaryDir();
    const first = open(dir.path);
    await first.write('one', 'two');
    await first.archive.close();
    appendFileSync(join(dir.path, 'logs.ndjson'), '{"time":"2026');
    writeFileSync(join(dir.path, 'logs.ndjson.20261120-000000-000'), '{"line":"zero"}\n');
    writeFileSync(join(dir.path, 'logs.ndjson.20261120-000000-000.gz.tmp'), 'half');
    const second = open(dir.path);
    await second.write('three');
    await second.archive.close();
    expect(readdirSync(dir.path).sort()).toEqual(['logs.ndjson', 'logs.ndjson.20261120-000000-000.gz']);
    expect(lines(dir.path)).toEqual(['zero', 'one', 'two', 'three']);
  });

  it('takes what it could not write again, and none of it twice', async () => {
    using dir = temporaryDir();
    const inner = join(dir.path, 'inner');
    writeFileSync(inner, 'a file where a folder should be');
    const { archive, write } = open(inner);
    expect(await write('one')).toMatchObject({ kind: 'retry' });
    rmSync(inner);
    mkdirSync(inner);
    expect(await write('one')).toEqual({ kind: 'delivered' });
    expect(statSync(join(inner, 'logs.ndjson')).size).toBeGreaterThan(10);
    await archive.close();
    expect(lines(inner)).toEqual(['one']);
  });
});
