import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PodLog } from '../../demo/pod-log.ts';

const name = { namespace: 'shop', pod: 'checkout-1', uid: 'abc', container: 'checkout' };
const startNs = 1_768_816_800_000_000_000n;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spoor-demo-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('CRI records in the layout of the kubelet, a line each, times never going back', () => {
  const log = new PodLog(folder, name, { bytesMax: 1e9, filesMax: 2 });
  log.write(startNs + 5n, 'stdout', 'first');
  log.write(startNs, 'stderr', 'two\n\tlines');
  log.close();
  expect(log.path).toBe(join(folder, 'shop_checkout-1_abc', 'checkout', '0.log'));
  expect(readFileSync(log.path, 'utf8')).toBe(
    '2026-01-19T10:00:00.000000005Z stdout F first\n2026-01-19T10:00:00.000000005Z stderr F two\n2026-01-19T10:00:00.000001000Z stderr F \tlines\n',
  );
});

test('a long line stands in records of 16 KiB, of which the last says so', () => {
  const log = new PodLog(folder, name, { bytesMax: 1e9, filesMax: 2 });
  const line = 'é'.repeat(20_000);
  log.write(startNs, 'stdout', line);
  log.write(startNs, 'stdout', 'x'.repeat(16_384));
  log.close();
  const records = readFileSync(log.path).toString('latin1').split('\n').slice(0, -1);
  expect(records.map((record) => record.split(' ', 3)[2])).toEqual(['P', 'P', 'F', 'F']);
  const joined = records.slice(0, 3).map((record) => record.split(' ').slice(3).join(' ')).join('');
  expect(Buffer.from(joined, 'latin1').toString('utf8')).toBe(line);
});

test('rotates by renaming, keeps the newest old files, and goes on with what is there', () => {
  let log = new PodLog(folder, name, { bytesMax: 200, filesMax: 2 });
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`);
  for (const [i, line] of lines.entries()) {
    log.write(startNs + BigInt(i) * 1_000_000_000n, 'stdout', line);
    if (i === 20) {
      log.close();
      log = new PodLog(folder, name, { bytesMax: 200, filesMax: 2 });
    }
  }
  log.close();
  const files = readdirSync(dirname(log.path)).toSorted();
  expect(files).toEqual(['0.log', expect.stringMatching(/^0\.log\.20260119-1000\d\d$/), expect.stringMatching(/^0\.log\.20260119-1000\d\d$/)]);
  const kept = [...files.slice(1), '0.log'].map((file) => readFileSync(join(dirname(log.path), file), 'utf8')).join('');
  const keptLines = kept.split('\n').slice(0, -1).map((record) => record.split(' ').slice(3).join(' '));
  expect(keptLines).toEqual(lines.slice(-keptLines.length));
});
