import { readQueryAnswer, type Entry, type QueryAnswer } from './answers.ts';
import type { Client } from './client.ts';
import { exportEntries } from './export.ts';
import { Failure } from './failure.ts';
import { chooseLabels, commonLabels, formatLabels, subtractLabels, type LabelChoice, type Labels } from './labels.ts';
import type { Printer } from './printer.ts';
import type { Terminal } from './terminal.ts';

/** What log queries print, apart from the form of an entry. */
export interface ShowOptions {
  readonly choice: LabelChoice;
  readonly includeCommonLabels: boolean;
  /** Labels are padded to at least this many characters. */
  readonly labelsLength: number;
  readonly quiet: boolean;
  readonly stats: boolean;
}

/** A range query. */
export interface RangeQuery {
  readonly query: string;
  readonly startNs: bigint;
  /** Exclusive. */
  readonly endNs: bigint;
  /** Entries to print at most; 0 is all. */
  readonly limit: number;
  /** Entries of one request at most. */
  readonly batch: number;
  readonly forward: boolean;
  /** As written: `30s`, or undefined for the server's choice. */
  readonly stepSeconds: number | undefined;
  readonly intervalSeconds: number | undefined;
}

/** Runs a range query and prints what comes: without a limit as one answer where the server has such, else page by page. */
export async function runRangeQuery(client: Client, terminal: Terminal, printer: Printer, query: RangeQuery, show: ShowOptions): Promise<void> {
  const shower = new Shower(terminal, printer, show);
  const all = query.limit === 0 ? await exportEntries(client, query) : null;
  if (all !== null) {
    for await (const entries of all) await shower.showEntries(entries);
    return;
  }
  for await (const page of pages(client, query)) {
    if (page.answer.resultType === 'streams') await shower.showEntries(page.entries);
    else await shower.showResult(page.answer);
    shower.showRemarks(page.answer);
  }
}

/** Runs an instant query and prints its answer. */
export async function runInstantQuery(
  client: Client,
  terminal: Terminal,
  printer: Printer,
  query: { readonly query: string; readonly timeNs: bigint; readonly limit: number; readonly forward: boolean },
  show: ShowOptions,
): Promise<void> {
  const answer = readQueryAnswer(
    await client.get('/loki/api/v1/query', { query: query.query, limit: query.limit, time: query.timeNs, direction: query.forward ? 'FORWARD' : 'BACKWARD' }),
  );
  const shower = new Shower(terminal, printer, show);
  if (answer.resultType === 'streams') await shower.showEntries(inOrder(answer.entries, query.forward));
  else await shower.showResult(answer);
  shower.showRemarks(answer);
}

/** One page of a range query: new entries only, in the order of the query. */
export interface Page {
  readonly answer: QueryAnswer;
  readonly entries: readonly Entry[];
}

/**
 * The pages of a range query, beyond the server's limit per request. A page begins again at the last time of the one before, since entries
 * may share it; those that were there before are left out, each as often as it was there.
 */
export async function* pages(client: Client, query: RangeQuery): AsyncGenerator<Page> {
  let { startNs, endNs } = query;
  let batch = query.limit === 0 ? query.batch : Math.min(query.batch, query.limit);
  let before: readonly Entry[] = [];
  for (let total = 0; query.limit === 0 || total < query.limit; ) {
    const wanted = query.limit === 0 ? batch : Math.min(batch, query.limit - total + before.length);
    const answer = readQueryAnswer(
      await client.get('/loki/api/v1/query_range', {
        query: query.query,
        limit: wanted,
        start: startNs,
        end: endNs,
        direction: query.forward ? 'FORWARD' : 'BACKWARD',
        step: query.stepSeconds,
        interval: query.intervalSeconds,
      }),
    );
    const all = inOrder(answer.entries, query.forward);
    const entries = without(all, before);
    yield { answer, entries };
    const last = all.at(-1);
    if (answer.resultType !== 'streams' || last === undefined || all.length < wanted) return;
    total += entries.length;
    before = all.filter((entry) => entry.timeNs === last.timeNs);
    // A page full of one time would come again for ever: the next one must be larger.
    if (before.length >= batch) batch = before.length * 2;
    if (query.forward) startNs = last.timeNs;
    else endNs = last.timeNs + 1n;
  }
}

/** Entries of all streams in the order of time; those of equal times keep the order of the answer. */
export function inOrder(entries: readonly Entry[], forward: boolean): Entry[] {
  const sign = forward ? 1 : -1;
  return entries.toSorted((a, b) => (a.timeNs === b.timeNs ? 0 : a.timeNs < b.timeNs ? -sign : sign));
}

/** What makes two entries the same one: labels, time and line. */
export function entryKey(entry: Entry): string {
  return `${entry.timeNs} ${formatLabels(entry.labels)} ${entry.line}`;
}

function without(entries: readonly Entry[], before: readonly Entry[]): readonly Entry[] {
  if (before.length === 0) return entries;
  const timeNs = before[0]?.timeNs;
  const left = new Map<string, number>();
  for (const entry of before) left.set(entryKey(entry), (left.get(entryKey(entry)) ?? 0) + 1);
  return entries.filter((entry) => {
    if (entry.timeNs !== timeNs) return true;
    const count = left.get(entryKey(entry)) ?? 0;
    if (count > 0) left.set(entryKey(entry), count - 1);
    return count === 0;
  });
}

/** Prints answers; remembers between pages what need not be said twice. */
export class Shower {
  readonly #terminal: Terminal;
  readonly #printer: Printer;
  readonly #show: ShowOptions;
  #said = '';

  constructor(terminal: Terminal, printer: Printer, show: ShowOptions) {
    this.#terminal = terminal;
    this.#printer = printer;
    this.#show = show;
  }

  /** Prints entries; labels that all of them share are told once, on stderr. */
  async showEntries(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const { choice, includeCommonLabels, labelsLength, quiet } = this.#show;
    const streams = new Set(entries.map((entry) => entry.labels));
    // Labels asked for by name are shown on each line.
    const common = includeCommonLabels ? new Map<string, string>() : chooseLabels(commonLabels(streams), { include: [], exclude: choice.include });
    if (!quiet) this.#say(common);
    const shown = new Map<Labels, Labels>();
    let width = labelsLength;
    for (const labels of streams) {
      const chosen = chooseLabels(subtractLabels(labels, common), choice);
      shown.set(labels, chosen);
      width = Math.max(width, formatLabels(chosen).length);
    }
    await this.#printer.print(
      entries.map((entry) => ({ entry, shown: shown.get(entry.labels) ?? entry.labels })),
      width,
    );
  }

  /** Prints the result of a metric query as JSON. */
  async showResult(answer: QueryAnswer): Promise<void> {
    if (answer.result === undefined) throw new Failure('the server does not answer as Loki\'s API does: data.result is missing');
    await this.#terminal.out(`${JSON.stringify(answer.result, null, 2)}\n`);
  }

  /** Warnings always, statistics where asked for. */
  showRemarks(answer: QueryAnswer): void {
    for (const warning of answer.warnings) this.#terminal.note(`warning: ${warning}`);
    if (this.#show.stats) for (const [name, value] of flatten(answer.stats, '')) this.#terminal.note(`${name.padEnd(48)} ${value}`);
  }

  #say(common: Labels): void {
    const { choice } = this.#show;
    const lines = [
      ...(common.size > 0 ? [`Common labels: ${formatLabels(common)}`] : []),
      ...(choice.exclude.length > 0 ? [`Ignoring labels key: ${choice.exclude.join(',')}`] : []),
      ...(choice.include.length > 0 ? [`Print only labels key: ${choice.include.join(',')}`] : []),
    ];
    const text = lines.join('\n');
    if (text !== '' && text !== this.#said) this.#terminal.note(text);
    this.#said = text;
  }
}

function* flatten(value: unknown, prefix: string): Generator<[string, string]> {
  if (typeof value !== 'object' || value === null) {
    if (prefix !== '') yield [prefix, String(value)];
    return;
  }
  for (const [name, inner] of Object.entries(value)) yield* flatten(inner, prefix === '' ? name : `${prefix}.${name}`);
}
