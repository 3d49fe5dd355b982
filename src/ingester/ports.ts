import type { SealResult, SealTask } from './seal.ts';

/** Where sealing runs: a pool of worker threads that call `seal`. */
export interface SealPool {
  seal(task: SealTask): Promise<SealResult>;
}

/** The steps of a flush, in order. */
export type FlushStep = 'cut' | 'sealed' | 'segment_put' | 'index_put' | 'manifest_put' | 'committed' | 'trimmed';

/** Called after each step of a flush; for crash tests. */
export type FlushHook = (step: FlushStep) => Promise<void> | void;

/** What the ingester reports to logs. */
export interface IngesterLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface IngesterSettings {
  /** A generation is flushed when it holds this many bytes of lines and metadata. */
  readonly flushBytes: number;
  /** A generation is flushed when its first row is this old. */
  readonly flushAgeMs: number;
  /** Memory of all heads; above it pushes are refused until a flush has made room. */
  readonly headBytesMax: number;
  /** Memory of all heads above which pushes are answered only as fast as flushes get on, as long as they do. */
  readonly headBytesPaced: number;
  readonly blockRows: number;
  readonly blockBytes: number;
  /** A segment is closed when it holds about this many bytes. */
  readonly segmentBytesMax: number;
  /** Shortest and longest pause before a failed step of a flush is tried again. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

export const defaultIngesterSettings: IngesterSettings = {
  flushBytes: 40 * 2 ** 20,
  flushAgeMs: 10 * 60_000,
  headBytesMax: 384 * 2 ** 20,
  headBytesPaced: 96 * 2 ** 20,
  blockRows: 65_536,
  blockBytes: 12 * 2 ** 20,
  segmentBytesMax: 32 * 2 ** 20,
  retryMinMs: 200,
  retryMaxMs: 15_000,
};
