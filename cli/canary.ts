import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry } from './answers.ts';
import { CanaryLedger, type CanaryReport } from './canary-report.ts';
import type { Client } from './client.ts';
import { exportEntries } from './export.ts';
import { Failure } from './failure.ts';
import { entryKey, pages, type RangeQuery } from './query.ts';
import type { Terminal } from './terminal.ts';

/** What `spoor canary` is asked. */
export interface CanaryQuery {
  readonly selector: string;
  readonly startNs: bigint;
  /** Exclusive; undefined for now, and then it is also looked how long lines take. */
  readonly endNs: bigint | undefined;
  /** How long to look for new lines, milliseconds. */
  readonly watchMs: number;
  /** Distance of looks, and so how exact the delay is. */
  readonly pollMs: number;
  readonly graceMs: number;
  readonly nodesExpected: number;
  readonly json: boolean;
}

/** Exit code where lines are missing or double, or a node is silent: the server was asked and answered. */
export const incompleteExitCode = 2;

const pageEntries = 1000;
/** New lines may carry a time before the last look: they were on their way. */
const lookBackNs = 120_000_000_000n;

/** Asks the server for the lines of all canaries, and prints what is missing, double or late. Throws a Failure with exit code 2 where something is. */
export async function runCanary(client: Client, terminal: Terminal, query: CanaryQuery, clock: () => bigint, signal: AbortSignal): Promise<void> {
  const ledger = new CanaryLedger();
  const known = new Set<string>();
  const fromNs = clock();
  const watched = query.endNs === undefined && query.watchMs > 0;
  await look(client, range(query.selector, query.startNs, query.endNs ?? fromNs), (entry) => {
    ledger.add(entry);
    // Only lines of the last minutes can come again in what follows.
    if (watched && entry.timeNs > fromNs - lookBackNs) known.add(entryKey(entry));
  });
  if (watched) {
    const untilNs = fromNs + BigInt(query.watchMs) * 1_000_000n;
    while (clock() < untilNs && !signal.aborted) {
      await sleep(query.pollMs, undefined, { signal }).catch(() => undefined);
      const askedNs = clock();
      const start = fromNs - lookBackNs > query.startNs ? fromNs - lookBackNs : query.startNs;
      await look(client, range(query.selector, start, askedNs + lookBackNs), (entry) => {
        const key = entryKey(entry);
        if (known.has(key)) return;
        known.add(key);
        ledger.add(entry);
        // What was made before the first look may have been there for long.
        if (entry.timeNs >= fromNs) ledger.addDelay(entry, Number(clock() - entry.timeNs) / 1e6);
      });
    }
  }
  const report = ledger.report(query.endNs ?? clock(), query.graceMs, query.nodesExpected);
  await terminal.out(query.json ? `${JSON.stringify(report)}\n` : reportText(report));
  if (!report.complete) throw new Failure(verdictOf(report), 0, { exitCode: incompleteExitCode });
}

function range(query: string, startNs: bigint, endNs: bigint): RangeQuery {
  return { query, startNs, endNs, limit: 0, batch: pageEntries, forward: true, stepSeconds: undefined, intervalSeconds: undefined };
}

async function look(client: Client, query: RangeQuery, take: (entry: Entry) => void): Promise<void> {
  const all = await exportEntries(client, query);
  if (all !== null) for await (const entries of all) for (const entry of entries) take(entry);
  else for await (const page of pages(client, query)) for (const entry of page.entries) take(entry);
}

function verdictOf({ missing, doubles, silent, nodes, nodesExpected }: CanaryReport): string {
  const found = [
    ...(nodes.length < nodesExpected ? [`${nodes.length} of ${nodesExpected} nodes found`] : []),
    ...(missing > 0 ? [`${missing} lines missing`] : []), ...(doubles > 0 ? [`${doubles} lines double`] : []), ...(silent > 0 ? [`${silent} nodes silent`] : []),
  ];
  return `not complete: ${found.join(', ')}`;
}

function reportText(report: CanaryReport): string {
  const rows = [['node', 'lines', 'missing', 'double', 'restarts', 'newest', 'delay p50', 'p99', 'max', '']];
  for (const { node, cluster, lines, missing, doubles, restarts, newestAgeSeconds, silent, delayMs } of report.nodes) {
    const ms = (value: number | undefined): string => (value === undefined ? '-' : `${value} ms`);
    rows.push([
      `${cluster === null ? '' : `${cluster}/`}${node}`, String(lines), String(missing), String(doubles), String(restarts), `${newestAgeSeconds.toFixed(1)} s ago`,
      ms(delayMs?.p50), ms(delayMs?.p99), ms(delayMs?.max), [...(missing > 0 ? ['LOSS'] : []), ...(doubles > 0 ? ['DOUBLES'] : []), ...(silent ? ['SILENT'] : [])].join(' ') || 'ok',
    ]);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  let text = rows.map((row) => `${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}\n`).join('');
  for (const { node, runs } of report.nodes) {
    for (const { run, missingRanges, missing } of runs) {
      if (missing > 0) text += `${node}: missing of run ${run}: ${missingRanges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')}\n`;
    }
  }
  return text;
}
