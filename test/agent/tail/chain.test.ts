import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { listMembers, type Member } from '../../../agent/discover/members.ts';
import { LogChain, type KnownFile } from '../../../agent/tail/chain.ts';
import { startPosition, type LogFile } from '../../../agent/tail/file.ts';
import { cri, temporaryDir } from '../harness.ts';

function newChain(said: string[] = [], known: readonly KnownFile[] = []): LogChain {
  return new LogChain({ namespace: 'n', pod: 'p', uid: 'u' }, 'c', 'n_p_u/c/0.log', 1000, known, {
    opened: (file, resumed) => said.push(`${resumed ? 'resumed' : 'opened'} ${file.readOffset}`),
    gone: (_, lost) => said.push(`gone, lost ${lost}`),
    truncated: (_, lost) => said.push(`truncated, lost ${lost}`),
    failed: (path, error) => said.push(`failed ${path} ${String(error)}`),
  });
}

function members(directory: string): readonly Member[] {
  return listMembers(directory).get(0) ?? [];
}

/** What a checkpoint holds of a file that was read to `offset`. */
function knownAt(file: LogFile, offset: number): KnownFile {
  const { path, device, inode, gzip, fingerprint, size } = file;
  return { path, device, inode, gzip, fingerprint, size, position: { ...startPosition, offsets: [offset, offset, offset] } };
}

describe('LogChain', () => {
  it('does not take one file for another when the log is rotated between listing and opening', () => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    writeFileSync(path, cri(1, 'old'));
    const stale = members(dir.path);
    renameSync(path, `${path}.20261120-000001`);
    writeFileSync(path, cri(2, 'new'));
    const said: string[] = [];
    const chain = newChain(said);
    chain.reconcile(stale, false);
    expect(chain.files).toHaveLength(0);
    chain.reconcile(members(dir.path), false);
    expect(chain.files.map((file) => [file.path.slice(path.length), file.head.toString()])).toEqual([['.20261120-000001', cri(1, 'old')], ['', cri(2, 'new')]]);
    expect(said).toEqual(['opened 0', 'opened 0']);
    chain.close();
  });

  it('keeps a file through renames, and one that is deleted while it is not read', () => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    writeFileSync(path, cri(1, 'first'));
    const said: string[] = [];
    const chain = newChain(said);
    chain.reconcile(members(dir.path), false);
    const [first] = chain.files;
    for (const name of ['20261120-000001', '20261120-000002']) {
      renameSync(path, `${path}.${name}`);
      writeFileSync(path, cri(2, name));
      chain.reconcile(members(dir.path), false);
    }
    expect(chain.files.map((file) => file.path.slice(path.length))).toEqual(['.20261120-000001', '.20261120-000002', '']);
    rmSync(`${path}.20261120-000001`);
    chain.reconcile(members(dir.path), false);
    expect(chain.current()).toBe(first);
    expect(first?.unlinked).toBe(true);
    chain.release(chain.files[0] as LogFile);
    expect(chain.files).toHaveLength(2);
    expect(said.at(-1)).toBe(`gone, lost ${cri(1, 'first').length}`);
    chain.close();
  });

  it.each([
    ['under the same inode and another name', (path: string) => renameSync(path, `${path}.20261120-000001`), 'resumed'],
    ['under another inode', (path: string, bytes: string) => {
      writeFileSync(`${path}.new`, bytes);
      renameSync(`${path}.new`, path);
    }, 'resumed'],
    ['compressed', (path: string, bytes: string) => {
      writeFileSync(`${path}.20261120-000001.gz`, gzipSync(bytes));
      rmSync(path);
    }, 'compressed'],
    ['under the same inode with another content', (path: string, bytes: string) => writeFileSync(path, bytes.replaceAll('2026', '2025')), 'opened'],
    ['cut to less than was read, as after a power failure', (path: string, bytes: string) => writeFileSync(path, bytes.slice(0, 70)), 'opened'],
  ])('finds a file of an earlier run again %s', (_, change, outcome) => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    const bytes = cri(1, 'one '.repeat(20)) + cri(2, 'two '.repeat(20));
    writeFileSync(path, bytes);
    const before = newChain();
    before.reconcile(members(dir.path), false);
    const known = knownAt(before.files[0] as LogFile, 100);
    before.close();
    change(path, bytes);
    const said: string[] = [];
    const chain = newChain(said, [known]);
    chain.reconcile(members(dir.path), false);
    expect(chain.files).toHaveLength(1);
    if (outcome === 'resumed') expect(said).toEqual(['resumed 100']);
    if (outcome === 'compressed') expect([chain.files[0]?.gzip, chain.files[0]?.readOffset, chain.files[0]?.finished]).toEqual([true, 100, false]);
    if (outcome === 'opened') expect(said).toEqual([expect.stringMatching('gone'), 'opened 0']);
    chain.close();
  });

  it('knows a file that was compressed while it was held and read to its end', () => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    const chain = newChain();
    writeFileSync(path, '');
    chain.reconcile(members(dir.path), false);
    const [first] = chain.files as [LogFile];
    const content = cri(1, 'first').repeat(2);
    appendFileSync(path, content);
    renameSync(path, `${path}.20261120-000001`);
    writeFileSync(path, cri(2, 'second'));
    writeFileSync(`${path}.20261120-000001.gz`, gzipSync(content));
    rmSync(`${path}.20261120-000001`);
    chain.reconcile(members(dir.path), false);
    expect([first.path.slice(path.length), first.unlinked, first.fd === null]).toEqual(['.20261120-000001.gz', false, false]);
    first.readOffset = content.length;
    first.finished = true;
    first.close();
    chain.reconcile(members(dir.path), false);
    expect(chain.files[0]).toBe(first);
    expect([first.gzip, first.finished, chain.current()?.path]).toEqual([true, true, path]);
    chain.close();
  });

  it('tells short files by the time in their first record', () => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    writeFileSync(path, cri(1, 'x'));
    const before = newChain();
    before.reconcile(members(dir.path), false);
    const known = knownAt(before.files[0] as LogFile, cri(1, 'x').length);
    before.close();
    writeFileSync(`${path}.20261120-000001.gz`, gzipSync(cri(1, 'x')));
    writeFileSync(`${path}.20261120-000002`, cri(2, 'x'));
    rmSync(path);
    for (const [format, finished] of [['cri', true], [null, false]] as const) {
      const chain = newChain([], [{ ...known, position: { ...known.position, format } }]);
      chain.reconcile(members(dir.path), false);
      expect(chain.files.map((file) => file.finished), String(format)).toEqual([finished, false]);
      chain.close();
    }
  });

  it('starts the copy of copytruncate where the original was', () => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    const bytes = cri(1, 'one '.repeat(20)) + cri(2, 'two '.repeat(20));
    writeFileSync(path, bytes);
    const chain = newChain();
    chain.reconcile(members(dir.path), false);
    (chain.files[0] as LogFile).readOffset = 100;
    writeFileSync(`${path}.1`, bytes);
    chain.reconcile(members(dir.path), false);
    expect(chain.files.map((file) => file.readOffset)).toEqual([100, 100]);
    chain.close();
  });

  it('finds out from the size in a compressed member whether it was read to the end', () => {
    using dir = temporaryDir();
    const path = join(dir.path, '0.log');
    writeFileSync(path, cri(1, 'one'));
    const before = newChain();
    before.reconcile(members(dir.path), false);
    renameSync(path, `${path}.20261120-000001`);
    before.reconcile(members(dir.path), false);
    const file = before.files[0] as LogFile;
    const known = knownAt(file, file.size);
    before.close();
    for (const grown of [false, true]) {
      if (grown) appendFileSync(`${path}.20261120-000001`, cri(2, 'late'));
      rmSync(`${path}.20261120-000001.gz`, { force: true });
      writeFileSync(`${path}.20261120-000001.gz`, gzipSync(cri(1, 'one') + (grown ? cri(2, 'late') : '')));
      rmSync(`${path}.20261120-000001`, { force: true });
      const chain = newChain([], [known]);
      chain.reconcile(members(dir.path), false);
      expect(chain.files.map(({ gzip, finished }) => [gzip, finished])).toEqual([[true, !grown]]);
      chain.close();
    }
  });
});
