/**
 * Replays ../shared/conformance three ways: rows in the heads (loaded, not flushed), rows in segments (loaded and flushed), and after a restart. Fails where a category passes fewer
 * cases than test/conformance/floor.json says; `--write` sets the floor to what passes now.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, ServerProcess } from '../test/support/server.ts';

const root = path.resolve(import.meta.dirname, '..');
const shared = path.resolve(root, '../shared/conformance');
const floorFile = path.join(root, 'test/conformance/floor.json');

interface Report {
  readonly pass: number;
  readonly total: number;
  readonly errorPass: number;
  readonly errorTotal: number;
  readonly categories: Readonly<Record<string, { readonly pass: number; readonly total: number }>>;
}

/** Cases that pass, by way and category. */
type Floor = Record<string, Record<string, number>>;

function replay(url: string, flags: readonly string[], out: string): Report {
  try {
    execFileSync(process.execPath, [path.join(shared, 'run.mjs'), '--url', url, '--json', out, '--show', '0', ...flags], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    // It exits 1 where any case fails; the report says which.
  }
  return JSON.parse(readFileSync(out, 'utf8')) as Report;
}

async function main(): Promise<number> {
  if (!existsSync(shared)) {
    process.stdout.write(`there is no ${shared}: nothing to replay\n`);
    return 0;
  }
  const directory = mkdtempSync(path.join(tmpdir(), 'spoor-conformance-'));
  const out = path.join(directory, 'report.json');
  const config = path.join(shared, 'spoor.yaml');
  const reports = new Map<string, Report>();
  try {
    for (const [way, flags] of [['heads', ['--load', '--no-flush']], ['segments', ['--load']]] as const) {
      process.stdout.write(`\n== ${way}\n`);
      const options = { dataDirectory: path.join(directory, way), port: await freePort(), config };
      const server = await ServerProcess.start(options);
      reports.set(way, replay(server.url, flags, out));
      await server.stop();
      if (way === 'segments') {
        process.stdout.write('\n== restarted\n');
        const again = await ServerProcess.start(options);
        reports.set('restarted', replay(again.url, [], out));
        await again.stop();
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const floor: Floor = {};
  for (const [way, { categories }] of reports) floor[way] = Object.fromEntries(Object.entries(categories).map(([name, { pass }]) => [name, pass]));
  if (process.argv.includes('--write')) {
    writeFileSync(floorFile, `${JSON.stringify(floor, null, 2)}\n`);
    return 0;
  }
  let below = 0;
  for (const [way, wanted] of Object.entries(JSON.parse(readFileSync(floorFile, 'utf8')) as Floor)) {
    for (const [category, pass] of Object.entries(wanted)) {
      const now = floor[way]?.[category] ?? 0;
      if (now >= pass) continue;
      below += 1;
      process.stdout.write(`${way}: ${category} passes ${now} cases, the floor is ${pass}\n`);
    }
  }
  for (const [way, { pass, total, errorPass, errorTotal }] of reports) {
    process.stdout.write(`${way}: answers ${pass - errorPass} of ${total - errorTotal}, errors ${errorPass} of ${errorTotal}\n`);
  }
  return below === 0 ? 0 : 1;
}

process.exitCode = await main();
