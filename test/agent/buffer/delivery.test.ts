import { describe, expect, it } from 'vitest';
import { BatchPool } from '../../../agent/buffer/batch.ts';
import { Delivery } from '../../../agent/buffer/delivery.ts';
import { DestinationQueue, type BufferWhen } from '../../../agent/buffer/destination-queue.ts';
import { DiskBuffer } from '../../../agent/buffer/disk/disk-buffer.ts';
import { Feed } from '../../../agent/buffer/feed.ts';
import { newLine } from '../../../agent/join/line.ts';
import { LogChain, type KnownFile } from '../../../agent/tail/chain.ts';
import type { LogFile } from '../../../agent/tail/file.ts';
import { ManualClock } from '../../../src/model/mod.ts';
import { randomNumbers } from '../../support/random.ts';
import { temporaryDir } from '../harness.ts';
import { linesOf, stream } from './batches.ts';

const nothing = (): void => undefined;
const random = randomNumbers(5);
const noise = (bytes: number): string => Array.from({ length: bytes }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join('');

/** A container's logs: one file, or a rotated one before it. */
function chainOf(name: string, rotated: boolean): LogChain {
  const known = (path: string): KnownFile => ({ path, device: 1n, inode: 1n, gzip: false, fingerprint: { bytes: 0, hash: '' }, size: 1e9, position: { offsets: [0, 0, 0], format: null, lastTime: null } });
  return new LogChain({ namespace: 'n', pod: name, uid: name }, 'c', name, 1024, (rotated ? ['0.log.1', '0.log'] : ['0.log']).map(known), { opened: nothing, gone: nothing, truncated: nothing, failed: nothing });
}

function make(dir: string, { bytesMax = 1e6, when = 'risk', required = true }: { readonly bytesMax?: number; readonly when?: BufferWhen; readonly required?: boolean } = {}) {
  const clock = new ManualClock(0n);
  const pool = new BatchPool(1000, 2);
  const confirmed = new Map<LogFile, number>();
  const buffer = new DiskBuffer({ dir, bytesMax, segmentBytesMax: 10_000 }, { damaged: nothing, failed: nothing }, clock);
  const queue: DestinationQueue = new DestinationQueue({ bytesMax: 10_000, when, required, stuckMs: 2000 }, pool, buffer, clock, () => delivery.settle(), nothing);
  const feed = new Feed({ name: 'one', required, queue, limits: { bytesMax: 1000, ageMaxMs: 100 } }, pool, clock);
  const delivery: Delivery = new Delivery({
    feeds: [feed], route: () => [0], confirm: ({ file, position }) => confirmed.set(file, position.offsets[0]), confirmed: (file) => confirmed.get(file) ?? 0, labelsGeneration: () => 0, ageMaxMs: 100,
  }, clock);
  const labels = new Map<string, ReturnType<typeof stream>>();
  const line = newLine();
  /** Reads a block of one line, if it may. */
  const read = (chain: LogChain, text: string): boolean => {
    if (!delivery.mayRead(chain)) return false;
    const file = chain.current()!;
    const bytes = Buffer.from(text);
    Object.assign(line, { bytes, start: 0, end: bytes.length, file: file.id });
    if (!labels.has(chain.name)) labels.set(chain.name, stream({ pod: chain.name }));
    delivery.sink(labels.get(chain.name)!, line);
    file.readOffset += bytes.length;
    delivery.touch(chain, file);
    delivery.sealIfDue();
    return true;
  };
  const spill = (...chains: LogChain[]) => queue.spill(() => delivery.anyAtRisk(chains.map((chain) => ({ chain }))), () => Promise.resolve());
  return { clock, queue, delivery, confirmed, read, spill };
}

describe('reading while a destination is stuck', () => {
  it('goes on for logs at risk only, by way of the disk, and in turn with the others when it is delivered', async () => {
    using dir = temporaryDir();
    const { clock, queue, delivery, confirmed, read, spill } = make(dir.path);
    const [loud, calm] = [chainOf('loud', true), chainOf('calm', false)];
    let [loudRead, calmRead] = [0, 0];
    // Until the queue is full, both are read.
    while (read(loud, `loud ${loudRead} ${noise(500)}`)) {
      loudRead++;
      if (read(calm, `calm ${calmRead} ${noise(500)}`)) calmRead++;
    }
    expect(delivery.full).toBe(true);
    const atFirst = loudRead;
    expect([loudRead > 5, calmRead > 5]).toEqual([true, true]);
    await spill(loud, calm);
    // It is not stuck yet.
    expect([queue.unsafe > 0, delivery.mayRead(loud), delivery.mayRead(calm)]).toEqual([true, false, false]);
    clock.advanceMs(3000);
    for (let round = 0; round < 300; round++) {
      if (read(loud, `loud ${loudRead} ${noise(500)}`)) loudRead++;
      expect(read(calm, 'never')).toBe(false);
      await spill(loud, calm);
    }
    expect(loudRead).toBeGreaterThan(300);
    delivery.seal();
    await spill(loud, calm);
    expect(queue.unsafe).toBe(0);
    expect(queue.bytes).toBe(0);
    // What is on disk is dealt with.
    expect(confirmed.get(loud.current()!)).toBe(loud.current()!.readOffset);
    // What was read of the calm one is not behind the loud one's.
    const order: string[] = [];
    for (let item = queue.take(); item !== undefined; item = queue.take()) {
      order.push(...linesOf(queue.load(item)!).map((text) => text.split(' ').slice(0, 2).join(' ')));
      queue.done(item);
    }
    expect(order.filter((text) => text.startsWith('loud')).length).toBe(loudRead);
    expect(order.filter((text) => text.startsWith('calm')).length).toBe(calmRead);
    expect(order.findLastIndex((text) => text.startsWith('calm'))).toBeLessThan(order.length / 4);
    const numbers = order.filter((text) => text.startsWith('loud')).map((text) => Number(text.split(' ')[1])).filter((number) => number >= atFirst);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(delivery.mayRead(calm)).toBe(true);
    expect(queue.isLoud(loud)).toBe(false);
    await queue.buffer?.close();
  });

  it('leaves those at risk that have little their share of the disk', async () => {
    using dir = temporaryDir();
    const { clock, queue, delivery, read, spill } = make(dir.path, { bytesMax: 200_000 });
    const [loud, other] = [chainOf('loud', true), chainOf('other', true)];
    while (read(loud, noise(500)));
    clock.advanceMs(3000);
    for (let round = 0; round < 1000; round++) {
      read(loud, `loud ${noise(900)}`);
      if (round % 100 === 0) read(other, `other ${noise(100)}`);
      await spill(loud, other);
    }
    // The loud one has had its share, and there is room for who has had less.
    expect([delivery.mayRead(loud), delivery.mayRead(other)]).toEqual([false, true]);
    expect(queue.buffer?.open).toBe(true);
    await queue.buffer?.close();
  });

  it('stops for all when the disk may hold no more', async () => {
    using dir = temporaryDir();
    const { clock, delivery, queue, read, spill } = make(dir.path, { bytesMax: 20_000 });
    const loud = chainOf('loud', true);
    while (read(loud, noise(500)));
    clock.advanceMs(3000);
    let reads = 0;
    for (let round = 0; round < 200; round++) {
      if (read(loud, noise(900))) reads++;
      await spill(loud);
    }
    expect(reads).toBeLessThan(60);
    expect(delivery.mayRead(loud)).toBe(false);
    expect(queue.buffer?.bytes).toBeLessThanOrEqual(20_000);
    expect(queue.bytes).toBeLessThan(25_000);
    await queue.buffer?.close();
  });

  it('needs no risk where every batch goes to disk', async () => {
    using dir = temporaryDir();
    const { confirmed, delivery, queue, read, spill } = make(dir.path, { when: 'always' });
    const calm = chainOf('calm', false);
    for (let i = 0; i < 50; i++) {
      expect(read(calm, noise(500))).toBe(true);
      await spill(calm);
    }
    delivery.seal();
    await spill(calm);
    expect(queue.unsafe).toBe(0);
    expect(confirmed.get(calm.current()!)).toBe(calm.current()!.readOffset);
    await queue.buffer?.close();
  });
});
