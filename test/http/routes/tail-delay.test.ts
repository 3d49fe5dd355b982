import { describe, expect, test } from 'vitest';
import { TailDelay } from '../../../src/http/routes/tail-delay.ts';
import type { TailRows } from '../../../src/http/routes/tail-sender.ts';
import { labelSet } from '../../../src/model/mod.ts';

function rows(app: string, ...times: readonly number[]): TailRows {
  return {
    labels: [{ stream: labelSet([['unused', app]]), structuredMetadata: [], parsed: [] }, { stream: labelSet([['app', app]]), structuredMetadata: [], parsed: [] }],
    rows: times.map((time, index) => ({ timeNs: BigInt(time), position: 0, index, partition: 0, labels: 1, line: Buffer.from(`${app}${time}`) })),
  };
}

function lines(due: TailRows | null): string[] {
  return (due?.rows ?? []).map(({ line, labels }) => `${Buffer.from(line).toString()} ${due?.labels[labels]?.stream[0]?.value}`);
}

describe('TailDelay', () => {
  test('gives rows out once their time is so long ago, in the order of their times', () => {
    const delay = new TailDelay(10n);
    delay.add(rows('a', 1, 4, 8));
    delay.add(rows('b', 2, 4, 9));
    expect(delay.due(10n)).toBe(null);
    expect(lines(delay.due(12n))).toEqual(['a1 a', 'b2 b']);
    delay.add(rows('c', 3));
    expect(lines(delay.due(18n))).toEqual(['c3 c', 'a4 a', 'b4 b', 'a8 a']);
    expect(lines(delay.due(100n))).toEqual(['b9 b']);
    expect(delay.due(100n)).toBe(null);
  });

  test('gives the oldest out early where they are too many', () => {
    const delay = new TailDelay(1_000_000n, 1000);
    delay.add(rows('a', 1, 2, 3, 4, 5, 6, 7));
    expect(lines(delay.due(8n))).toEqual(['a1 a', 'a2 a', 'a3 a']);
    expect(delay.due(8n)).toBe(null);
  });
});
