import { closeSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../src/bytes/mod.ts';
import type { LogChain } from './chain.ts';
import type { LogFile } from './file.ts';

/** Bytes of one container's logs, or of one log that belongs to none, that were deleted or cut off before they were read. */
export interface GapRow {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The path of a log that belongs to no container; empty for a container's. */
  readonly path: string;
  readonly bytes: number;
}

const fileName = 'gaps.log';
const readBytesMax = 16 * 2 ** 20;
const rewriteBytes = 2 ** 20;
/** Rows that are kept; those that had no gap for longest go first. */
const rowsMax = 10_000;
/** Files whose gap was counted are remembered, so that it is not counted again after a crash that came before the checkpoint forgot them. */
const filesMax = 20_000;

/**
 * What was lost, per container, over all runs: `gaps.log` in the state directory (docs/formats/agent-gaps.md). A gap is on disk when it is counted, and is counted once: after kill -9 the
 * checkpoint may still name the deleted file.
 */
export class GapLedger {
  readonly #path: string;
  readonly #failed: (path: string, error: unknown) => void;
  readonly #rows = new Map<string, GapRow>();
  readonly #files = new Set<string>();
  #fd: number | null = null;
  #written = 0;

  /** @param failed told when the ledger cannot be read or written; gaps are then counted in memory only */
  constructor(dir: string, failed: (path: string, error: unknown) => void) {
    this.#path = join(dir, fileName);
    this.#failed = failed;
    this.#load();
  }

  /** What was lost so far. */
  rows(): Iterable<GapRow> {
    return this.#rows.values();
  }

  /** Bytes that were lost of a chain's container. */
  bytesOf(chain: LogChain): number {
    return this.#rows.get(keyOf(placeOf(chain)))?.bytes ?? 0;
  }

  /** Bytes that were lost in all. */
  get bytes(): number {
    let sum = 0;
    for (const row of this.#rows.values()) sum += row.bytes;
    return sum;
  }

  /** Counts `bytes` of a file as lost. False where that was counted before. */
  add(chain: LogChain, file: LogFile, bytes: number): boolean {
    return this.#add(placeOf(chain), `${chain.name} ${file.device}:${file.inode} ${file.fingerprint.hash}`, bytes);
  }

  /** The same for a file of an earlier run whose chain was not found any more. */
  addUnclaimed(chain: string, file: { readonly device: bigint; readonly inode: bigint; readonly fingerprint: { readonly hash: string } }, bytes: number): boolean {
    return this.#add(placeOfName(chain), `${chain} ${file.device}:${file.inode} ${file.fingerprint.hash}`, bytes);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #add(place: Place, file: string, bytes: number): boolean {
    if (bytes <= 0 || this.#files.has(file)) return false;
    this.#count(place, file, bytes);
    this.#append(encode(place, file, bytes));
    if (this.#written >= rewriteBytes) this.#rewrite();
    return true;
  }

  #count(place: Place, file: string, bytes: number): void {
    const key = keyOf(place);
    const before = this.#rows.get(key)?.bytes ?? 0;
    this.#rows.delete(key);
    this.#rows.set(key, { ...place, bytes: before + bytes });
    if (this.#rows.size > rowsMax) this.#rows.delete(this.#rows.keys().next().value ?? '');
    if (file === '') return;
    this.#files.add(file);
    if (this.#files.size > filesMax) this.#files.delete(this.#files.keys().next().value ?? '');
  }

  #load(): void {
    let text = '';
    try {
      const bytes = readFileSync(this.#path);
      if (bytes.length > readBytesMax) this.#failed(this.#path, new Error(`${bytes.length} bytes, more than ${readBytesMax}: not read`));
      else text = bytes.toString('utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failed(this.#path, error);
    }
    for (const line of text.split('\n')) {
      const row = decode(line);
      if (row !== undefined) this.#count(row.place, row.file, row.bytes);
    }
    this.#written = text.length;
  }

  #append(line: string): void {
    try {
      this.#fd ??= openSync(this.#path, 'a', 0o600);
      this.#written += writeSync(this.#fd, line);
    } catch (error) {
      this.#failed(this.#path, error);
    }
  }

  /** One row per container, and the files; a crash in between leaves the old ledger. */
  #rewrite(): void {
    const files = Array.from(this.#files);
    const text = [
      ...Array.from(this.#rows.values(), ({ bytes, ...place }) => encode(place, '', bytes)),
      ...files.map((file) => encode({ namespace: '', pod: '', container: '', path: '' }, file, 0)),
    ].join('');
    const temporary = `${this.#path}.tmp`;
    try {
      const fd = openSync(temporary, 'w', 0o600);
      writeSync(fd, text);
      renameSync(temporary, this.#path);
      this.close();
      this.#fd = fd;
    } catch (error) {
      this.#failed(temporary, error);
    }
    // The size it has now counts as none: it is written anew when as much has come again.
    this.#written = 0;
  }
}

type Place = Omit<GapRow, 'bytes'>;

function placeOf(chain: LogChain): Place {
  const { namespace, pod } = chain.pod;
  return chain.origin === null ? { namespace, pod, container: chain.container, path: '' } : { namespace: '', pod: '', container: '', path: chain.name };
}

function placeOfName(chain: string): Place {
  const [directory = '', container = ''] = chain.split('/');
  const [namespace = '', pod = '', uid = ''] = directory.split('_');
  return uid === '' ? { namespace: '', pod: '', container: '', path: chain } : { namespace, pod, container, path: '' };
}

function keyOf({ namespace, pod, container, path }: Place): string {
  return `${namespace}\0${pod}\0${container}\0${path}`;
}

function encode(place: Place, file: string, bytes: number): string {
  const row = JSON.stringify({ ...place, file, bytes });
  return `${crc32c(Buffer.from(row))} ${row}\n`;
}

function decode(line: string): { readonly place: Place; readonly file: string; readonly bytes: number } | undefined {
  const space = line.indexOf(' ');
  const text = line.slice(space + 1);
  if (space < 1 || crc32c(Buffer.from(text)) !== Number(line.slice(0, space))) return undefined;
  const { namespace, pod, container, path, file, bytes } = JSON.parse(text) as Place & { readonly file: string; readonly bytes: number };
  return { place: { namespace, pod, container, path }, file, bytes };
}
