import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCatalogue, type Manifest, decodeManifest } from '../../src/index/mod.ts';
import { defaultIngesterSettings, Ingester, seal, type FlushHook, type FlushStep, type IngesterSettings } from '../../src/ingester/mod.ts';
import { encodeRecord, openDiskJournal, recordId, type Journal } from '../../src/journal/mod.ts';
import { systemClock } from '../../src/model/mod.ts';
import { openDirectoryStore, type ObjectStore } from '../../src/objects/mod.ts';
import { entryBatch, type PlainEntry } from '../support/batches.ts';
import { rowsOfHeads, rowsOfSegments } from '../support/rows.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const never = new AbortController().signal;

/** Journal, objects and ingester over one directory, as one process has them. */
class Stack {
  readonly journal: Journal;
  readonly store: ObjectStore;
  readonly ingester: Ingester;

  private constructor(journal: Journal, store: ObjectStore, ingester: Ingester) {
    this.journal = journal;
    this.store = store;
    this.ingester = ingester;
  }

  static async open(directory: string, settings: Partial<IngesterSettings> = {}, hook: FlushHook = () => undefined, partitions = 1): Promise<Stack> {
    const store = await openDirectoryStore({ directory: path.join(directory, 'objects') });
    const journal = await openDiskJournal({ directory: path.join(directory, 'journal'), partitions, clock: systemClock, fileBytesMax: 4096 });
    const ingester = await Ingester.start({
      partitions,
      owner: 'test',
      journal,
      store,
      catalogue: await openCatalogue({ store, partitions }),
      pool: { seal: async (task) => seal(task) },
      settings: { ...defaultIngesterSettings, blockRows: 64, blockBytes: 8192, retryMinMs: 1, retryMaxMs: 5, ...settings },
      clock: systemClock,
      log: quiet,
      hook,
    });
    while (!(await ingester.caughtUp())) await new Promise((resolve) => setTimeout(resolve, 2));
    return new Stack(journal, store, ingester);
  }

  async push(tenant: string, entries: readonly PlainEntry[], partition = 0): Promise<void> {
    const data = encodeRecord(entryBatch(tenant, entries));
    const { position } = await this.journal.append(partition, data, recordId(data));
    await this.ingester.applied(partition, position);
  }

  async manifests(): Promise<Manifest[]> {
    const found: Manifest[] = [];
    for await (const { key, size } of this.store.list('manifests/')) found.push(decodeManifest(await this.store.getRange(key, 0, size, never), key));
    return found;
  }

  /** Everything that a query could see, sorted. */
  async rows(): Promise<string[]> {
    const snapshot = this.ingester.snapshot();
    const stored = await Promise.all((await this.manifests()).map((manifest) => rowsOfSegments(this.store, manifest)));
    const rows = [...rowsOfHeads(snapshot.heads), ...stored.flat()];
    snapshot.release();
    return rows.sort();
  }

  async close(): Promise<void> {
    await this.ingester.close();
    await this.journal.close();
    await this.store.close();
  }
}

function numbered(from: number, count: number, labels: Readonly<Record<string, string>> = { app: 'a' }): PlainEntry[] {
  return Array.from({ length: count }, (_, i) => ({ labels, timeNs: 1_768_435_200_000_000_000n + BigInt(from + i), line: `line ${from + i}`, metadata: { n: String(from + i) } }));
}

describe('Ingester', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'spoor-ingester-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('makes pushed rows visible at once, and keeps them over flushes and restarts', async () => {
    let stack = await Stack.open(directory);
    await stack.push('t', numbered(0, 200));
    await stack.push('u', numbered(0, 50, { app: 'b', z: 'z' }));
    const before = await stack.rows();
    expect(before).toHaveLength(250);
    await stack.ingester.flush();
    expect(stack.ingester.snapshot().heads).toHaveLength(0);
    expect(await stack.rows()).toEqual(before);
    await stack.push('t', numbered(200, 10));
    const after = await stack.rows();
    expect(after).toHaveLength(260);
    await stack.close();
    stack = await Stack.open(directory);
    expect(await stack.rows()).toEqual(after);
    expect((await stack.journal.bounds(0)).first).toBeGreaterThan(1n);
    await stack.close();
  });

  it('drops equal rows when it flushes, in any order of times, over days and before 1970', async () => {
    const stack = await Stack.open(directory);
    const times = [5n, -1n, 86_400_000_000_000n * 3n, 5n, -86_400_000_000_000n * 400n - 7n, 0n];
    await stack.push('t', times.map((timeNs) => ({ labels: { app: 'a' }, timeNs, line: `at ${timeNs}` })));
    await stack.push('t', [{ labels: { app: 'a' }, timeNs: 5n, line: 'at 5' }, { labels: { app: 'a' }, timeNs: 5n, line: 'at 5', metadata: { other: 'metadata' } }]);
    await stack.ingester.flush();
    const rows = await stack.rows();
    expect(rows).toHaveLength(6);
    expect(new Set(rows).size).toBe(6);
    const [manifest] = await stack.manifests();
    expect(manifest?.indexes.map(({ day }) => day).sort((a, b) => a - b)).toEqual([-401, -1, 0, 3]);
    await stack.close();
  });

  const steps: readonly FlushStep[] = ['cut', 'sealed', 'segment_put', 'index_put', 'manifest_put', 'committed', 'trimmed'];
  it.each(steps)('neither loses nor doubles rows when a flush ends after %s', async (failing) => {
    const stack = await Stack.open(directory, {}, (step) => {
      if (step === failing) throw new Error(`stopped after ${failing}`);
    });
    await stack.push('t', numbered(0, 150));
    const wanted = await stack.rows();
    await expect(stack.ingester.flush()).rejects.toThrow(failing);
    await stack.close();
    const again = await Stack.open(directory);
    expect(await again.rows()).toEqual(wanted);
    await again.push('t', numbered(150, 20));
    await again.ingester.flush();
    const rows = await again.rows();
    expect(rows).toHaveLength(170);
    expect(new Set(rows).size).toBe(170);
    await again.close();
  });

  it('keeps a generation readable for those who hold a snapshot', async () => {
    const stack = await Stack.open(directory);
    await stack.push('t', numbered(0, 100));
    const snapshot = stack.ingester.snapshot();
    const before = rowsOfHeads(snapshot.heads);
    await stack.ingester.flush();
    await stack.push('t', numbered(100, 100));
    expect(rowsOfHeads(snapshot.heads)).toEqual(before);
    expect(snapshot.catalogue.positions.get(0) ?? 0n).toBe(0n);
    snapshot.release();
    expect(stack.ingester.count('t')).toBe(1);
    await stack.close();
  });

  it('flushes by itself when a head is full, and refuses pushes above the ceiling', async () => {
    const stack = await Stack.open(directory, { flushBytes: 4000 });
    for (let i = 0; i < 20; i++) await stack.push('t', numbered(i * 50, 50));
    await stack.ingester.flush();
    expect((await stack.manifests()).length).toBeGreaterThan(1);
    expect(await stack.rows()).toHaveLength(1000);
    await stack.close();
    await rm(directory, { recursive: true });
    const small = await Stack.open(directory, { headBytesMax: 1 });
    small.ingester.check();
    await small.push('t', numbered(0, 1));
    expect(() => small.ingester.check()).toThrow('ingester.head_bytes_max');
    await small.ingester.flush();
    small.ingester.check();
    await small.close();
  });

  it('keeps partitions apart', async () => {
    const stack = await Stack.open(directory, {}, undefined, 3);
    for (let partition = 0; partition < 3; partition++) await stack.push('t', numbered(partition * 10, 10, { app: String(partition) }), partition);
    await stack.ingester.flush();
    expect((await stack.manifests()).map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(await stack.rows()).toHaveLength(30);
    await stack.close();
  });

  it('refuses an object store that lacks what was committed', async () => {
    const stack = await Stack.open(directory);
    await stack.push('t', numbered(0, 5));
    await stack.ingester.flush();
    await stack.close();
    await rm(path.join(directory, 'objects'), { recursive: true });
    await expect(Stack.open(directory)).rejects.toThrow('is this the right object store');
  });
});
