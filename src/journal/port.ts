/** Where a record stands in its partition: dense from 1, never reused. */
export type Position = bigint;

/** A record as it is read back. */
export interface JournalRecord {
  readonly position: Position;
  /** Valid until the next record is asked for: its memory may be used again. */
  readonly data: Uint8Array;
}

/** Answer to an append. */
export interface Appended {
  readonly position: Position;
  /** True where `id` was seen before within the duplicate window: `position` is the first one's and nothing was written. */
  readonly duplicate: boolean;
}

/**
 * The write-ahead log. Partitions are independent. Failures are SpoorError: `journal_full`, `journal_write`, `journal_closed` (retryable)
 * and `corruption` with file and offset.
 */
export interface Journal {
  /**
   * Resolves when the record is durable; `id` makes a retry harmless. `data` is kept, not copied: it must not change, ever, or until `released` was called. That happens at
   * most once (not where the append is refused at once), when neither the journal nor one of its readers looks at it any more.
   */
  append(partition: number, data: Uint8Array, id: string, released?: () => void): Promise<Appended>;
  /** Replays from `from`, then tails until `signal` aborts (it then ends without an error). A gap is damage, never skipped. Only durable records are read. */
  read(partition: number, from: Position, signal: AbortSignal): AsyncIterable<JournalRecord>;
  /** Takes the right to flush and commit a partition; null where another owner holds it. */
  acquire(partition: number, owner: string): Promise<Lease | null>;
  /** Frees everything up to and with `upTo`. */
  trim(partition: number, upTo: Position): Promise<void>;
  bounds(partition: number): Promise<JournalBounds>;
  close(): Promise<void>;
}

export interface JournalBounds {
  /** First position that can still be read. */
  readonly first: Position;
  /** Position that the next record gets. */
  readonly next: Position;
  readonly bytes: number;
}

/** The right to commit; commit sits here, so that an owner who lost the lease cannot commit. */
export interface Lease {
  /** Grows with each owner. */
  readonly epoch: bigint;
  /** Everything up to here is in object storage, as far as the journal knows. */
  readonly committed: Position;
  readonly lost: AbortSignal;
  /** Records durably that everything up to `position` is in object storage. Throws `lease_lost` where another owner took over. */
  commit(position: Position): Promise<void>;
  release(): Promise<void>;
}
