import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogChain } from '../../../agent/tail/chain.ts';
import { LogFile, startPosition } from '../../../agent/tail/file.ts';
import { GapLedger } from '../../../agent/tail/gaps.ts';
import { temporaryDir } from '../harness.ts';

const events = { opened: () => undefined, gone: () => undefined, truncated: () => undefined, failed: () => undefined };
const chainOf = (pod: string): LogChain => new LogChain({ namespace: 'n', pod, uid: 'u' }, 'c', `n_${pod}_u/c/0.log`, 1000, [], events);
const fileOf = (inode: number): LogFile => new LogFile('/x', 1n, BigInt(inode), false, { bytes: 10, hash: 'h'.repeat(32) }, startPosition);

describe('the ledger of gaps', () => {
  it('counts each file once, over restarts, damage and rewriting', () => {
    using dir = temporaryDir();
    const failures: string[] = [];
    const open = (): GapLedger => new GapLedger(dir.path, (path, error) => failures.push(`${path} ${String(error)}`));
    let ledger = open();
    expect(ledger.add(chainOf('a'), fileOf(1), 100)).toBe(true);
    expect(ledger.add(chainOf('a'), fileOf(1), 90)).toBe(false);
    expect(ledger.add(chainOf('a'), fileOf(2), 0)).toBe(false);
    expect(ledger.addUnclaimed('n_a_u/c/0.log', fileOf(3), 11)).toBe(true);
    expect(ledger.addUnclaimed('/var/log/x.log', fileOf(1), 7)).toBe(true);
    ledger.close();
    appendFileSync(join(dir.path, 'gaps.log'), '12 {"half');
    appendFileSync(join(dir.path, 'gaps.log'), '\nrubbish\n');
    ledger = open();
    expect(ledger.add(chainOf('a'), fileOf(1), 100)).toBe(false);
    expect(ledger.bytesOf(chainOf('a'))).toBe(111);
    expect(Array.from(ledger.rows())).toEqual([
      { namespace: 'n', pod: 'a', container: 'c', path: '', bytes: 111 }, { namespace: '', pod: '', container: '', path: '/var/log/x.log', bytes: 7 },
    ]);
    for (let i = 0; i < 12_000; i++) ledger.add(chainOf(`p${i % 50}`), fileOf(100 + i), 1);
    expect(readFileSync(join(dir.path, 'gaps.log')).length).toBeLessThan(4 * 2 ** 20);
    ledger.close();
    ledger = open();
    expect(ledger.bytes).toBe(111 + 7 + 12_000);
    expect(ledger.add(chainOf('p1'), fileOf(101), 5)).toBe(false);
    ledger.close();
    expect(failures).toEqual([]);
  });

  it('goes on in memory where the disk does not take it', () => {
    using dir = temporaryDir();
    writeFileSync(join(dir.path, 'file'), '');
    const failures: string[] = [];
    const ledger = new GapLedger(join(dir.path, 'file'), (path) => failures.push(path));
    expect(ledger.add(chainOf('a'), fileOf(1), 100)).toBe(true);
    expect(ledger.bytes).toBe(100);
    expect(failures.length).toBeGreaterThan(0);
  });
});
