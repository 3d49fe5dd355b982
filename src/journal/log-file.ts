import { fileHeaderBytes, type FileHeader } from './frame.ts';

/** Name of the file whose first record has this position. */
export function logFileName(first: number): string {
  return `${String(first).padStart(20, '0')}.journal`;
}

export const logFilePattern = /^\d{20}\.journal$/;

/** How far apart the marks of a file are. */
const markBytes = 2 ** 18;

/** What is known in memory of one journal file: its durable part, and marks to begin reading at. */
export class LogFile {
  readonly path: string;
  readonly first: number;
  readonly salt: number;
  #next: number;
  #length = fileHeaderBytes;
  /** Positions and where their frames begin, about every 256 KiB. */
  readonly #markPositions: number[] = [];
  readonly #markOffsets: number[] = [];

  constructor(path: string, header: Pick<FileHeader, 'first' | 'salt'>) {
    this.path = path;
    this.first = header.first;
    this.salt = header.salt;
    this.#next = header.first;
  }

  /** Position behind the last record. */
  get next(): number {
    return this.#next;
  }

  /** Bytes that are durable. */
  get length(): number {
    return this.#length;
  }

  /** Notes the next record, whose frame ends at file offset `end`. */
  add(end: number): void {
    if (this.#length - (this.#markOffsets.at(-1) ?? 0) >= markBytes) {
      this.#markPositions.push(this.#next);
      this.#markOffsets.push(this.#length);
    }
    this.#length = end;
    this.#next++;
  }

  /** A record at or before `position`, and the file offset of its frame. */
  seek(position: number): { readonly position: number; readonly offset: number } {
    let low = 0;
    let high = this.#markPositions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#markPositions[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? { position: this.first, offset: fileHeaderBytes } : { position: this.#markPositions[low - 1]!, offset: this.#markOffsets[low - 1]! };
  }
}
