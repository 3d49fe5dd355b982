import { describe, expect, it } from 'vitest';
import { Cuts, type CutPosition } from '../../../agent/buffer/cuts.ts';
import { LogChain, type KnownFile } from '../../../agent/tail/chain.ts';
import type { LogFile } from '../../../agent/tail/file.ts';
import { randomNumbers } from '../../support/random.ts';

const nothing = (): void => undefined;

/** A chain with one file whose position is where it was read to. */
function chainOf(name: string): { readonly chain: LogChain; readonly file: LogFile; read(to: number): void } {
  const known: KnownFile = {
    path: name, device: 1n, inode: 1n, gzip: false, fingerprint: { bytes: 0, hash: '' }, size: 0, position: { offsets: [0, 0, 0], format: null, lastTime: null },
  };
  const chain = new LogChain({ namespace: 'n', pod: name, uid: name }, 'c', name, 1024, [known], { opened: nothing, gone: nothing, truncated: nothing, failed: nothing });
  const file = chain.files[0]!;
  return { chain, file, read: (to) => (file.readOffset = to) };
}

describe('cuts', () => {
  it('hold a position until every destination that lines of its chain went to has reached the cut', () => {
    const confirmed: string[] = [];
    const cuts = new Cuts(({ chain, position }: CutPosition) => confirmed.push(`${chain} ${position.offsets[0]}`));
    const [a, b] = [chainOf('a'), chainOf('b')];
    const destinations = (chain: LogChain): number => (chain === a.chain ? 0b01 : 0b10);
    const cut = (): void => cuts.cut(destinations, () => new Set());
    a.read(10);
    cuts.touch(a.chain, a.file);
    b.read(20);
    cuts.touch(b.chain, b.file);
    cut();
    a.read(11);
    cuts.touch(a.chain, a.file);
    cut();
    cut();
    expect(cuts.last).toBe(2);
    cuts.settle([0, 0]);
    expect(confirmed).toEqual([]);
    cuts.settle([1, 0]);
    expect(confirmed).toEqual(['a 10']);
    cuts.settle([Infinity, 0]);
    expect(confirmed).toEqual(['a 10', 'a 11']);
    cuts.settle([Infinity, 1]);
    expect(confirmed).toEqual(['a 10', 'a 11', 'b 20']);
    expect(cuts.pending).toBe(0);
  });

  it('are joined when many wait, and never confirm what is not dealt with', () => {
    const random = randomNumbers(4);
    const [a, b] = [chainOf('a'), chainOf('b')];
    const held = new Map<LogFile, number>();
    const cuts = new Cuts(({ file, position }) => held.set(file, position.offsets[0]));
    // One line after another goes to destination 0 or 1; batches of destinations are numbers of lines.
    const batches: { firstCut: number; firstLine: number }[][] = [[], []];
    const sent = [0, 0];
    let line = 0;
    for (let step = 0; step < 20_000; step++) {
      const destination = random() < 0.9 ? 0 : 1;
      const source = destination === 0 ? a : b;
      if (random() < 0.3 || batches[destination]!.length === 0) batches[destination]!.push({ firstCut: cuts.last, firstLine: line });
      source.read(++line);
      cuts.touch(source.chain, source.file);
      if (random() < 0.2) cuts.cut((chain) => (chain === a.chain ? 0b01 : 0b10), () => new Set(batches.flat().map(({ firstCut }) => firstCut)));
      // Destination 1 is slow.
      const ready = random() < 0.5 ? 0 : random() < 0.02 ? 1 : -1;
      if (ready >= 0 && batches[ready]!.length > 0) {
        batches[ready]!.shift();
        sent[ready] = batches[ready]![0]?.firstLine ?? line;
      }
      cuts.settle(batches.map((open) => Math.min(Infinity, ...open.map(({ firstCut }) => firstCut))));
      expect(held.get(a.file) ?? 0).toBeLessThanOrEqual(sent[0] as number);
      expect(held.get(b.file) ?? 0).toBeLessThanOrEqual(sent[1] as number);
      expect(cuts.pending).toBeLessThan(400);
    }
    batches[0]!.length = 0;
    batches[1]!.length = 0;
    cuts.cut(() => 0b11, () => new Set());
    cuts.settle([Infinity, Infinity]);
    expect(cuts.pending).toBe(0);
    expect(Math.max(held.get(a.file) ?? 0, held.get(b.file) ?? 0)).toBe(line);
  });
});
