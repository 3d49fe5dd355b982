/** The queries, and how each system is asked: those of ../shared/bench and more shapes of our own (queries.json), with their twins in LogsQL. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Corpus, Manifest } from './corpus.ts';
import type { System } from './systems.ts';

export interface Query {
  readonly id: string;
  readonly about?: string;
  readonly kind: 'instant' | 'range' | 'logs';
  readonly query: string;
  readonly logsql?: string;
  readonly step?: number;
  readonly limit?: number;
  readonly direction?: 'forward';
  /** Part of the six hours that is asked for; all without them. */
  readonly fromMinute?: number;
  readonly toMinute?: number;
  /** Asks for what the server discovers when lines come in. */
  readonly discovery?: boolean;
  /** One of ../shared/bench, for which the issue names marks. */
  readonly shared: boolean;
}

/** One answer. */
export interface Answer {
  readonly ms: number;
  /** Entries and a hash, or series, samples, their sum and a hash, in the form of ../shared/bench; of VictoriaLogs without the hash. */
  readonly digest: string;
  /** Entries, or the sum of samples: what can be compared between languages. */
  readonly amount: number;
}

/** All queries in the order in which they are asked. */
export function readQueries(shared: string): readonly Query[] {
  const own = JSON.parse(readFileSync(path.join(import.meta.dirname, 'queries.json'), 'utf8')) as { readonly twins: Readonly<Record<string, string>>; readonly queries: readonly Omit<Query, 'shared'>[] };
  const given = JSON.parse(readFileSync(path.join(shared, 'queries.json'), 'utf8')) as readonly Omit<Query, 'shared'>[];
  return [...given.map((query) => ({ ...query, ...(own.twins[query.id] === undefined ? {} : { logsql: own.twins[query.id]! }), shared: true })), ...own.queries.map((query) => ({ ...query, shared: false }))];
}

/** Puts the corpus's own words in; needles are cut elsewhere in each run. */
export function fill(text: string, manifest: Manifest, run: number): string {
  return text
    .replaceAll('$CUT_NEEDLE', cut(manifest.needle, 9, run))
    .replaceAll('$CUT_TRACE', cut(manifest.sampleTrace, 14, run))
    .replaceAll('$NEEDLE', manifest.needle)
    .replaceAll('$TRACE', manifest.sampleTrace);
}

/** A piece of at least `least` characters at an offset that depends on the run and never takes the whole. */
function cut(text: string, least: number, run: number): string {
  const random = createHash('sha256').update(`${text}/${run}`).digest();
  const length = least + (random[0]! % (text.length - least));
  const start = random[1]! % (text.length - length + 1);
  return text.slice(start, start + length);
}

/** Asks a system. Each run asks for another millisecond, so that no cache of whole answers helps. */
export async function ask(system: System, url: string, query: Query, corpus: Corpus, run: number): Promise<Answer> {
  const { startMs } = corpus.manifest;
  const from = startMs + (query.fromMinute ?? 0) * 60_000;
  const to = startMs + (query.toMinute ?? 7 * 60) * 60_000 + run;
  const request = system.language === 'LogQL' ? logQl(query, corpus.manifest, from, to, run) : logsQl(query, corpus.manifest, from, to, run);
  const began = performance.now();
  const response = await fetch(url + request, { signal: AbortSignal.timeout(180_000) });
  const text = await response.text();
  const ms = performance.now() - began;
  if (!response.ok) return { ms, digest: `ERROR ${response.status} ${text.slice(0, 120).trim()}`, amount: Number.NaN };
  return { ms, ...(system.language === 'LogQL' ? digestOf(text) : amountOf(text, query)) };
}

const nanoseconds = (ms: number): string => `${Math.floor(ms)}000000`;

function logQl(query: Query, manifest: Manifest, from: number, to: number, run: number): string {
  const parameters = new URLSearchParams({ query: fill(query.query, manifest, run) });
  if (query.kind === 'instant') parameters.set('time', nanoseconds(to));
  else {
    parameters.set('start', nanoseconds(from));
    parameters.set('end', nanoseconds(to));
  }
  if (query.step !== undefined) parameters.set('step', String(query.step));
  if (query.limit !== undefined) parameters.set('limit', String(query.limit));
  if (query.direction !== undefined) parameters.set('direction', query.direction);
  return `/loki/api/v1/${query.kind === 'instant' ? 'query' : 'query_range'}?${parameters.toString()}`;
}

function logsQl(query: Query, manifest: Manifest, from: number, to: number, run: number): string {
  const parameters = new URLSearchParams({ query: fill(query.logsql ?? '', manifest, run), start: nanoseconds(from), end: nanoseconds(to) });
  if (query.limit !== undefined && query.direction === undefined) parameters.set('limit', String(query.limit));
  return `/select/logsql/query?${parameters.toString()}`;
}

interface LokiAnswer {
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly stream?: Readonly<Record<string, string>>;
      readonly metric?: Readonly<Record<string, string>>;
      readonly values?: readonly (readonly [string | number, string])[];
      readonly value?: readonly [string | number, string];
    }[];
  };
}

/** The digest of ../shared/bench/query.mjs: equal for systems that answer alike. */
export function digestOf(text: string): Omit<Answer, 'ms'> {
  const { resultType, result } = (JSON.parse(text) as LokiAnswer).data;
  const rows: string[] = [];
  let sum = 0;
  for (const series of result) {
    for (const [time, value] of series.values ?? [series.value!]) {
      if (resultType === 'streams') rows.push(`${sortedLabels(series.stream ?? {})} ${time} ${value}`);
      else {
        sum += Number(value);
        rows.push(`${sortedLabels(series.metric ?? {})} ${series.values === undefined ? '' : time} ${Number(Number(value).toPrecision(9))}`);
      }
    }
  }
  const hash = createHash('sha256').update(rows.sort().join('\n')).digest('hex').slice(0, 10);
  if (resultType === 'streams') return { digest: `${rows.length} entries #${hash}`, amount: rows.length };
  return { digest: `${result.length} series, ${rows.length} samples, sum ${Number(sum.toPrecision(8))} #${hash}`, amount: sum };
}

function sortedLabels(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function amountOf(text: string, { kind }: Query): Omit<Answer, 'ms'> {
  const rows = text.split('\n').filter((line) => line !== '');
  if (kind === 'logs') return { digest: `${rows.length} entries`, amount: rows.length };
  const sum = rows.reduce((total, row) => total + (Number((JSON.parse(row) as { readonly value?: string }).value) || 0), 0);
  return { digest: `${rows.length} samples, sum ${Number(sum.toPrecision(8))}`, amount: sum };
}
