/**
 * The benchmark: `npm run bench -- [--mb 256 --streams 120] [--write]`. Loads spoor, and Loki and VictoriaLogs where LOKI_BIN and VICTORIALOGS_BIN name their binaries, with the corpora
 * of ../shared/bench (250 MB and 1 GB unless one is named), one system after the other and each alone, asks all the same queries, then spoor again with its objects on S3 where there is a
 * MinIO binary. --write makes docs/performance.md and bench/last.json from the run; --check compares with bench/last.json instead and exits 1 where something got worse.
 * Figures of one run are comparable with each other only: machines are noisy.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compare, comparisonText } from './check.ts';
import { prepareCorpus, root, sizeName, work } from './corpus.ts';
import { calibrate, commit, dropFileCache, loadAverage } from './machine.ts';
import { measure, type Figures } from './measure.ts';
import { minioBinary } from './minio.ts';
import { page } from './page.ts';
import { readQueries } from './queries.ts';
import { lastFile, readLast, type Results, type SizeResult } from './results.ts';
import type { ProtocolsResult } from './protocols-page.ts';
import type { StreamsResult } from './streams-page.ts';
import { loki, spoor, victoriaLogs, type System } from './systems.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: path.resolve(root, '../shared/bench') },
    mb: { type: 'string' },
    streams: { type: 'string' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    systems: { type: 'string', default: 'spoor,s3,Loki,VictoriaLogs,discovery' },
    dist: { type: 'string' },
    'loki-version': { type: 'string', default: 'the binary of LOKI_BIN' },
    'victorialogs-version': { type: 'string', default: 'the binary of VICTORIALOGS_BIN' },
    out: { type: 'string', default: path.join(work, 'performance.md') },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    last: { type: 'string', default: lastFile },
  },
});

const log = (text: string): void => void process.stderr.write(`${text}\n`);
const wanted = new Set(options.systems.split(','));
const only = options.only?.split(',');
const binaries = { loki: binary('LOKI_BIN'), victoriaLogs: binary('VICTORIALOGS_BIN'), minio: minioBinary() };

/** What another bench has written, if it has. */
function lastOf(name: string): unknown {
  const file = path.join(import.meta.dirname, name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

/** A path in the environment, which must exist where it is given. */
function binary(variable: string): string | undefined {
  const named = process.env[variable];
  if (named === undefined || named === '') return undefined;
  if (!existsSync(named)) throw new Error(`${variable} names ${named}, which does not exist`);
  return named;
}

/** Compiled sources that nothing changes while the run lasts. */
function freeze(): string {
  if (options.dist === undefined) execFileSync(process.execPath, [path.join(root, 'tools/build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const frozen = path.join(work, 'dist');
  rmSync(frozen, { recursive: true, force: true });
  cpSync(options.dist ?? path.join(root, 'dist'), frozen, { recursive: true });
  return frozen;
}

function sizes(): readonly (readonly [mb: number, streams: number])[] {
  if (options.mb !== undefined) return [[Number(options.mb), Number(options.streams ?? (Number(options.mb) >= 1000 ? 600 : 120))]];
  return options.check ? [[256, 120]] : [[256, 120], [1150, 600]];
}

async function runSize(mb: number, streams: number, dist: string): Promise<SizeResult> {
  const corpus = prepareCorpus(options.shared, mb, streams);
  const all = readQueries(options.shared).filter(({ id }) => only === undefined || only.includes(id));
  const queries = all.filter(({ discovery }) => discovery !== true);
  const discovered = all.filter(({ discovery }) => discovery === true);
  const loadAverages: number[] = [];
  const run = async (system: System, asked: typeof all, minio?: Parameters<typeof measure>[3]['minio']): Promise<Figures> => {
    loadAverages.push(loadAverage());
    return measure(system, corpus, asked, { runs: Number(options.runs), log, ...(minio === undefined ? {} : { minio }) });
  };
  log(`corpus ${sizeName(corpus)}, ${streams} streams; load average ${loadAverage()}`);
  const before = calibrate();
  const systems = [await run(spoor({ dist }), queries)];
  if (binaries.victoriaLogs !== undefined && wanted.has('VictoriaLogs')) systems.push(await run(victoriaLogs(binaries.victoriaLogs), queries));
  if (binaries.loki !== undefined && wanted.has('Loki')) systems.push(await run(loki(binaries.loki), queries));
  const s3 = binaries.minio !== undefined && wanted.has('s3') && !options.check ? await run(spoor({ dist }), queries, { binary: binaries.minio, system: (environment) => spoor({ dist, environment }) }) : null;
  const discovery: Figures[] = [];
  // Once is enough, on the small corpus.
  if (discovered.length > 0 && wanted.has('discovery') && mb < 1000 && !options.check) {
    discovery.push(await run(spoor({ dist, discovery: true }), discovered));
    if (binaries.loki !== undefined && wanted.has('Loki')) discovery.push(await run(loki(binaries.loki, true), discovered));
  }
  return { mb, streams, rawBytes: corpus.manifest.rawBytes, lines: corpus.manifest.lines, calibrationMs: Math.min(before, calibrate()), loadAverages, systems, s3, discovery };
}

const dist = freeze();
const last = readLast(options.last);
const results: SizeResult[] = [];
const resultsFile = path.join(work, 'results.json');
const wholeRun = (): Results => ({
  date: new Date().toISOString().slice(0, 10),
  commit: commit(options.dist === undefined ? root : path.dirname(options.dist)),
  node: process.versions.node,
  cpus: os.cpus().length,
  cpuModel: (os.cpus()[0]?.model ?? 'unknown').trim(),
  memoryGiB: Math.round(os.totalmem() / 2 ** 30),
  versions: { ...(binaries.loki === undefined ? {} : { Loki: options['loki-version'] }), ...(binaries.victoriaLogs === undefined ? {} : { VictoriaLogs: options['victorialogs-version'] }) },
  fileCachesDropped: dropFileCache(dist),
  sizes: results,
});
for (const [mb, streams] of sizes()) {
  results.push(await runSize(mb, streams, dist));
  // A run that is broken off has not worked for nothing.
  writeFileSync(resultsFile, JSON.stringify(wholeRun(), null, 1));
}

if (options.check) {
  let bad = false;
  for (const now of results) {
    const before = last?.sizes.find((size) => size.mb === now.mb && size.streams === now.streams);
    if (last === null || before === undefined) throw new Error(`${options.last} has no figures for --mb ${now.mb} --streams ${now.streams}`);
    const comparison = compare(before, now);
    process.stdout.write(comparisonText(comparison, last.date));
    bad ||= comparison.compared.some(({ regressed }) => regressed) || comparison.otherAnswers.length > 0;
  }
  process.exitCode = bad ? 1 : 0;
} else {
  const streams = lastOf('last-streams.json') as StreamsResult | null;
  const protocols = lastOf('last-protocols.json') as ProtocolsResult | null;
  const expected = (size: SizeResult): ReadonlyMap<string, string> => prepareCorpus(options.shared, size.mb, size.streams).expected;
  const text = page(wholeRun(), readQueries(options.shared), expected, streams, protocols);
  writeFileSync(options.write ? path.join(root, 'docs/performance.md') : options.out, text);
  if (options.write) writeFileSync(lastFile, `${JSON.stringify(wholeRun(), null, 1)}\n`);
  log(options.write ? 'wrote docs/performance.md and bench/last.json' : `wrote ${options.out}`);
}
