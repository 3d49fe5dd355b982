/** What shaping did; one plain object for the whole agent, counters only ever rise. */
export interface ShapeCounts {
  /** Lines that were dropped, by reason: `rule:<name>`, `relabel`, `rate_limit`, `sample`, `tail_sample`. */
  readonly dropped: Map<string, number>;
  /** Bytes of those lines. */
  readonly droppedBytes: Map<string, number>;
  /** Lines that a keep rule decided on, by its name. */
  readonly kept: Map<string, number>;
  /** Texts that were redacted, by kind. */
  readonly redacted: Map<string, number>;
  /** Marker lines that say what a rate limit dropped. */
  markers: number;
  /** Lines that samplers looked at and kept. */
  sampled: number;
  /** Tail-based sampling. */
  readonly tail: TailCounts;
}

export interface TailCounts {
  /** Traces kept because a line of theirs was an error, slow, or matched a rule. */
  keptByError: number;
  keptBySlow: number;
  keptByRule: number;
  /** Traces kept by the stated fraction. */
  keptByFraction: number;
  dropped: number;
  /** Of all of these, traces that were decided before their window was over, because memory was full. */
  early: number;
  /** Lines that came after the decision on their trace, and followed it. */
  late: number;
  /** Traces that are open now. */
  openTraces: number;
  /** Lines that are held now. */
  heldLines: number;
  /** Bytes of memory that hold lines now. */
  heldBytes: number;
  /** The most that held lines ever took. */
  heldBytesPeak: number;
}

export function newShapeCounts(): ShapeCounts {
  return {
    dropped: new Map(), droppedBytes: new Map(), kept: new Map(), redacted: new Map(), markers: 0, sampled: 0,
    tail: {
      keptByError: 0, keptBySlow: 0, keptByRule: 0, keptByFraction: 0, dropped: 0, early: 0, late: 0, openTraces: 0, heldLines: 0, heldBytes: 0, heldBytesPeak: 0,
    },
  };
}

/** Counts a line of `bytes` bytes that was dropped. */
export function countDropped(counts: ShapeCounts, reason: string, bytes: number): void {
  counts.dropped.set(reason, (counts.dropped.get(reason) ?? 0) + 1);
  counts.droppedBytes.set(reason, (counts.droppedBytes.get(reason) ?? 0) + bytes);
}

/** Adds one to the counter `key`. */
export function countOne(counters: Map<string, number>, key: string): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}
