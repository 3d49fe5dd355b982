import { fstatSync } from 'node:fs';
import type { WatchCounts } from '../discover/watching.ts';
import type { MultilineCounts } from '../join/multiline.ts';
import type { LogChain } from './chain.ts';
import type { GapLedger, GapRow } from './gaps.ts';
import type { TailedChain } from './tailer.ts';

/** What reading came to since the agent began. */
export interface TailCounts {
  /** Files that were opened. */
  filesOpened: number;
  /** Files that were read to their end for good. */
  filesFinished: number;
  /** Of those opened: rotated away before their end was read, compressed ones among them. */
  filesReadLate: number;
  /** Files that were truncated or written anew in place. */
  truncations: number;
  /** Compressed members that could be read in part only. */
  damagedMembers: number;
  /** Paths under a pattern that are no plain files. */
  skippedPaths: number;
}

export function newTailCounts(): TailCounts {
  return { filesOpened: 0, filesFinished: 0, filesReadLate: 0, truncations: 0, damagedMembers: 0, skippedPaths: 0 };
}

/** One run of a container, or one log that belongs to none. */
export interface ChainFigures {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Name of the live file for a container, else its path. */
  readonly file: string;
  readonly bytes: number;
  readonly records: number;
  readonly cutLines: number;
  /** Bytes that are there and not read. */
  readonly bytesBehind: number;
  /** How much older the last record that was read is than the last write; 0 where everything is read. */
  readonly secondsBehind: number;
}

/** All figures of reading, as a plain object. */
export interface TailFigures extends TailCounts {
  readonly chains: readonly ChainFigures[];
  /** Over all runs. */
  readonly gaps: readonly GapRow[];
  readonly gapBytes: number;
  readonly openFiles: number;
  readonly watch: Readonly<WatchCounts>;
  readonly multiline: Readonly<MultilineCounts>;
}

/** What the figures are made of. */
export interface TailSources {
  readonly counts: TailCounts;
  readonly chains: ReadonlyMap<string, TailedChain>;
  readonly gaps: GapLedger;
  readonly watch: WatchCounts;
  readonly multiline: MultilineCounts;
}

/** Takes the figures now; costs a look at each open file. */
export function tailFigures({ counts, chains, gaps, watch, multiline }: TailSources): TailFigures {
  let openFiles = 0;
  const all = Array.from(chains.values(), ({ chain }) => {
    for (const file of chain.files) if (file.fd !== null) openFiles++;
    return chainFigures(chain);
  });
  return { ...counts, chains: all, gaps: Array.from(gaps.rows()), gapBytes: gaps.bytes, openFiles, watch: { ...watch }, multiline: { ...multiline } };
}

/** The figures of one chain. */
export function chainFigures(chain: LogChain): ChainFigures {
  let bytesBehind = 0;
  let modifiedMs = 0;
  for (const file of chain.files) {
    if (file.finished || file.copyOf !== null) continue;
    const stat = file.fd === null ? null : fstatSync(file.fd);
    modifiedMs = Math.max(modifiedMs, file.gzip || stat === null ? file.modifiedMs : stat.mtimeMs);
    bytesBehind += Math.max(0, (stat?.size ?? file.size) - file.readOffset);
  }
  const last = chain.lastTime;
  const secondsBehind = bytesBehind === 0 || last === null ? 0 : Math.max(0, modifiedMs / 1000 - (last.seconds + last.nanos / 1e9));
  const { namespace, pod } = chain.pod;
  const file = chain.origin === null ? chain.name.slice(chain.name.lastIndexOf('/') + 1) : chain.name;
  return { namespace, pod, container: chain.container, file, bytes: chain.counts.bytes, records: chain.counts.records, cutLines: chain.counts.cut, bytesBehind, secondsBehind };
}
