/** The corpus of ../shared/bench: made once for each size by its own generator, fed by its own loader. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');

/** Where everything that a run makes lies; not in the repository. */
export const work = path.join(root, '.cache/bench');

/** What the generator says of a corpus. */
export interface Manifest {
  readonly rawBytes: number;
  readonly lines: number;
  readonly streams: number;
  readonly startMs: number;
  readonly sampleTrace: string;
  readonly needle: string;
}

export interface Corpus {
  readonly mb: number;
  readonly streams: number;
  readonly folder: string;
  readonly manifest: Manifest;
  /** What real Loki answered to the queries of ../shared/bench on this corpus, where that was recorded. */
  readonly expected: ReadonlyMap<string, string>;
}

/** What the loader prints. */
export interface Loaded {
  readonly seconds: number;
  readonly rawMBps: number;
  readonly serverCpuSeconds: number;
  readonly rawMBperCpuSecond: number;
  readonly allCpuSeconds: number;
  readonly allRawMBperCpuSecond: number;
  readonly p50ms: number;
  readonly p99ms: number;
  readonly peakMiB: number;
  readonly retries: number;
}

/** Makes the corpus unless it is there. The shared scripts are copied to where the package snappy can be resolved. */
export function prepareCorpus(shared: string, mb: number, streams: number): Corpus {
  mkdirSync(work, { recursive: true });
  for (const file of ['generate.mjs', 'load.mjs']) copyFileSync(path.join(shared, file), path.join(work, file));
  const folder = path.join(work, `corpus-${mb}-${streams}`);
  if (!existsSync(path.join(folder, 'manifest.json'))) script('generate.mjs', ['--out', folder, '--mb', String(mb), '--streams', String(streams)]);
  const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as Manifest;
  return { mb, streams, folder, manifest, expected: expectedDigests(path.join(shared, `expected-${mb}.json`), streams) };
}

/** The raw lines of a corpus as it is spoken of: 250 MB, 1 GB. */
export function sizeName({ manifest }: { readonly manifest: Manifest }): string {
  const megabytes = manifest.rawBytes / 1e6;
  return megabytes > 900 ? `${(megabytes / 1000).toFixed(1)} GB` : `${Math.round(megabytes)} MB`;
}

/** Pushes the corpus over four connections, asks the server to store everything, and waits until it has been idle for three seconds. */
export function load(corpus: Corpus, pushUrl: string, flushUrl: string, pid: number): Loaded {
  return JSON.parse(script('load.mjs', ['--dir', corpus.folder, '--url', pushUrl, '--pid', String(pid), '--flush', flushUrl])) as Loaded;
}

function script(name: string, args: readonly string[]): string {
  return execFileSync(process.execPath, [path.join(work, name), ...args], { encoding: 'utf8', maxBuffer: 2 ** 26, cwd: work });
}

function expectedDigests(file: string, streams: number): ReadonlyMap<string, string> {
  if (!existsSync(file)) return new Map();
  const { corpus, digests } = JSON.parse(readFileSync(file, 'utf8')) as { readonly corpus: string; readonly digests: Readonly<Record<string, string>> };
  return corpus.includes(`--streams ${streams} `) ? new Map(Object.entries(digests)) : new Map();
}
