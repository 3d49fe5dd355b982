import path from 'node:path';
import { IndexReader, openCatalogue } from '../../src/index/mod.ts';
import { defaultIngesterSettings, Ingester, seal, type IngesterSettings, type SealPool } from '../../src/ingester/mod.ts';
import { encodeRecord, openDiskJournal, recordId, type Journal } from '../../src/journal/mod.ts';
import { Engine } from '../../src/logql/mod.ts';
import { systemClock } from '../../src/model/mod.ts';
import { LocalReader, openDirectoryStore, type ObjectStore } from '../../src/objects/mod.ts';
import { Querier, ScanSessions, SegmentCache, type ScanPool, type SegmentIo } from '../../src/querier/mod.ts';
import { entryBatch, type PlainEntry } from './batches.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Partitions of a stack. */
export const partitions = 2;
/** The tenant of everything in a stack. */
export const tenant = 't';

/** Scan sessions in this thread; others get a turn between two calls, as with threads. */
function inlinePool(directory: string): ScanPool {
  const reader = new LocalReader(directory);
  const io: SegmentIo = { read: (key, ranges) => ranges.map(({ offset, length }) => reader.read(key, offset, length)) };
  const lanes = [new ScanSessions(new SegmentCache(io, 10_000)), new ScanSessions(new SegmentCache(io, 10_000))];
  const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
  return {
    lanes: lanes.length,
    add: async (lane, scan, task, loaded) => {
      await turn();
      return lanes[lane]!.add(scan, task, loaded);
    },
    finish: async (lane, scan) => {
      await turn();
      return lanes[lane]!.finish(scan);
    },
  };
}

/** How a stack stores rows; what is left out is plain and small. */
export interface StackOptions {
  readonly settings?: Partial<IngesterSettings>;
  readonly seal?: SealPool['seal'];
}

/** Journal, objects, ingester and querier as one process has them, without threads; heads and segments are so small that everything spreads over several. */
export class Stack {
  readonly engine: Engine;
  readonly querier: Querier;
  readonly ingester: Ingester;
  readonly #journal: Journal;
  readonly #store: ObjectStore;

  private constructor(journal: Journal, store: ObjectStore, directory: string, ingester: Ingester) {
    this.#journal = journal;
    this.#store = store;
    this.ingester = ingester;
    this.querier = new Querier({ snapshots: ingester, index: new IndexReader({ store }), pool: inlinePool(directory), scanBytesMax: 2000 });
    this.engine = new Engine(this.querier);
  }

  static async open(directory: string, options: StackOptions = {}): Promise<Stack> {
    const store = await openDirectoryStore({ directory: path.join(directory, 'objects') });
    const journal = await openDiskJournal({ directory: path.join(directory, 'journal'), partitions, clock: systemClock, fileBytesMax: 4096 });
    const ingester = await Ingester.start({
      partitions,
      owner: 'test',
      journal,
      store,
      catalogue: await openCatalogue({ store, partitions }),
      pool: { seal: options.seal ?? (async (task) => seal(task)) },
      settings: { ...defaultIngesterSettings, blockRows: 8, blockBytes: 512, segmentBytesMax: 600, retryMinMs: 1, retryMaxMs: 5, ...options.settings },
      clock: systemClock,
      log: quiet,
    });
    while (!(await ingester.caughtUp())) await new Promise((resolve) => { setTimeout(resolve, 1); });
    return new Stack(journal, store, path.join(directory, 'objects'), ingester);
  }

  /** Gives the position of the record. */
  async append(partition: number, entries: readonly PlainEntry[]): Promise<bigint> {
    const data = encodeRecord(entryBatch(tenant, entries));
    const { position } = await this.#journal.append(partition, data, recordId(data));
    await this.ingester.applied(partition, position);
    return position;
  }

  async close(): Promise<void> {
    await this.ingester.close();
    await this.#journal.close();
    await this.#store.close();
  }
}
