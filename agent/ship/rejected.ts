import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Batch } from '../buffer/batch.ts';
import { JsonRows } from './json-row.ts';
import type { RefusedRow } from './outcome.ts';

/**
 * The file that lines are put aside in which a destination refused for good: `<state_dir>/rejected/<destination>.ndjson`, JSON lines with the reason. At half its size it is renamed to
 * `….ndjson.1`, over the one before.
 */
export class RejectedFile {
  readonly path: string;
  readonly #bytesMax: number;
  readonly #nowMs: () => number;
  readonly #json = new JsonRows();
  #bytes = -1;

  constructor(path: string, bytesMax: number, nowMs: () => number) {
    this.path = path;
    this.#bytesMax = bytesMax;
    this.#nowMs = nowMs;
  }

  /** Writes rows, as far as they fit; how many. Throws what the disk says. */
  put(batch: Batch, rows: readonly RefusedRow[]): number {
    if (this.#bytesMax === 0) return 0;
    if (this.#bytes < 0) this.#bytes = this.#size();
    const refused = `,"refused":${JSON.stringify(new Date(this.#nowMs()).toISOString())}`;
    let pieces: Buffer[] = [];
    let bytes = 0;
    let written = 0;
    for (const { row, reason } of rows) {
      const line = Buffer.from(`${this.#json.row(batch, row, `${refused},"reason":${JSON.stringify(reason.slice(0, reasonMax))}`)}\n`);
      // What alone is over the limit is not worth more of the disk than was granted.
      if (line.length > this.#bytesMax / 2) continue;
      if (bytes + line.length > Math.min(pieceBytes, this.#bytesMax / 2)) {
        this.#append(pieces, bytes);
        pieces = [];
        bytes = 0;
      }
      pieces.push(line);
      bytes += line.length;
      written++;
    }
    this.#append(pieces, bytes);
    return written;
  }

  #append(pieces: readonly Buffer[], bytes: number): void {
    if (bytes === 0) return;
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax / 2) {
      renameSync(this.path, `${this.path}.1`);
      this.#bytes = 0;
    }
    appendFileSync(this.path, Buffer.concat(pieces), { mode: 0o600 });
    this.#bytes += bytes;
  }

  #size(): number {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    try {
      return statSync(this.path).size;
    } catch {
      return 0;
    }
  }
}

const reasonMax = 500;
const pieceBytes = 256 * 1024;
