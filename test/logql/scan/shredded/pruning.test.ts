import { describe, expect, it } from 'vitest';
import { createScanner } from '../../../../src/logql/mod.ts';
import { bothWays, distinct, tasksOf } from './compare.ts';
import { openerOf, type PlainRow } from './rows.ts';
import { TextLogs } from './text-logs.ts';

/** Row groups of text, `bytes` of lines in each. Line `at` of a group that `extra` names holds that text. */
function textGroups(logs: TextLogs, groups: number, bytes: number, extra: ReadonlyMap<number, string> = new Map()): PlainRow[][] {
  return Array.from({ length: groups }, (_, group) => {
    const rows: PlainRow[] = [];
    for (let held = 0; held < bytes;) {
      const line = Buffer.from(logs.line(rows.length, rows.length === 50 + group ? extra.get(group) : ''));
      held += line.length;
      rows.push({ stream: { app: `a${rows.length % 4}` }, time: rows.length * 1e6, line, metadata: {} });
    }
    return rows;
  });
}

interface Read {
  readonly found: number;
  readonly bytes: number;
  readonly requests: number;
}

/** What a scan of each row group finds and reads of it. */
function scanEach(groups: readonly ReturnType<typeof openerOf>[], filter: string): Read[] {
  const [task] = tasksOf(`{app=~".+"} ${filter}`);
  return groups.map((open) => {
    let [bytes, requests] = [0, 0];
    const group = open(undefined, (read) => {
      bytes += read;
      requests++;
    });
    const scanner = createScanner(task!);
    scanner.addShredded(group);
    const result = scanner.finish();
    return { found: result.kind === 'batch' ? result.rows.length : -1, bytes, requests };
  });
}

describe('a needle that few row groups hold', () => {
  const holders = new Map([[1, 'qzxwvutsky'], [4, 'QZXWvutsky'], [5, 'peer qzxwvutsky closed'], [9, 'qzxwvutsky=7']]);
  const rowGroups = textGroups(new TextLogs(1, 2000), 12, 500_000, holders);
  const groups = rowGroups.map((rows) => openerOf(rows));
  const plain = rowGroups.map((rows) => rows.reduce((sum, { line }) => sum + line.length, 0));

  it.each([
    ['|= "qzxwvutsky"', [1, 5, 9]],
    ['|= "zxwvutsk"', [1, 5, 9]],
    ['|~ "(?i)qzxwvutsky"', [1, 4, 5, 9]],
    ['|~ "qzxwvutsky|QZXWvutsky"', [1, 4, 5, 9]],
    ['|= "peer qzxwvutsky closed"', [5]],
    ['|= "qzxwvutsky=7"', [9]],
    ['|= "no_such_text_anywhere_42"', []],
    ['|= "is no such_text anywhere in it"', []],
  ])('%s reads only those, and filters', (filter, holding) => {
    for (const [group, read] of scanEach(groups, filter).entries()) {
      expect(read.found, `${group}`).toBe(holding.includes(group) ? 1 : 0);
      // Filters do not tell cases apart.
      if (read.found > 0 || group === 4) continue;
      // One filter, which is small.
      expect(read.requests).toBeLessThanOrEqual(1);
      expect(read.bytes).toBeLessThan(plain[group]! / 10);
    }
  });
});

describe('needles cut out of lines', () => {
  it('find what a scan over lines finds', { timeout: 120_000 }, () => {
    const logs = new TextLogs(2, 2000);
    const groups = textGroups(logs, 2, 60_000).map(distinct);
    const { dice } = logs;
    for (let i = 0; i < 250; i++) {
      const line = dice.pick(dice.pick(groups)).line.toString();
      const at = dice.below(line.length);
      const cut = line.slice(at, at + 1 + dice.below(dice.pick([6, 20, 60])));
      // Every other one with something that it does not go on with.
      const needle = JSON.stringify(dice.chance(0.3) ? `${cut}${logs.madeUp(1)}` : cut);
      const filter = dice.pick([`|= ${needle}`, `!= ${needle}`, `|~ "(?i)${needle.slice(1, -1).replaceAll(/[^a-zA-Z0-9 ]/g, '.')}"`]);
      for (const { columns, lines } of bothWays(groups, `{app=~".+"} ${filter}`)) expect(columns, filter).toEqual(lines);
    }
  });
});
