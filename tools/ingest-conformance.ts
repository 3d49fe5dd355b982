/**
 * Replays ../shared/ingest into an empty server. Every case has to be answered and stored as real Loki did, but those of test/ingest/better-than-loki.txt: each of them has to exist, to say why it is
 * there, and to differ still, and they have to be less than a twentieth of all. `--fail-list` names what the runner's own options name (`--only PREFIX` too).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { betterListFile, betterThanLoki } from '../test/ingest/list.ts';
import { freePort, ServerProcess } from '../test/support/server.ts';

const corpus = path.resolve(import.meta.dirname, '../../shared/ingest');
/** Greatest part of the cases that the list may have. */
const partMax = 0.05;

/** What this needs of the corpus' own runner. */
interface Runner {
  loadCases(folders: readonly string[]): readonly { readonly id: string }[];
  runCase(url: string, one: { readonly id: string }, run: string): Promise<{ readonly ok: boolean; readonly why: string }>;
}

interface Report {
  readonly pass: number;
  readonly total: number;
  readonly fails: readonly (readonly [id: string, why: string])[];
}

/** The runner's own replay of all cases that are not on the list. */
function replay(url: string, out: string, flags: readonly string[]): Report {
  const { status } = spawnSync(process.execPath, [path.join(corpus, 'run.mjs'), '--url', url, '--skip', betterListFile, '--json', out, ...flags], { stdio: 'inherit' });
  if (!existsSync(out)) throw new Error(`run.mjs wrote no report (exit code ${status})`);
  return JSON.parse(readFileSync(out, 'utf8')) as Report;
}

/** What is wrong with the list, a line each. */
async function checkList(url: string): Promise<readonly string[]> {
  const runner = (await import(pathToFileURL(path.join(corpus, 'run.mjs')).href)) as Runner;
  const cases = new Map(runner.loadCases([path.join(corpus, 'cases')]).map((one) => [one.id, one]));
  const list = betterThanLoki();
  const wrong: string[] = [];
  if (list.length >= cases.size * partMax) wrong.push(`the list has ${list.length} of ${cases.size} cases: ${partMax * 100} % or more`);
  for (const { id, reason } of list) {
    const one = cases.get(id);
    if (one === undefined) wrong.push(`${id} is on the list, but no case`);
    else if (reason === '') wrong.push(`${id} is on the list without a reason`);
    else if ((await runner.runCase(url, one, 'r1')).ok) wrong.push(`${id} is on the list, but does not differ`);
  }
  process.stdout.write(`${list.length} of ${cases.size} cases are answered better, ${((100 * list.length) / cases.size).toFixed(1)} %\n`);
  return wrong;
}

async function main(): Promise<number> {
  if (!existsSync(corpus)) {
    process.stdout.write(`there is no ${corpus}: nothing to replay\n`);
    return 0;
  }
  const directory = mkdtempSync(path.join(tmpdir(), 'spoor-ingest-'));
  try {
    const server = await ServerProcess.start({ dataDirectory: path.join(directory, 'data'), port: await freePort(), config: path.join(corpus, 'settings/spoor.yaml') });
    try {
      const { pass, total, fails } = replay(server.url, path.join(directory, 'report.json'), process.argv.slice(2));
      const wrong = await checkList(server.url);
      for (const [id, why] of fails) process.stdout.write(`${id}: ${why.slice(0, 500)}\n`);
      for (const line of wrong) process.stdout.write(`${line}\n`);
      process.stdout.write(`${pass} of ${total} cases pass\n`);
      return pass === total && total > 0 && wrong.length === 0 ? 0 : 1;
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main();
