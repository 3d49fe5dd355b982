import type { Member } from '../discover/members.ts';
import { noPod, type FileOrigin } from '../discover/origin.ts';
import { parsePodDirectory, type PodPath } from '../discover/paths.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { LogChain, type ChainEvents, type KnownFile } from './chain.ts';
import type { RecordFormat } from '../parse/record.ts';
import type { FilePosition, LogFile } from './file.ts';
import { sameInode } from './match.ts';
import { peekFormat } from './peek.ts';
import type { TailedChain } from './tailer.ts';

/** What the set of chains asks of those around it. */
export interface ChainSetPorts {
  /** The files of a chain as an earlier run knew them. */
  claim(chain: string): readonly KnownFile[];
  /** The chain's files that stand for what claim answered, in the same order. */
  adopt(chain: string, files: readonly LogFile[]): void;
  /** What the lines of a chain pass through; undefined while its labels may still come. */
  pipelineFor(pod: PodPath, container: string, chain: string): Pipeline | undefined;
  /** The same for a chain of files that belong to no container; `format` is that of its records. Without it such chains are not read. */
  filePipelineFor?(origin: FileOrigin, format: RecordFormat, chain: string): Pipeline | undefined;
  /** Lists the directory of a container, or of a chain of files, now. */
  relist?(containerName: string): void;
  /** A pod has neither directories nor unread files any more. */
  podForgotten(uid: string): void;
}

interface Entry extends TailedChain {
  readonly containerName: string;
  pipeline: Pipeline | undefined;
  /** Not read until its pod's pipelines are renewed. */
  paused: boolean;
}

/** All chains, kept in step with what discovery finds. */
export class ChainSet {
  readonly #chains = new Map<string, Entry>();
  readonly #byContainer = new Map<string, Set<Entry>>();
  readonly #gonePods = new Set<string>();
  /** Device and inode → the chain that reads the file. */
  readonly #owners = new Map<string, LogChain>();
  readonly #ports: ChainSetPorts;
  readonly #events: ChainEvents;
  readonly #lineBytesMax: number;

  constructor(lineBytesMax: number, ports: ChainSetPorts, events: ChainEvents) {
    this.#lineBytesMax = lineBytesMax;
    this.#ports = ports;
    this.#events = events;
  }

  /** Chains by name. */
  get chains(): ReadonlyMap<string, TailedChain> {
    return this.#chains;
  }

  /** A container's directory as it is now; `fromEnd` for files that are not to be read from their beginning. */
  container(pod: PodPath, container: string, name: string, runs: ReadonlyMap<number, readonly Member[]>, fromEnd: boolean, complete = true): void {
    this.#gonePods.delete(pod.uid);
    const entries = this.#byContainer.get(name) ?? new Set();
    this.#byContainer.set(name, entries);
    const latest = Math.max(-1, ...runs.keys());
    const present = new Set<Entry>();
    for (const [restart, members] of runs) {
      const entry = this.#entry(pod, container, name, `${name}/${restart}.log`);
      entry.superseded = restart < latest;
      entry.containerGone = false;
      this.#reconcile(entry, members, fromEnd, complete);
      entries.add(entry);
      present.add(entry);
    }
    if (complete) for (const entry of entries) if (!present.has(entry)) entry.chain.reconcile([], false);
  }

  /** A log that belongs to no container as it is now: its rotated files and the live one. The chain's name is the origin's path, or what a source without paths calls it. */
  files(origin: FileOrigin, name: string, members: readonly Member[], fromEnd: boolean, complete: boolean): void {
    const entry = this.#entry(noPod, '', name, name, origin);
    const entries = this.#byContainer.get(name) ?? new Set();
    this.#byContainer.set(name, entries.add(entry));
    entry.containerGone = members.length === 0 && complete;
    this.#reconcile(entry, members, fromEnd, complete);
  }

  /** Whether a chain is known, from this run or an earlier one. */
  knows(name: string): boolean {
    return this.#chains.has(name) || this.#ports.claim(name).length > 0;
  }

  /** Files that another chain reads already are left to it: a log is read once, however many links and patterns lead to it. */
  #reconcile(entry: Entry, members: readonly Member[], fromEnd: boolean, complete: boolean): void {
    const { chain } = entry;
    const own = members.filter((member) => {
      const owner = this.#owners.get(identityOf(member));
      // Containers share no files; what looks like it is an inode that was given to another file.
      if (owner === undefined || owner === chain || (owner.origin === null && chain.origin === null)) return true;
      return !isReadBy(owner, member);
    });
    chain.reconcile(own, fromEnd, complete);
    for (const file of chain.files) this.#owners.set(identityOf(file), chain);
  }

  /** Something was written in a container's directory. */
  changed(name: string): void {
    for (const entry of this.#byContainer.get(name) ?? []) entry.chain.flagged = true;
  }

  containerGone(name: string): void {
    for (const entry of this.#byContainer.get(name) ?? []) {
      entry.containerGone = true;
      entry.chain.reconcile([], false);
    }
  }

  podGone(uid: string): void {
    this.#gonePods.add(uid);
  }

  /**
   * Drops chains that have no files left, and pods that have no chains left. Of files that live by their descriptor only, gives up the oldest while they hold more than
   * `deletedBytesMax` of disk: rotation has deleted them, and a full disk would stop the whole node.
   */
  sweep(deletedBytesMax: number): void {
    const alive = new Set<string>();
    const deleted: { readonly chain: LogChain; readonly file: LogFile }[] = [];
    let deletedBytes = 0;
    this.#owners.clear();
    for (const [name, entry] of this.#chains) {
      for (const file of entry.chain.files) this.#owners.set(identityOf(file), entry.chain);
      if (entry.chain.files.length === 0) {
        this.#chains.delete(name);
        const entries = this.#byContainer.get(entry.containerName);
        entries?.delete(entry);
        if (entries?.size === 0) this.#byContainer.delete(entry.containerName);
        continue;
      }
      alive.add(entry.chain.pod.uid);
      for (const file of entry.chain.files) {
        if (!file.unlinked || file.finished) continue;
        deleted.push({ chain: entry.chain, file });
        deletedBytes += file.size;
      }
    }
    deleted.sort((a, b) => a.file.modifiedMs - b.file.modifiedMs);
    for (const { chain, file } of deleted) {
      if (deletedBytes <= deletedBytesMax) break;
      deletedBytes -= file.size;
      chain.release(file);
    }
    for (const uid of this.#gonePods) {
      if (alive.has(uid)) continue;
      this.#gonePods.delete(uid);
      this.#ports.podForgotten(uid);
    }
  }

  /** Looks at the sizes of files that wait to be read, so that what is deleted of them later is known; true where one has changed. */
  refreshSizes(): boolean {
    let changed = false;
    for (const { chain } of this.#chains.values()) if (chain.refreshSizes()) changed = true;
    return changed;
  }

  /** The pods of chains whose pipelines are built; a pod may come several times. */
  *pods(): Generator<PodPath> {
    for (const { chain, pipeline } of this.#chains.values()) if (pipeline !== undefined && chain.origin === null) yield chain.pod;
  }

  /** Whether a stage holds back lines of a pod. */
  isHeld(uid: string): boolean {
    for (const { chain } of this.#ofPod(uid)) if (chain.files.some((file) => streamIndexes.some((stream) => (chain.held?.heldFrom(file.id, stream) ?? null) !== null))) return true;
    return false;
  }

  /** Makes the pipelines of a pod let go of what they hold. */
  flush(uid: string): void {
    for (const entry of this.#ofPod(uid)) entry.flush();
  }

  /** Reads nothing of a pod until it is renewed. */
  pause(uid: string): void {
    for (const entry of this.#ofPod(uid)) entry.paused = true;
  }

  /** Whether everything that was read of a pod is delivered. `delivered` is how far a file is; undefined where nothing of it was ever read. */
  isDelivered(uid: string, delivered: (file: LogFile) => FilePosition | undefined): boolean {
    for (const { chain } of this.#ofPod(uid)) {
      for (const file of chain.files) {
        const known = delivered(file)?.offsets ?? file.skip;
        if (chain.positionOf(file).offsets.some((offset, stream) => (known[stream] ?? 0) < offset)) return false;
      }
    }
    return true;
  }

  /** Builds the pipelines of a pod anew, and reads on. */
  renew(uid: string): void {
    for (const entry of this.#ofPod(uid)) {
      entry.pipeline = undefined;
      entry.chain.held = null;
      entry.paused = false;
      entry.chain.flagged = true;
    }
  }

  close(): void {
    for (const { chain } of this.#chains.values()) chain.close();
  }

  *#ofPod(uid: string): Generator<Entry> {
    for (const entry of this.#chains.values()) if (entry.chain.pod.uid === uid) yield entry;
  }

  #entry(pod: PodPath, container: string, containerName: string, name: string, origin: FileOrigin | null = null): Entry {
    const existing = this.#chains.get(name);
    if (existing !== undefined) return existing;
    const known = this.#ports.claim(name);
    const chain = new LogChain(pod, container, name, this.#lineBytesMax, known, this.#events, origin);
    this.#ports.adopt(name, chain.files);
    const entry: Entry = {
      chain, containerName, containerGone: false, superseded: false, pipeline: undefined, paused: false,
      sink: () => (entry.paused ? undefined : this.#pipeline(entry, pod, container)?.take),
      tick: (nowMs, caughtUp) => entry.pipeline?.tick(nowMs, caughtUp),
      flush: () => entry.pipeline?.flush(),
      relist: () => this.#ports.relist?.(containerName),
    };
    this.#chains.set(name, entry);
    return entry;
  }

  #pipeline(entry: Entry, pod: PodPath, container: string): Pipeline | undefined {
    if (entry.pipeline === undefined) {
      const { chain } = entry;
      if (chain.origin === null) {
        entry.pipeline = this.#ports.pipelineFor(pod, container, chain.name);
      } else {
        const format = formatOf(chain);
        if (format !== undefined) entry.pipeline = this.#ports.filePipelineFor?.(chain.origin, format, chain.name);
      }
      entry.chain.held = entry.pipeline ?? null;
    }
    return entry.pipeline;
  }
}

const streamIndexes = [0, 1, 2] as const;

function identityOf({ device, inode }: { readonly device: bigint; readonly inode: bigint }): string {
  return `${device}:${inode}`;
}

/** Whether a chain has the file that a member is, not merely one that had its inode. */
function isReadBy(chain: LogChain, member: Member): boolean {
  const files = chain.files.filter((file) => !file.gone && file.inode === member.inode && file.device === member.device);
  try {
    return sameInode(member, new Set(files)) !== undefined;
  } catch {
    return false;
  }
}

/** The format of a chain's records: its source's, or that of its first record; undefined while there is none. */
function formatOf(chain: LogChain): RecordFormat | undefined {
  const format = chain.origin?.source.format ?? 'auto';
  if (format !== 'auto') return format;
  for (const file of chain.files) {
    if (file.format !== null) return file.format;
    const first = peekFormat(file);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** The pod's UID in the name of a chain. */
export function uidOfChain(name: string): string | undefined {
  return parsePodDirectory(name.split('/')[0] ?? '')?.uid;
}
