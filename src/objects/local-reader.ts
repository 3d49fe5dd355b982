import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { checkKey } from './keys.ts';

/** Files kept open. */
const filesMax = 128;

/** Reads objects of a directory store there and then: for worker threads, which have nothing else to do meanwhile. */
export class LocalReader {
  readonly #root: string;
  readonly #files = new Map<string, number>();
  /** Reads so far, and what they brought. */
  reads = 0;
  bytesRead = 0;

  /** `directory`: that of the directory store. */
  constructor(directory: string) {
    this.#root = directory;
  }

  /** Bytes of an object; fewer than `length` where it ends. Throws whatever the file system says. */
  read(key: string, offset: number, length: number): Uint8Array {
    checkKey(key);
    const file = this.#open(key);
    const bytes = Buffer.allocUnsafeSlow(length);
    let at = 0;
    while (at < length) {
      const got = readSync(file, bytes, at, length - at, offset + at);
      if (got === 0) break;
      at += got;
    }
    this.reads += 1;
    this.bytesRead += at;
    return bytes.subarray(0, at);
  }

  #open(key: string): number {
    const known = this.#files.get(key);
    if (known !== undefined) {
      this.#files.delete(key);
      this.#files.set(key, known);
      return known;
    }
    const file = openSync(join(this.#root, key), 'r');
    this.#files.set(key, file);
    const [oldest] = this.#files;
    if (this.#files.size > filesMax && oldest !== undefined) {
      this.#files.delete(oldest[0]);
      closeSync(oldest[1]);
    }
    return file;
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }
}
