/**
 * Fuzzes the language by hand: random and mutated queries, lines of any bytes on every stage, regular expressions against re2js, templates.
 *
 *     node test/fuzz/run.ts [--seed 1] [--count 1000000] [--from 0] [--budget 5000] [--keep-going]
 *
 * Cases run in a worker that is watched: one that takes longer than `budget` milliseconds is a stall, is told, and passed over in a new worker. Exits 1 where
 * anything was found. `--seed` and `--from` of a report with `--count 1` run one case again.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runCases, type Tally } from './campaign.ts';

interface Job {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
}
type Message = { readonly kind: 'begin'; readonly number: number; readonly what: string } | { readonly kind: 'done'; readonly tally: Tally } | { readonly kind: 'failed'; readonly text: string };

/** Cases between two reports of a worker. */
const slice = 500;

if (isMainThread) await watch();
else await work(workerData as Job);

async function work({ seed, from, count }: Job): Promise<void> {
  const send = (message: Message): void => parentPort?.postMessage(message, []);
  for (let at = from; at < from + count; at += slice) {
    try {
      send({ kind: 'done', tally: await runCases(seed, at, Math.min(slice, from + count - at), (number, what) => send({ kind: 'begin', number, what })) });
    } catch (error) {
      send({ kind: 'failed', text: error instanceof Error ? `${error.message}\n  ${error.cause instanceof Error ? (error.cause.stack ?? '') : String(error.cause)}` : String(error) });
      return;
    }
  }
}

async function watch(): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1000000' }, from: { type: 'string', default: '0' }, budget: { type: 'string', default: '5000' }, 'keep-going': { type: 'boolean', default: false } },
  });
  const [seed, budget, end] = [Number(values.seed), Number(values.budget), Number(values.from) + Number(values.count)];
  const total: Tally = {};
  let found = 0;
  for (let next = Number(values.from); next < end; ) {
    const { last, problem } = await runWorker({ seed, from: next, count: end - next }, budget, total);
    if (problem === null) break;
    found += 1;
    process.stdout.write(`${problem}\n`);
    if (!values['keep-going'] && found >= 20) break;
    next = last + 1;
  }
  process.stdout.write(`${JSON.stringify(total, null, 1)}\nseed ${seed}: ${found} found\n`);
  process.exitCode = found === 0 ? 0 : 1;
}

/** Runs a worker to its end, or to the first failure or stall; tells which case was its last. */
async function runWorker(job: Job, budgetMs: number, total: Tally): Promise<{ readonly last: number; readonly problem: string | null }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  let last = job.from;
  let what = '';
  let since = Date.now();
  return new Promise((resolve) => {
    const end = (problem: string | null): void => {
      clearInterval(timer);
      void worker.terminate();
      resolve({ last, problem });
    };
    const timer = setInterval(() => {
      if (Date.now() - since > budgetMs) end(`STALL: case ${last} of seed ${job.seed} takes more than ${budgetMs} ms: ${what}`);
    }, 100);
    worker.on('message', (message: Message) => {
      since = Date.now();
      if (message.kind === 'begin') ({ number: last, what } = message);
      else if (message.kind === 'failed') end(`FAILED: ${message.text}`);
      else {
        for (const [kind, counts] of Object.entries(message.tally)) {
          const into = (total[kind] ??= {});
          for (const [outcome, count] of Object.entries(counts)) into[outcome] = (into[outcome] ?? 0) + count;
        }
      }
    });
    worker.on('error', (error) => end(`CRASH: after case ${last} of seed ${job.seed}: ${what}: ${error.stack ?? error.message}`));
    worker.on('exit', () => end(null));
  });
}
