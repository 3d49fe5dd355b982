import type { LineView } from '../join/line.ts';
import type { LogChain } from '../tail/chain.ts';
import type { LogFile } from '../tail/file.ts';
import type { StreamLabels } from './batch.ts';

/** Takes a line with what it is sent with. `line` is copied: nothing of it is kept. The destinations of each `labels` object are decided once, so keep the object for equal labels. */
export type LabelledSink = (labels: StreamLabels, line: LineView) => void;

/**
 * The seam between reading and delivering: what the pipeline hands lines to and what the tailer asks. `Delivery` is the one implementation. The tailer takes this in place of a Batcher
 * and a BatchQueue:
 *
 * ```ts
 * for each chain that has something: if (!outlet.mayRead(chain)) continue;   // nobody may: await outlet.changed()
 *   read a block into the chain's sink;  outlet.touch(chain, file);  outlet.sealIfDue();
 * ```
 */
export interface Outlet {
  /** The end of every pipeline. */
  readonly sink: LabelledSink;
  /** Says that `file` was read, or that its position moved: it goes with the next cut. */
  touch(chain: LogChain, file: LogFile): void;
  /** Hands on what is full or old enough. Call it after each block and in each round. */
  sealIfDue(): void;
  /** Hands on all that there is. */
  seal(): void;
  /** Whether a destination that must have every line has no room: nothing may be read but what `mayRead` allows. */
  readonly full: boolean;
  /** Whether a block of this chain may be read now: there is room, or the chain is at risk and the disk buffer takes it. */
  mayRead(chain: LogChain): boolean;
  /** Resolves at the next change of the above. */
  changed(): Promise<void>;
  /** Lets everyone who waits look again. */
  wake(): void;
}

/**
 * Whether lines of a chain may be gone before they are delivered: an older file of it (rotation deletes those), or one that lives by its descriptor only, has something that
 * is not dealt with. Costs a look at each of its files.
 * @param confirmed smallest offset of a file up to which it is delivered or in a disk buffer
 */
export function atRisk(chain: LogChain, confirmed: (file: LogFile) => number): boolean {
  const { files } = chain;
  for (let i = 0; i < files.length; i++) {
    const file = files[i] as LogFile;
    if ((i < files.length - 1 || file.unlinked) && confirmed(file) < file.size) return true;
  }
  return false;
}
