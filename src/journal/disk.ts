import { reasonOf, SpoorError, type Clock } from '../model/mod.ts';
import { nodeFiles, type JournalFiles } from './files.ts';
import { logFilePattern } from './log-file.ts';
import { Partition } from './partition.ts';
import type { Appended, Journal, JournalBounds, JournalRecord, Lease, Position } from './port.ts';
import { Space } from './space.ts';

/** Settings of the disk journal; {@link diskJournalDefaults} has the defaults. */
export interface DiskJournalOptions {
  /** Made if it is not there. One process at a time may have it open; the caller sees to that. */
  readonly directory: string;
  /** Partitions 0 … partitions - 1. May grow from one start to the next; fewer than there are on disk is `bad_config`. */
  readonly partitions: number;
  readonly clock: Clock;
  /** How long an append waits for others before they are written together; appends that arrive during an fsync share the next in any case. */
  readonly fsyncIntervalMs?: number;
  /** A file that would grow over this is followed by a new one; one larger record stands alone in its file. */
  readonly fileBytesMax?: number;
  /** Bytes of all partitions above which appends are refused with `journal_full`. */
  readonly bytesMax?: number;
  /** For how long, and for how many appends of a partition, a repeated id is recognised. */
  readonly duplicateWindowMs?: number;
  readonly duplicateIdsMax?: number;
  /** Bytes of appends of one partition that may wait for the disk; more are refused with `journal_write`, so that a disk that hangs fills no memory. */
  readonly queueBytesMax?: number;
  /** Bytes of recent records that each partition keeps in memory while it has readers. */
  readonly tailBytesMax?: number;
  readonly fs?: JournalFiles;
}

export const diskJournalDefaults = {
  fsyncIntervalMs: 0,
  fileBytesMax: 64 * 2 ** 20,
  bytesMax: 10 * 2 ** 30,
  duplicateWindowMs: 3_600_000,
  duplicateIdsMax: 100_000,
  queueBytesMax: 256 * 2 ** 20,
  tailBytesMax: 16 * 2 ** 20,
} as const;

/**
 * Opens the journal in a directory, checking all of it. Throws `corruption` with file and offset for damage that a crash does not explain, `bad_config` where the
 * directory has more partitions than asked for, `journal_write` where the disk refuses.
 */
export async function openDiskJournal(options: DiskJournalOptions): Promise<DiskJournal> {
  try {
    return new DiskJournal(await openPartitions(options));
  } catch (error) {
    throw error instanceof SpoorError ? error : new SpoorError('journal_write', { reason: reasonOf(error) }, { cause: error });
  }
}

async function openPartitions(options: DiskJournalOptions): Promise<Partition[]> {
  const settings = { ...diskJournalDefaults, ...options };
  const files = options.fs ?? nodeFiles;
  await files.makeDirectory(options.directory);
  for (const name of await files.list(options.directory)) {
    const partition = /^partition-(\d+)$/.exec(name)?.[1];
    if (partition === undefined || Number(partition) < options.partitions) continue;
    if ((await files.list(`${options.directory}/${name}`)).some((file) => logFilePattern.test(file))) {
      throw new SpoorError('bad_config', { where: 'journal partitions', reason: `${options.directory}/${name} exists, and only ${options.partitions} partitions are configured` });
    }
  }
  const space = new Space(settings.bytesMax);
  const opening = Array.from({ length: options.partitions }, (_, partition) =>
    Partition.open({ ...settings, files, space, partition, directory: `${options.directory}/partition-${partition}` }),
  );
  const opened = await Promise.allSettled(opening);
  const partitions = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const result of opened) {
    if (result.status === 'fulfilled') continue;
    await Promise.allSettled(partitions.map((partition) => partition.close()));
    throw result.reason;
  }
  return partitions;
}

/** The journal on local disk: a directory of partitions, each a chain of files (docs/formats/journal.md). */
export class DiskJournal implements Journal {
  readonly #partitions: readonly Partition[];
  #closing: Promise<void> | undefined;

  constructor(partitions: readonly Partition[]) {
    this.#partitions = partitions;
  }

  #partition(partition: number): Partition {
    const found = this.#partitions[partition];
    if (found === undefined) throw new SpoorError('internal', { reason: `the journal has no partition ${partition}` });
    return found;
  }

  async append(partition: number, data: Uint8Array, id: string, released?: () => void): Promise<Appended> {
    return this.#partition(partition).append(data, id, released);
  }

  read(partition: number, from: Position, signal: AbortSignal): AsyncIterable<JournalRecord> {
    return this.#partition(partition).read(from, signal);
  }

  async acquire(partition: number, owner: string): Promise<Lease | null> {
    return this.#partition(partition).acquire(owner);
  }

  async trim(partition: number, upTo: Position): Promise<void> {
    return this.#partition(partition).trim(upTo);
  }

  async bounds(partition: number): Promise<JournalBounds> {
    return this.#partition(partition).bounds();
  }

  /** Writes what was accepted, ends readers, and lets later calls fail with `journal_closed`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const results = await Promise.allSettled(this.#partitions.map((partition) => partition.close()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}
