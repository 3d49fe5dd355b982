import type { LogChain } from '../tail/chain.ts';
import type { FilePosition, LogFile } from '../tail/file.ts';

/** A file and how far it is dealt with once the cut is reached. */
export interface CutPosition {
  /** Name of the file's chain. */
  readonly chain: string;
  readonly file: LogFile;
  readonly position: FilePosition;
}

interface Cut {
  number: number;
  /** Destinations that lines of the files went to, as bits → the files. */
  readonly groups: Map<number, Map<LogFile, CutPosition>>;
}

/**
 * Where reading stood at certain moments, numbered from 1. Destinations fill and finish batches at their own pace: each batch knows the last cut before its first line, so a destination
 * has reached all cuts up to the smallest of these among its unfinished batches. A file's position holds once every destination that lines of its chain went to has reached the cut.
 */
export class Cuts {
  readonly #confirm: (position: CutPosition) => void;
  readonly #touched = new Map<LogFile, LogChain>();
  /** Files whose position an unfinished line held back at the last cut: the line may end in another file, and then theirs moves on, too. */
  readonly #heldBack = new Map<LogFile, LogChain>();
  readonly #pending: Cut[] = [];
  #last = 0;

  /** @param confirm told each position that holds from now on */
  constructor(confirm: (position: CutPosition) => void) {
    this.#confirm = confirm;
  }

  /** Number of the last cut; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Cuts that are not reached by all. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Whether positions moved since the last cut. */
  get moved(): boolean {
    return this.#touched.size > 0;
  }

  /** Says that a file was read. */
  touch(chain: LogChain, file: LogFile): void {
    this.#touched.set(file, chain);
  }

  /**
   * Makes a cut, where something moved.
   * @param destinations those that lines of a chain went to, as bits; they only become more
   * @param needed the numbers that unfinished batches began at: cuts between them are reached together and become one
   */
  cut(destinations: (chain: LogChain) => number, needed: () => ReadonlySet<number>): void {
    if (this.#touched.size === 0) return;
    for (const [file, chain] of this.#heldBack) if (!file.gone) this.#touched.set(file, chain);
    this.#heldBack.clear();
    const groups: Cut['groups'] = new Map();
    for (const [file, chain] of this.#touched) {
      const position = chain.positionOf(file);
      addTo(groups, destinations(chain), { chain: chain.name, file, position });
      if (Math.min(...position.offsets) < file.readOffset) this.#heldBack.set(file, chain);
    }
    this.#touched.clear();
    this.#pending.push({ number: ++this.#last, groups });
    if (this.#pending.length >= pendingMax) this.#join(needed());
  }

  /** Confirms what holds. `reached` gives the cut that a destination has reached, by its bit. */
  settle(reached: readonly number[]): void {
    for (const { number, groups } of this.#pending) {
      for (const [bits, positions] of groups) {
        if (!reached.every((at, i) => at >= number || (bits & (1 << i)) === 0)) continue;
        groups.delete(bits);
        for (const position of positions.values()) this.#confirm(position);
      }
    }
    while (this.#pending[0]?.groups.size === 0) this.#pending.shift();
  }

  #join(needed: ReadonlySet<number>): void {
    const joined: Cut[] = [];
    for (const cut of this.#pending) {
      const before = joined.at(-1);
      if (before === undefined || needed.has(before.number)) {
        joined.push(cut);
        continue;
      }
      for (const [bits, positions] of cut.groups) for (const position of positions.values()) addTo(before.groups, bits, position);
      before.number = cut.number;
    }
    this.#pending.splice(0, this.#pending.length, ...joined);
  }
}

function addTo(groups: Cut['groups'], bits: number, position: CutPosition): void {
  const group = groups.get(bits);
  if (group === undefined) groups.set(bits, new Map([[position.file, position]]));
  else group.set(position.file, position);
}

/** Cuts that may wait before some are joined. */
const pendingMax = 64;
