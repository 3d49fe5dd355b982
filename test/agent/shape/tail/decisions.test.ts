import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../lines.ts';
import { Decisions, decisionsFileName, traceDropped, traceKept, traceSampled } from '../../../../agent/shape/tail/decisions.ts';

const key = (i: number): Uint32Array => Uint32Array.of(1, 2, 3, i);
const open = (dir: string | null, max = 1000, failures: unknown[] = []): Decisions => new Decisions(dir, max, (_, error) => failures.push(error));

test('what was kept is known to the next run, what was dropped is not', () => {
  using dir = temporaryDir();
  const first = open(dir.path);
  first.add(key(1), 0, traceKept);
  first.add(key(2), 0, traceSampled);
  first.add(key(3), 0, traceDropped);
  first.write();
  expect([1, 2, 3, 4].map((i) => first.find(key(i)))).toEqual([traceKept, traceSampled, traceDropped, undefined]);
  // Killed: never closed.
  const second = open(dir.path);
  expect([1, 2, 3].map((i) => second.find(key(i)))).toEqual([traceKept, traceSampled, undefined]);
  second.add(key(5), 0, traceKept);
  second.write();
  expect([1, 2, 5].map((i) => open(dir.path).find(key(i)))).toEqual([traceKept, traceSampled, traceKept]);
  first.close();
  second.close();
});

test('a file that ends inside a record, or is damaged, is read as far as it is whole, and goes on from there', () => {
  using dir = temporaryDir();
  const path = join(dir.path, decisionsFileName);
  const first = open(dir.path);
  for (let i = 0; i < 10; i++) first.add(key(i), 0, traceKept);
  first.write();
  first.close();
  expect(statSync(path).size).toBe(8 + 10 * 20);
  truncateSync(path, 8 + 9 * 20 + 7);
  const second = open(dir.path);
  expect(second.size).toBe(9);
  second.add(key(77), 0, traceSampled);
  second.write();
  second.close();
  const third = open(dir.path);
  expect(third.size).toBe(10);
  expect(third.find(key(77))).toBe(traceSampled);
  const bytes = readFileSync(path);
  bytes[8 + 3 * 20 + 5]! ^= 1;
  writeFileSync(path, bytes);
  expect(open(dir.path).size).toBe(3);
  writeFileSync(path, 'something else');
  const fourth = open(dir.path);
  expect(fourth.size).toBe(0);
  fourth.add(key(1), 0, traceKept);
  fourth.write();
  fourth.close();
  expect(open(dir.path).size).toBe(1);
});

test('memory and disk are bounded; the newest and the last asked for stay', () => {
  using dir = temporaryDir();
  const decisions = open(dir.path, 100);
  for (let i = 0; i < 10_000; i++) {
    decisions.add(key(i), 0, traceKept);
    if (i >= 5000) expect(decisions.find(key(5000))).toBe(traceKept);
    decisions.write();
  }
  decisions.close();
  expect(decisions.size).toBe(100);
  expect(decisions.find(key(9000))).toBeUndefined();
  const path = join(dir.path, decisionsFileName);
  expect(statSync(path).size + statSync(`${path}.old`).size).toBeLessThan(2 * (8 + 51 * 20));
  expect(open(dir.path, 100).find(key(9999))).toBe(traceKept);
});

test('where nothing can be written, sampling goes on and the failure is told', () => {
  using dir = temporaryDir();
  mkdirSync(join(dir.path, decisionsFileName));
  const failures: unknown[] = [];
  const decisions = open(dir.path, 100, failures);
  decisions.add(key(1), 0, traceKept);
  decisions.write();
  expect(decisions.find(key(1))).toBe(traceKept);
  expect(failures.length).toBeGreaterThan(0);
});

test('without a directory nothing is written', () => {
  const decisions = open(null);
  decisions.add(key(1), 0, traceKept);
  decisions.write();
  expect(decisions.find(key(1))).toBe(traceKept);
});

test('the golden file of version 1 is read', () => {
  using dir = temporaryDir();
  const golden = new URL('../../../compat/agent-tail-decisions/v1', import.meta.url).pathname;
  expect(existsSync(golden)).toBe(true);
  appendFileSync(join(dir.path, decisionsFileName), readFileSync(golden));
  const decisions = open(dir.path);
  expect([1, 2].map((i) => decisions.find(key(i)))).toEqual([traceKept, traceSampled]);
});
