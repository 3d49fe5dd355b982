/**
 * Replays ../shared/conformance in four states of the data: in the heads (loaded, not flushed), in segments (loaded and flushed), after a restart, and in both (flushed after every second batch, so that
 * segments overlap each other and the heads). Fails where a case fails that is not among the known differences, or a known difference has gone. `--only a,b` replays these ways only.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { corpusDir, knownDifferences } from '../test/conformance/corpus.ts';
import { Api } from '../test/support/api.ts';
import { freePort, ServerProcess } from '../test/support/server.ts';

interface Report {
  readonly pass: number;
  readonly total: number;
  readonly errorPass: number;
  readonly errorTotal: number;
  readonly failures: readonly { readonly id: string; readonly why: string }[];
}

interface Way {
  readonly name: string;
  /** Further flags of run.mjs. */
  readonly flags: readonly string[];
  /** Fills an empty server before the replay. */
  readonly fill?: (url: string) => Promise<void>;
  /** The way whose data it goes on with. */
  readonly after?: string;
}

const ways: readonly Way[] = [
  { name: 'heads', flags: ['--load', '--no-flush'] },
  { name: 'segments', flags: ['--load'] },
  { name: 'restarted', flags: [], after: 'segments' },
  { name: 'interleaved', flags: [], fill: loadInterleaved },
];

/** Posts the corpus' batches in the order in which its runner does, and flushes after every second one. */
async function loadInterleaved(url: string): Promise<void> {
  let batches = 0;
  for (const file of readdirSync(path.join(corpusDir, 'data')).filter((name) => name.endsWith('.ndjson')).sort()) {
    const api = new Api(url, { 'X-Scope-OrgID': path.basename(file, '.ndjson') });
    for (const body of readFileSync(path.join(corpusDir, 'data', file), 'utf8').split('\n').filter((line) => line !== '')) {
      await api.text('/loki/api/v1/push', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      batches += 1;
      if (batches % 2 === 0) await api.flush();
    }
  }
  process.stdout.write(`pushed ${batches} batches, ${batches >> 1} flushes\n`);
}

function replay(url: string, flags: readonly string[], out: string): Report {
  rmSync(out, { force: true });
  try {
    execFileSync(process.execPath, [path.join(corpusDir, 'run.mjs'), '--url', url, '--json', out, '--show', '0', ...flags], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    // It exits 1 where any case fails; the report says which.
  }
  return JSON.parse(readFileSync(out, 'utf8')) as Report;
}

async function run(chosen: readonly Way[]): Promise<Map<string, Report>> {
  const directory = mkdtempSync(path.join(tmpdir(), 'spoor-conformance-'));
  const reports = new Map<string, Report>();
  try {
    for (const { name, flags, fill, after } of chosen) {
      process.stdout.write(`\n== ${name}\n`);
      const server = await ServerProcess.start({ dataDirectory: path.join(directory, after ?? name), port: await freePort(), config: path.join(corpusDir, 'spoor.yaml') });
      try {
        await fill?.(server.url);
        reports.set(name, replay(server.url, flags, path.join(directory, 'report.json')));
      } finally {
        await server.stop();
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return reports;
}

/** What a way falls short of, a line each. */
function shortcomings(way: string, report: Report): string[] {
  const failed = new Map(report.failures.map(({ id, why }) => [id, why]));
  return [
    ...[...failed].filter(([id]) => !knownDifferences.includes(id)).map(([id, why]) => `${way}: ${id}: ${why}`),
    ...knownDifferences.filter((id) => !failed.has(id)).map((id) => `${way}: ${id} is known to differ, but does not`),
  ];
}

async function main(): Promise<number> {
  if (!existsSync(corpusDir)) {
    process.stdout.write(`there is no ${corpusDir}: nothing to replay\n`);
    return 0;
  }
  const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1]?.split(',') : undefined;
  const reports = await run(ways.filter(({ name }) => only?.includes(name) ?? true));
  process.stdout.write('\n');
  let short = 0;
  for (const [way, report] of reports) {
    const found = shortcomings(way, report);
    short += found.length;
    for (const line of found) process.stdout.write(`${line.slice(0, 500)}\n`);
    const { pass, total, errorPass, errorTotal } = report;
    process.stdout.write(`${way}: answers ${pass - errorPass} of ${total - errorTotal}, errors ${errorPass} of ${errorTotal}\n`);
  }
  return short === 0 ? 0 : 1;
}

process.exitCode = await main();
