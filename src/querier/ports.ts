import type { ByteRange } from '../chunks/mod.ts';
import type { Generation, ReadSnapshot } from '../ingester/mod.ts';
import type { Batch, Partial, ScanTask } from '../logql/mod.ts';
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
  /** The bytes of the ranges, fewer only where the object ends. Throws what the object store throws. */
  read(key: string, ranges: readonly ByteRange[]): readonly Uint8Array[];
}
