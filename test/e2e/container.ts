import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** A line as it must be answered. */
export interface WrittenLine {
  readonly timeNs: bigint;
  readonly line: string;
}

type StreamName = 'stdout' | 'stderr';

/** Gives each record of a test a time of its own, later than all before. */
export class RecordTimes {
  #nextNs: bigint;
  readonly #random: () => number;

  constructor(startNs: bigint, random: () => number) {
    this.#nextNs = startNs;
    this.#random = random;
  }

  next(): bigint {
    this.#nextNs += BigInt(1 + Math.floor(this.#random() * 400_000));
    return this.#nextNs;
  }
}

/**
 * Writes numbered lines into a container's log as containerd and the kubelet do: CRI records, long lines in parts, rotation by renaming while the runtime still
 * writes to the old file, compression of all rotated files but the latest, a new number after a restart. Nothing is deleted.
 */
export class Container {
  /** What was written, in the order of time. */
  readonly written: { readonly [stream in StreamName]: WrittenLine[] } = { stdout: [], stderr: [] };
  readonly pod: string;
  rotations = 0;
  readonly #folder: string;
  readonly #times: RecordTimes;
  readonly #random: () => number;
  readonly #unfinished = new Map<StreamName, { readonly timeNs: bigint; readonly text: string }>();
  #fd: number;
  #run = 0;
  #renamed = false;
  #lines = 0;

  constructor(podsDir: string, number: number, times: RecordTimes, random: () => number) {
    this.pod = `load-${number}`;
    this.#folder = path.join(podsDir, `crash_${this.pod}_00000000-0000-4000-8000-${String(number).padStart(12, '0')}`, 'main');
    this.#times = times;
    this.#random = random;
    mkdirSync(this.#folder, { recursive: true });
    this.#fd = openSync(this.#path, 'a');
  }

  get #path(): string {
    return path.join(this.#folder, `${this.#run}.log`);
  }

  /** Does some of what a container and its kubelet do in a hundredth of a second. */
  step(): void {
    if (this.#renamed && this.#random() < 0.5) this.#reopen();
    let text = '';
    for (let left = Math.floor(this.#random() * 15); left > 0; left--) text += this.#record();
    this.#write(text);
    const dice = this.#random();
    if (this.#renamed) return;
    if (dice < 0.02) this.#rename();
    else if (dice < 0.023) this.#restart();
  }

  /** Writes the rest of what is unfinished, and no more. */
  end(): void {
    this.#write(this.#endings());
    closeSync(this.#fd);
  }

  #record(): string {
    const stream = this.#random() < 0.3 ? 'stderr' : 'stdout';
    const timeNs = this.#times.next();
    const unfinished = this.#unfinished.get(stream);
    if (unfinished !== undefined) {
      const rest = ` … part at ${timeNs}`;
      const last = this.#random() < 0.5;
      const text = unfinished.text + rest;
      if (last) {
        this.#unfinished.delete(stream);
        this.written[stream].push({ timeNs: unfinished.timeNs, line: text });
      } else {
        this.#unfinished.set(stream, { timeNs: unfinished.timeNs, text });
      }
      return record(timeNs, stream, last ? 'F' : 'P', rest);
    }
    const line = `${this.pod} ${stream} line ${this.#lines++}${this.#random() < 0.1 ? ` trace_id=${timeNs.toString(16).padStart(32, '0')}` : ''}`;
    if (this.#random() < 0.1) {
      this.#unfinished.set(stream, { timeNs, text: line });
      return record(timeNs, stream, 'P', line);
    }
    this.written[stream].push({ timeNs, line });
    return record(timeNs, stream, 'F', line);
  }

  #endings(): string {
    let text = '';
    for (const [stream, unfinished] of this.#unfinished) {
      text += record(this.#times.next(), stream, 'F', ' end');
      this.written[stream].push({ timeNs: unfinished.timeNs, line: `${unfinished.text} end` });
    }
    this.#unfinished.clear();
    return text;
  }

  /** Writes in two pieces, so that a reader may see the first half of a record. */
  #write(text: string): void {
    const bytes = Buffer.from(text);
    const cut = Math.floor(this.#random() * bytes.length);
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) if (piece.length > 0) writeSync(this.#fd, piece);
  }

  /** The kubelet's half of a rotation: the runtime goes on writing to the file until it is told to open another. */
  #rename(): void {
    const rotation = ++this.rotations;
    const clock = [Math.floor(rotation / 3600), Math.floor(rotation / 60) % 60, rotation % 60].map((part) => String(part).padStart(2, '0')).join('');
    const before = readdirSync(this.#folder).filter((name) => name.startsWith(`${this.#run}.log.`) && !name.endsWith('.gz'));
    renameSync(this.#path, `${this.#path}.20261122-${clock}`);
    this.#renamed = true;
    for (const name of before) {
      const from = path.join(this.#folder, name);
      writeFileSync(`${from}.tmp`, gzipSync(readFileSync(from)));
      renameSync(`${from}.tmp`, `${from}.gz`);
      rmSync(from);
    }
  }

  #reopen(): void {
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, 'a');
    this.#renamed = false;
  }

  #restart(): void {
    this.#write(this.#endings());
    this.#run += 1;
    this.#reopen();
  }
}

function record(timeNs: bigint, stream: StreamName, tag: 'P' | 'F', text: string): string {
  const seconds = new Date(Number(timeNs / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${(timeNs % 1_000_000_000n).toString().padStart(9, '0')}Z ${stream} ${tag} ${text}\n`;
}
