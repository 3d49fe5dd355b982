import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readdirSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { formatRfc3339 } from '../src/model/mod.ts';

/** Where a container stands in the cluster. */
export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
}

/** How large a log file may grow, and how many old ones stay. */
export interface Rotation {
  readonly bytesMax: number;
  /** Rotated files to keep. */
  readonly filesMax: number;
}

/** A container runtime writes at most this many bytes of a line into one record. */
const recordBytesMax = 16 * 1024;

/**
 * Writes a container's log as containerd and the kubelet do: `PODS/<namespace>_<pod>_<uid>/<container>/0.log`, CRI records
 * (`time stream P|F text`), long lines in several records, rotation by renaming to `0.log.<date>-<time>`.
 */
export class PodLog {
  readonly #folder: string;
  readonly #rotation: Rotation;
  #fd: number;
  #bytes: number;
  #lastNs = 0n;

  constructor(podsDir: string, name: ContainerName, rotation: Rotation) {
    this.#folder = join(podsDir, `${name.namespace}_${name.pod}_${name.uid}`, name.container);
    this.#rotation = rotation;
    mkdirSync(this.#folder, { recursive: true });
    this.#fd = openSync(this.path, 'a');
    this.#bytes = fstatSync(this.#fd).size;
  }

  /** The file that is being written. */
  get path(): string {
    return join(this.#folder, '0.log');
  }

  /** Writes each line of `text` with the given time; a time before the last one becomes the last one, as in a real pipe. */
  write(timeNs: bigint, stream: 'stdout' | 'stderr', text: string): void {
    for (const [i, line] of text.split('\n').entries()) {
      const ns = timeNs + BigInt(i) * 1000n;
      this.#lastNs = ns > this.#lastNs ? ns : this.#lastNs;
      const records: Buffer[] = [];
      const bytes = Buffer.from(line, 'utf8');
      for (let at = 0; ; at += recordBytesMax) {
        const last = at + recordBytesMax >= bytes.length;
        records.push(Buffer.from(`${nanoTime(this.#lastNs)} ${stream} ${last ? 'F' : 'P'} `), bytes.subarray(at, at + recordBytesMax), Buffer.from('\n'));
        if (last) break;
      }
      const data = Buffer.concat(records);
      writeSync(this.#fd, data);
      this.#bytes += data.length;
    }
    if (this.#bytes >= this.#rotation.bytesMax) this.#rotate();
  }

  close(): void {
    closeSync(this.#fd);
  }

  #rotate(): void {
    const stamp = formatRfc3339(this.#lastNs).slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    const rotated = `${this.path}.${stamp}`;
    // At most one rotation a second, like the kubelet's names.
    if (existsSync(rotated)) return;
    renameSync(this.path, rotated);
    closeSync(this.#fd);
    this.#fd = openSync(this.path, 'a');
    this.#bytes = 0;
    const old = readdirSync(this.#folder).filter((file) => file.startsWith('0.log.')).toSorted();
    for (const file of old.slice(0, Math.max(0, old.length - this.#rotation.filesMax))) unlinkSync(join(this.#folder, file));
  }
}

/** A time with nine digits after the second, as containerd writes it. */
function nanoTime(timeNs: bigint): string {
  const text = formatRfc3339(timeNs - (timeNs % 1_000_000_000n)).slice(0, -1);
  return `${text}.${(timeNs % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}
