import type { ChunkRef } from '../index/mod.ts';
import type { StreamExtent } from '../ingester/mod.ts';
import { dayStartNs } from '../model/mod.ts';

/** A stretch of rows of one stream: a chunk of a segment, or what a block of a head holds. Times are milliseconds since the epoch, as Loki counts here. */
export interface Extent {
  /** Time of the first row, rounded down, and of the last one, rounded up. */
  readonly min: number;
  readonly max: number;
  readonly rows: number;
  /** Of lines, and of metadata as statistics count them. */
  readonly bytes: number;
}

const msNs = 1e6;

/** Milliseconds of a time, rounded down. */
export function floorMs(timeNs: bigint): number {
  return Number((timeNs - (((timeNs % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n);
}

/** Milliseconds of a time, rounded up. */
export function ceilMs(timeNs: bigint): number {
  return -floorMs(-timeNs);
}

/** The extent of a chunk whose times count from `dayNs`, the beginning of a day. */
export function chunkExtent({ minOffset, maxOffset, rows, bytes }: ChunkRef, dayNs: bigint): Extent {
  const day = floorMs(dayNs);
  return { min: day + Math.floor(minOffset / msNs), max: day + Math.ceil(maxOffset / msNs), rows, bytes };
}

/** The extent of a stream in a block of a head, as it is now. */
export function headExtent({ minDay, minTime, maxDay, maxTime, rows, bytes }: StreamExtent): Extent {
  return { min: floorMs(dayStartNs(minDay)) + Math.floor(minTime / msNs), max: floorMs(dayStartNs(maxDay)) + Math.ceil(maxTime / msNs), rows, bytes };
}

/**
 * The part of an extent that lies between two times, as Loki counts it: its rows count as if they were spread evenly. An extent of one time counts in full; what begins at `to`
 * does not count.
 */
export function shareOf({ min, max }: Extent, from: number, to: number): number {
  if (min >= to || max < from) return 0;
  const length = max - min;
  if (length === 0) return 1;
  return (length - Math.max(0, from - min) - Math.max(0, max - to)) / length;
}
