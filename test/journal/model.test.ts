import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDiskJournal, type DiskJournal, type Lease } from '../../src/journal/mod.ts';
import { isSpoorError, ManualClock } from '../../src/model/mod.ts';
import { readCount } from '../contract/journal.ts';
import { ForgetfulDisk, randomFrom } from './forgetful-files.ts';

type Step =
  /** Appends `count` records of `size` bytes at once, and waits for `waitFor` of them. */
  | { readonly kind: 'append'; readonly count: number; readonly size: number; readonly partition: number; readonly waits: boolean }
  /** Repeats an earlier append, acknowledged or not. */
  | { readonly kind: 'repeat'; readonly which: number }
  | { readonly kind: 'commit'; readonly partition: number; readonly part: number }
  | { readonly kind: 'trim'; readonly partition: number; readonly part: number; readonly waits: boolean }
  /** Power loss after this many turns of the event loop. */
  | { readonly kind: 'crash'; readonly turns: number }
  /** The process is killed after this many turns; the machine goes on. */
  | { readonly kind: 'kill'; readonly turns: number }
  | { readonly kind: 'reopen' }
  /** The disk fails this many changes from then on. */
  | { readonly kind: 'fail'; readonly after: number; readonly times: number }
  | { readonly kind: 'read'; readonly partition: number; readonly part: number };

const partition = fc.nat({ max: 1 });
const part = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 5 }), size: fc.integer({ min: 0, max: 300 }), partition, waits: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('commit' as const), partition, part }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('trim' as const), partition, part, waits: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), turns: fc.nat({ max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), turns: fc.nat({ max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), after: fc.nat({ max: 6 }), times: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const), partition, part }) },
);

interface Sent {
  readonly id: string;
  readonly partition: number;
  readonly data: Buffer;
  /** Set once an append of it was acknowledged. */
  position?: bigint;
}

/** The journal beside what it must hold. */
class Model {
  readonly #disk: ForgetfulDisk;
  readonly #sent: Sent[] = [];
  readonly #acknowledged: Map<bigint, Sent>[] = [new Map(), new Map()];
  readonly #committed = [0n, 0n];
  readonly #epochs = [0n, 0n];
  readonly #trimmed = [0n, 0n];
  readonly #clock = new ManualClock(1_700_000_000_000_000_000n);
  #running: Promise<unknown>[] = [];
  #leases: (Lease | null)[] = [null, null];
  #journal!: DiskJournal;
  #failing = { after: Infinity, times: 0 };

  constructor(seed: number) {
    this.#disk = new ForgetfulDisk(randomFrom(seed));
    this.#disk.beforeChange = (operation) => {
      if (this.#failing.after-- > 0 || this.#failing.times-- <= 0) return;
      throw new Error(`EIO: ${operation}`);
    };
  }

  async open(): Promise<void> {
    this.#failing = { after: Infinity, times: 0 };
    this.#journal = await openDiskJournal({ directory: '/journal', partitions: 2, fileBytesMax: 700, tailBytesMax: 500, clock: this.#clock, fs: this.#disk.mount() });
    for (const partition of [0, 1]) {
      const lease = await this.#journal.acquire(partition, 'model');
      expect(lease!.epoch).toBeGreaterThan(this.#epochs[partition]!);
      this.#epochs[partition] = lease!.epoch;
      expect(lease!.committed).toBeGreaterThanOrEqual(this.#committed[partition]!);
      this.#committed[partition] = lease!.committed;
      this.#leases[partition] = lease;
    }
  }

  async step(step: Step): Promise<void> {
    this.#clock.advanceMs(1);
    switch (step.kind) {
      case 'append': {
        const appends = Array.from({ length: step.count }, () => {
          const id = `id ${this.#sent.length}`;
          const sent: Sent = { id, partition: step.partition, data: Buffer.alloc(8 + step.size, id.padEnd(8)) };
          this.#sent.push(sent);
          return this.#append(sent);
        });
        await this.#wait(Promise.all(appends), step.waits);
        break;
      }
      case 'repeat': {
        const sent = this.#sent[step.which % this.#sent.length];
        if (sent !== undefined) await this.#wait(this.#append(sent), true);
        break;
      }
      case 'commit': {
        const { next } = await this.#journal.bounds(step.partition);
        const position = portion(next - 1n, step.part);
        try {
          await this.#leases[step.partition]!.commit(position);
          if (position > this.#committed[step.partition]!) this.#committed[step.partition] = position;
        } catch (error) {
          if (!isSpoorError(error, 'journal_write')) throw error;
        }
        break;
      }
      case 'trim': {
        const { next } = await this.#journal.bounds(step.partition);
        const upTo = portion(next - 1n, step.part);
        if (upTo > this.#trimmed[step.partition]!) this.#trimmed[step.partition] = upTo;
        await this.#wait(this.#journal.trim(step.partition, upTo).catch(onlyDisk), step.waits);
        break;
      }
      case 'crash':
      case 'kill':
        for (let i = 0; i < step.turns; i++) await turn();
        if (step.kind === 'crash') this.#disk.crash();
        else this.#disk.kill();
        await Promise.all(this.#running);
        await this.open();
        await this.check();
        break;
      case 'reopen':
        this.#failing = { after: Infinity, times: 0 };
        await this.#journal.close();
        await Promise.all(this.#running);
        await this.open();
        await this.check();
        break;
      case 'fail':
        this.#failing = { after: step.after, times: step.times };
        break;
      case 'read':
        await this.#checkPartition(step.partition, step.part);
        break;
    }
  }

  async #append(sent: Sent): Promise<void> {
    try {
      const { position, duplicate } = await this.#journal.append(sent.partition, sent.data, sent.id);
      if (sent.position !== undefined) expect({ id: sent.id, position, duplicate }).toEqual({ id: sent.id, position: sent.position, duplicate: true });
      const other = this.#acknowledged[sent.partition]!.get(position);
      if (other !== undefined) expect(other.id).toBe(sent.id);
      sent.position = position;
      this.#acknowledged[sent.partition]!.set(position, sent);
    } catch (error) {
      if (!isSpoorError(error, 'journal_write') && !isSpoorError(error, 'journal_closed')) throw error;
    }
  }

  async #wait(work: Promise<unknown>, waits: boolean): Promise<void> {
    if (waits) await work;
    else this.#running.push(work);
  }

  /** Every acknowledged record is there, once, at its position; positions are dense; whatever else is there was sent, and stands there once. */
  async check(): Promise<void> {
    for (const partition of [0, 1]) await this.#checkPartition(partition, 0);
  }

  async #checkPartition(partition: number, part: number): Promise<void> {
    const { first, next } = await this.#journal.bounds(partition);
    expect(first).toBeLessThanOrEqual(this.#trimmed[partition]! + 1n);
    for (const position of this.#acknowledged[partition]!.keys()) expect(position).toBeLessThan(next);
    const from = first + portion(next - first, part);
    const seen = new Set<string>();
    let expected = from;
    for (const { position, data } of await readCount(this.#journal, partition, from, Number(next - from))) {
      expect(position).toBe(expected++);
      const id = Buffer.from(data).subarray(0, 8).toString().trim();
      const sent = this.#sent.find((sent) => sent.id === id && sent.partition === partition);
      expect(sent, `record ${position} was never sent`).toBeDefined();
      expect(Buffer.from(data).equals(sent!.data)).toBe(true);
      expect(seen.has(sent!.id)).toBe(false);
      seen.add(sent!.id);
      // What a reader has seen is durable, acknowledged or not: from now on it must stay where it is.
      expect(sent!.position ?? position).toBe(position);
      sent!.position = position;
      this.#acknowledged[partition]!.set(position, sent!);
    }
    expect(expected).toBe(next);
  }

  async finish(): Promise<void> {
    this.#failing = { after: Infinity, times: 0 };
    await Promise.all(this.#running);
    await this.check();
    // A client that repeats everything makes no second copy of anything.
    for (const sent of this.#sent) await this.#append(sent);
    await this.check();
    await this.#journal.close();
  }
}

function portion(of: bigint, part: number): bigint {
  return BigInt(Math.floor(Number(of) * part));
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function onlyDisk(error: unknown): void {
  if (!isSpoorError(error, 'journal_write') && !isSpoorError(error, 'journal_closed')) throw error;
}

describe('the disk journal beside a model, on a disk that forgets and fails', () => {
  const runs = 400;
  test(`keeps every acknowledged record, once, in order (${runs} runs)`, { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 3, maxLength: 40, size: 'max' }), async (seed, steps) => {
        const model = new Model(seed);
        await model.open();
        for (const step of steps) await model.step(step);
        await model.finish();
      }),
      { numRuns: runs },
    );
  });
});
