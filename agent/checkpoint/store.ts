import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSpoorError, reasonOf, SpoorError, type Clock } from '../../src/model/mod.ts';
import type { PodDecision } from '../enrich/pod-labels.ts';
import type { KnownFile } from '../tail/chain.ts';
import type { FilePosition, LogFile } from '../tail/file.ts';
import { checkpointBytesMax, decodeCheckpoint, encodeCheckpoint, fileLine, podLine, type CheckpointContent } from './format.ts';

/** A loaded checkpoint, and what was wrong with the files it might have come from. */
export interface LoadedCheckpoint {
  readonly content: CheckpointContent;
  /** Damage that was found; the content is then an older checkpoint, or empty. */
  readonly damage: readonly SpoorError[];
  /** No checkpoint was ever written here. */
  readonly fresh: boolean;
}

interface Tracked {
  readonly chain: string;
  position: FilePosition;
  /** Its row and what the row was made from. */
  row: string;
  key: string;
}

/**
 * What was delivered, on disk: `checkpoint.json` in the state directory, replaced as a whole (write, fsync, rename, fsync of the directory), with the one before kept as
 * `checkpoint.json.previous`. An older checkpoint is always safe: lines are then sent again, and the server keeps one of two equal ones.
 */
export class CheckpointStore {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #tracked = new Map<LogFile, Tracked>();
  /** Files of earlier runs whose chain was not found yet. */
  readonly #unclaimed: Map<string, readonly KnownFile[]>;
  readonly #pods: ReadonlyMap<string, PodDecision>;
  #dirty = false;
  #writing: Promise<void> | null = null;
  #generation = 0;
  #durableGeneration = 0;
  #writtenMs = 0;

  /** @param pods decisions that are written with it (see PodLabels) */
  constructor(dir: string, clock: Clock, content: CheckpointContent, pods: ReadonlyMap<string, PodDecision>) {
    this.#dir = dir;
    this.#clock = clock;
    this.#unclaimed = new Map(content.files);
    this.#pods = pods;
  }

  /** Wall-clock time of the last write; 0 before the first. */
  get writtenMs(): number {
    return this.#writtenMs;
  }

  /** Chains of earlier runs that were not claimed. */
  get unclaimed(): ReadonlyMap<string, readonly KnownFile[]> {
    return this.#unclaimed;
  }

  /** The files of a chain as an earlier run knew them. */
  claim(chain: string): readonly KnownFile[] {
    return this.#unclaimed.get(chain) ?? [];
  }

  /** Begins to track the files of a chain that claim answered; each with the position it was known with. */
  adopt(chain: string, files: readonly LogFile[]): void {
    const known = this.#unclaimed.get(chain) ?? [];
    for (const [i, file] of files.entries()) {
      const position = known[i]?.position;
      if (position !== undefined) this.#tracked.set(file, { chain, position, row: '', key: '' });
    }
    this.#unclaimed.delete(chain);
  }

  /** Gives up chains of earlier runs that are gone from the disk. */
  dropUnclaimed(chain: string): void {
    if (this.#unclaimed.delete(chain)) this.#dirty = true;
  }

  /** How far a file is delivered; undefined where nothing of it is. */
  positionOf(file: LogFile): FilePosition | undefined {
    return this.#tracked.get(file)?.position;
  }

  /** Everything of `file` before `position` is delivered. */
  delivered(chain: string, file: LogFile, position: FilePosition): void {
    if (file.gone) return;
    const tracked = this.#tracked.get(file);
    if (tracked === undefined) this.#tracked.set(file, { chain, position, row: '', key: '' });
    else tracked.position = position;
    this.#dirty = true;
  }

  /** Forgets a file. */
  forget(file: LogFile): void {
    if (this.#tracked.delete(file)) this.#dirty = true;
  }

  /** Says that the pods' labels changed; `durable` waits for them. */
  podsChanged(generation: number): void {
    this.#generation = Math.max(this.#generation, generation);
    this.#dirty = true;
  }

  /** Resolves once decisions up to `generation` are on disk. Rejects where they cannot be written. */
  async durable(generation: number): Promise<void> {
    while (this.#durableGeneration < generation) await this.write();
  }

  /** Writes if something changed; joins a write that is under way and then writes what it missed. */
  async write(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (!this.#dirty && this.#durableGeneration >= this.#generation) return;
    this.#writing = this.#writeNow().finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  async #writeNow(): Promise<void> {
    const generation = this.#generation;
    this.#dirty = false;
    try {
      await replaceFile(this.#dir, encodeCheckpoint(this.#fileRows(), Array.from(this.#pods, ([uid, decision]) => podLine(uid, decision))));
    } catch (error) {
      this.#dirty = true;
      throw new SpoorError('agent_checkpoint_write', { path: join(this.#dir, fileName), reason: reasonOf(error) }, { cause: error });
    }
    this.#durableGeneration = generation;
    this.#writtenMs = this.#clock.nowMs();
  }

  #fileRows(): string[] {
    const rows: string[] = [];
    for (const [chain, files] of this.#unclaimed) for (const file of files) rows.push(fileLine(chain, file));
    for (const [file, tracked] of this.#tracked) {
      const key = `${file.path}|${file.inode}|${file.size}|${file.fingerprint.bytes}|${tracked.position.offsets.join()}`;
      if (key !== tracked.key) {
        const { path, device, inode, gzip, fingerprint, size } = file;
        tracked.row = fileLine(tracked.chain, { path, device, inode, gzip, fingerprint, size, position: tracked.position });
        tracked.key = key;
      }
      rows.push(tracked.row);
    }
    return rows;
  }
}

const fileName = 'checkpoint.json';
const previousName = 'checkpoint.json.previous';
const empty: CheckpointContent = { files: new Map(), pods: new Map() };

/**
 * Loads the checkpoint of a state directory. A damaged one is set aside as `checkpoint.json.damaged` and the one before it is used; without one, everything that is
 * still on disk is read again. Throws `format_version` where a newer spoor wrote it.
 */
export async function loadCheckpoint(dir: string): Promise<LoadedCheckpoint> {
  const damage: SpoorError[] = [];
  for (const name of [fileName, previousName]) {
    const path = join(dir, name);
    try {
      const { size } = await stat(path);
      if (size > checkpointBytesMax) throw new SpoorError('agent_checkpoint_damaged', { path, reason: `${size} bytes, more than ${checkpointBytesMax}` });
      return { content: decodeCheckpoint(await readFile(path), path), damage, fresh: false };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      if (!isSpoorError(error, 'agent_checkpoint_damaged')) throw error;
      damage.push(error);
      await rename(path, `${path}.damaged`);
    }
  }
  return { content: empty, damage, fresh: damage.length === 0 };
}

async function replaceFile(dir: string, bytes: Buffer): Promise<void> {
  const path = join(dir, fileName);
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(path, join(dir, previousName)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(temporary, path);
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
