/**
 * The benchmark of the agent: `node bench/agent.ts [--mb 500] [--only plain,json] [--pods 40,500] [--write]`. Reads container log files into a receiver that only counts, with spoor's agent in several settings, and with the
 * OpenTelemetry Collector where OTELCOL_BIN names its binary (or ~/.cache/spoor-bin/otelcol is there), one after the other. --write makes docs/performance-agent.md from the run. --profile writes a CPU profile of each
 * case beside its log, for Chrome's tools.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureReader, type CriCorpus, type ReaderFigures } from './agent-measure.ts';
import { agentPage } from './agent-page.ts';
import { agentCases, collector, spoorAgent, type AgentCase } from './agent-systems.ts';
import { root, work } from './corpus.ts';
import { commit } from './machine.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: path.resolve(root, '../shared/bench') },
    mb: { type: 'string', default: '500' },
    pods: { type: 'string', default: '40,500' },
    only: { type: 'string' },
    dist: { type: 'string' },
    'collector-version': { type: 'string', default: 'v0.160.0' },
    profile: { type: 'boolean', default: false },
    out: { type: 'string', default: path.join(work, 'performance-agent.md') },
    write: { type: 'boolean', default: false },
  },
});

const log = (text: string): void => void process.stderr.write(`${text}\n`);
const usual = path.join(os.homedir(), '.cache/spoor-bin/otelcol');
const binary = process.env['OTELCOL_BIN'] ?? (existsSync(usual) ? usual : undefined);
const only = options.only?.split(',');

function corpusOf(pods: number): CriCorpus {
  // Half as much for many pods: their files are short.
  const mb = pods > 100 ? Number(options.mb) / 2 : Number(options.mb);
  const folder = path.join(work, `cri-${mb}-${pods}`);
  const note = path.join(folder, 'corpus.json');
  if (!existsSync(note)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const said = execFileSync(process.execPath, [path.join(options.shared, 'cri-corpus.mjs'), '--out', folder, '--mb', String(mb), '--pods', String(pods)], { encoding: 'utf8' });
    writeFileSync(note, said);
  }
  const { lines, bytes } = JSON.parse(readFileSync(note, 'utf8')) as { readonly lines: number; readonly bytes: number };
  return { pods, lines, bytes, podsDir: path.join(folder, 'pods') };
}

/** Compiled sources that nothing changes while the run lasts. */
function freeze(): string {
  if (options.dist === undefined) execFileSync(process.execPath, [path.join(root, 'tools/build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const frozen = path.join(work, 'dist-agent');
  rmSync(frozen, { recursive: true, force: true });
  cpSync(options.dist ?? path.join(root, 'dist'), frozen, { recursive: true });
  return frozen;
}

const figures: ReaderFigures[] = [];

/** Written after each reader: a run of all of them takes a quarter of an hour. */
function writePage(): void {
  const page = agentPage({
    date: new Date().toISOString().slice(0, 10), commit: commit(root), cpu: os.cpus()[0]?.model.trim() ?? '?', node: process.versions.node, collector: binary === undefined ? null : options['collector-version'], figures,
  });
  mkdirSync(path.dirname(options.out), { recursive: true });
  writeFileSync(options.write ? path.join(root, 'docs/performance-agent.md') : options.out, page);
}

const dist = freeze();
for (const pods of options.pods.split(',').map(Number)) {
  const corpus = corpusOf(pods);
  const cases: readonly AgentCase[] = pods > 100 ? ['plain', 'default'] : agentCases;
  const profile = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${path.join(work, 'agent-profiles')}`] : [];
  const readers = [
    ...cases.map((id) => spoorAgent(dist, id, profile)),
    ...(binary === undefined ? [] : [collector(binary, 'plain'), ...(pods > 100 ? [] : [collector(binary, 'json')])]),
  ].filter(({ id }) => only === undefined || only.includes(id));
  for (const reader of readers) {
    const result = await measureReader(reader, corpus, options.shared);
    figures.push(result);
    writePage();
    log(`${pods} pods, ${reader.name}: ${(result.bytes / 1e6 / result.cpuSeconds).toFixed(1)} MB per CPU second, ${result.seconds.toFixed(1)} s, peak ${result.peakMiB} MiB, rest ${result.restMiB} MiB, delivered ${result.delivered ?? '?'} of ${result.lines}`);
  }
}
log(options.write ? 'docs/performance-agent.md' : options.out);
