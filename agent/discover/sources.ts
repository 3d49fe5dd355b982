import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock } from '../../src/model/mod.ts';
import type { AgentOptions } from '../config/schema.ts';
import type { ChainSet } from '../tail/chains.ts';
import { newTailCounts } from '../tail/figures.ts';
import type { LogFile } from '../tail/file.ts';
import { GapLedger } from '../tail/gaps.ts';
import { ReadTimes } from '../tail/read-times.ts';
import { StdinSpool } from '../tail/spool.ts';
import { FileDiscovery } from './files.ts';
import type { FileOrigin, FileSource } from './origin.ts';
import { Watching } from './watching.ts';

/** What the sources ask of the agent. */
export interface SourcePorts {
  chains(): ChainSet;
  /** Smallest offset up to which a file is delivered. */
  deliveredTo(file: LogFile): number;
  readonly failed: (path: string, error: unknown) => void;
  /** Whether logs that are found now were there before the agent knew anything. */
  readonly firstStart: () => boolean;
}

/** Name of the chain of standard input. */
export const stdinChain = 'stdin';

/** Logs that belong to no container, and what all reading shares: watches, times of reading, gaps, counts. */
export class Sources {
  readonly watching: Watching;
  readonly readTimes: ReadTimes;
  readonly gaps: GapLedger;
  readonly counts = newTailCounts();
  readonly #ports: SourcePorts;
  readonly #files: FileDiscovery | null;
  readonly #spool: StdinSpool | null;

  constructor(options: AgentOptions, ports: SourcePorts, log: Logger, clock: Clock) {
    const { read, state_dir: stateDir, pods_dir: podsDir } = options;
    this.#ports = ports;
    this.watching = new Watching(read.watch, (path, reason) => {
      log.warn({ path, reason }, 'a directory cannot be watched; such directories are looked at every read.poll_interval (said once; see fs.inotify.max_user_watches)');
    });
    this.readTimes = new ReadTimes(stateDir, clock, ports.failed);
    this.gaps = new GapLedger(stateDir, ports.failed);
    const sources = options.files.map((files, i) => {
      const source: FileSource = { name: `files[${i}]`, labels: files.labels, format: files.format, multiline: files.multiline, startAt: files.start_at ?? read.start_at };
      return { source, paths: files.paths, exclude: files.exclude };
    });
    this.#files = sources.length === 0 ? null : new FileDiscovery(
      { sources, podsDir: podsDir === false ? undefined : podsDir, scanIntervalMs: read.scan_interval, pollIntervalMs: read.poll_interval, watching: this.watching },
      {
        files: (origin, name, members, complete) => ports.chains().files(origin, name, members, origin.source.startAt === 'end' && ports.firstStart(), complete),
        changed: (name) => ports.chains().changed(name),
        skipped: (path) => {
          this.counts.skippedPaths++;
          log.warn({ path }, 'a pattern names what is no plain file; it is not read');
        },
        failed: ports.failed,
        knows: (name) => ports.chains().knows(name),
      },
      clock,
    );
    this.#spool = options.stdin === undefined ? null : this.#openSpool(options.stdin, stateDir);
  }

  /** Finds what is there. */
  async scan(): Promise<void> {
    this.#spool?.scan();
    await this.#files?.scan();
  }

  /** Goes on finding until the signal; standard input until it ends. */
  async run(signal: AbortSignal, input?: Readable): Promise<void> {
    await Promise.all([this.#files?.run(signal), this.#spool?.run(input ?? process.stdin, signal)]);
  }

  /** Whether standard input was read and has ended, and all of it is delivered. */
  get stdinDrained(): boolean {
    return this.#spool?.drained ?? false;
  }

  /** Lists the directory of a log now; false where it is none of these. */
  relist(name: string): boolean {
    if (!name.startsWith('/')) return false;
    this.#files?.relist(name);
    return true;
  }

  /** To be called about each second. */
  keep(): void {
    const files = Array.from(this.#ports.chains().chains.values(), ({ chain }) => chain.files).flat();
    this.readTimes.keep(files, (file) => this.#ports.deliveredTo(file));
    this.#spool?.sweep();
  }

  close(): void {
    this.#files?.close();
    this.#spool?.close();
    this.readTimes.close();
    this.gaps.close();
  }

  #openSpool(options: NonNullable<AgentOptions['stdin']>, stateDir: string): StdinSpool {
    const source: FileSource = { name: 'stdin', labels: options.labels, format: options.format, multiline: options.multiline, startAt: 'beginning' };
    const origin: FileOrigin = { source, path: stdinChain };
    return new StdinSpool(stateDir, {
      files: (members) => this.#ports.chains().files(origin, stdinChain, members, false, true),
      changed: () => this.#ports.chains().changed(stdinChain),
      deliveredTo: (inode) => {
        const file = this.#ports.chains().chains.get(stdinChain)?.chain.files.find((candidate) => candidate.inode === inode);
        return file === undefined ? 0 : this.#ports.deliveredTo(file);
      },
      failed: this.#ports.failed,
    });
  }
}
