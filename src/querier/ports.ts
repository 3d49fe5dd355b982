import type { ByteRange } from '../chunks/mod.ts';
import type { Generation, ReadSnapshot } from '../ingester/mod.ts';
import type { Batch, Partial, ScanTask } from '../logql/mod.ts';
import type { ReadCounts } from '../objects/mod.ts';
import type { LoadedUnit, UnitDone } from './scan-session.ts';

/** Worker threads that run ScanSessions. A scan's units go to lanes; a lane is always the same thread, and works in order of arrival. */
export interface ScanPool {
  readonly lanes: number;
  add(lane: number, scan: number, task: ScanTask | null, loaded: LoadedUnit): Promise<UnitDone>;
  finish(lane: number, scan: number): Promise<Batch | Partial | null>;
}

/** Where snapshots of heads and catalogue come from. */
export interface SnapshotSource {
  snapshot(): ReadSnapshot;
  /** Calls `listener` whenever new rows are queryable, with the generation that got them, until the function returned is called. */
  onApplied(listener: (generation: Generation) => void): () => void;
}

/** Reads segments there and then; for threads that have nothing else to do meanwhile. */
export interface SegmentIo {
  /** The bytes of the ranges, fewer only where the object ends. Throws what the object store throws, or `query_cancelled` once `isStopped`. */
  read(key: string, ranges: readonly ByteRange[], isStopped?: () => boolean): readonly Uint8Array[];
  /** What reads took so far. */
  readonly reads?: Readonly<ReadCounts>;
  /** Unwanted bytes that are read along rather than reading twice (segmentLimits.rangeGapBytesMax). */
  readonly gapBytesMax?: number;
  /** Where reading takes long: whether to ask for several things at once that may be wanted one after the other. */
  readonly isRemote?: boolean;
  /** The same bytes where they are near, else undefined. */
  readNear?(key: string, range: ByteRange): Uint8Array | undefined;
  /** Begins to bring ranges near, without waiting. */
  bringNear?(key: string, ranges: readonly ByteRange[]): void;
  /** What was read of an object is damaged, and may be so only here. */
  forget?(key: string): void;
}
