import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seal } from '../../../../src/ingester/mod.ts';
import { defaultLimits, formatLabels, hashLabels, labelSet, SpoorError, type Label } from '../../../../src/model/mod.ts';
import type { PlainEntry } from '../../../support/batches.ts';
import { partitions, Stack, tenant, type StackOptions } from '../../../support/stack.ts';
import type { Asked, NaiveAnswer } from '../../naive/answers.ts';
import { keyOf } from '../../naive/logs.ts';
import type { NaiveRow } from '../../naive/stages.ts';
import type { GivenRow } from './rows.ts';

const never = new AbortController().signal;
const limits = { ...defaultLimits, max_query_series: 0, max_query_length: 0n, max_entries_limit_per_query: 0 };

/** How rows are stored: what the same rows and queries are tried on. */
export const storings: Readonly<Record<string, StackOptions>> = {
  'small shredded segments': {},
  'large shredded segments': { settings: { blockRows: 4096, blockBytes: 2 ** 20, segmentBytesMax: 2 ** 22 } },
  'plain segments': { seal: async (task) => seal({ ...task, shred: false }) },
};

/** Rows in a stack of its own, and beside it what was pushed. */
export class StoredRows {
  readonly #directory: string;
  readonly #options: StackOptions;
  #stack: Stack;
  #arrivals = 0;
  readonly rows: NaiveRow[] = [];

  private constructor(directory: string, options: StackOptions, stack: Stack) {
    this.#directory = directory;
    this.#options = options;
    this.#stack = stack;
  }

  static async open(options: StackOptions): Promise<StoredRows> {
    const directory = await mkdtemp(path.join(tmpdir(), 'spoor-equality-'));
    return new StoredRows(directory, options, await Stack.open(directory, options));
  }

  async push(rows: readonly GivenRow[]): Promise<void> {
    const partitionOf = ({ stream }: GivenRow): number => hashLabels(labelSet(Object.entries(stream))) % partitions;
    for (const [partition, own] of Map.groupBy(rows, partitionOf)) {
      const entries = own.map(({ stream, ...rest }): PlainEntry => ({ labels: stream, ...rest }));
      await this.#stack.append(partition, entries);
      // A record holds its entries stream by stream.
      for (const row of [...Map.groupBy(own, ({ stream }) => keyOf(stream)).values()].flat()) this.rows.push({ ...row, arrival: this.#arrivals++ });
    }
  }

  async flush(): Promise<void> {
    await this.#stack.ingester.flush();
  }

  async restart(): Promise<void> {
    await this.#stack.close();
    this.#stack = await Stack.open(this.#directory, this.#options);
  }

  async close(): Promise<void> {
    await this.#stack.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** What the engine answers, in the form of the naive evaluator. */
  async ask(query: string, asked: Asked): Promise<NaiveAnswer> {
    const shared = { tenant, query, limits, limit: asked.kind === 'log' ? asked.limit : 100, direction: asked.kind === 'log' ? asked.direction : ('backward' as const) };
    try {
      const answer =
        asked.kind === 'instant'
          ? await this.#stack.engine.query({ ...shared, kind: 'instant', timeNs: asked.timeNs }, never)
          : await this.#stack.engine.query({ ...shared, kind: 'range', startNs: asked.startNs, endNs: asked.endNs, stepNs: asked.kind === 'log' ? 1_000_000_000n : asked.stepNs, intervalNs: 0n }, never);
      switch (answer.resultType) {
        case 'streams':
          return {
            kind: 'rows',
            rows: answer.rows.map(({ timeNs, labels, line }) => {
              const { stream, structuredMetadata, parsed } = answer.labels[labels]!;
              return { timeNs, line: Buffer.from(line).toString(), labels: { stream: toObject(stream), structuredMetadata: toObject(structuredMetadata), parsed: toObject(parsed) } };
            }),
          };
        case 'vector':
          return { kind: 'series', series: answer.samples.map(({ labels, value }) => ({ labels: toObject(labels), values: [[answer.timeNs, value] as const] })) };
        case 'scalar':
          return { kind: 'series', series: [{ labels: {}, values: [[answer.timeNs, answer.value]] }] };
        case 'matrix':
          return {
            kind: 'series',
            series: answer.matrix.series.map(({ labels, values, present }) => ({
              labels: toObject(labels),
              values: [...present.keys()].filter((step) => present[step] === 1).map((step) => [answer.startNs + BigInt(step) * answer.stepNs, values[step] as number] as const),
            })),
          };
      }
    } catch (error) {
      if (error instanceof SpoorError) return { kind: 'error', codes: [error.code] };
      throw error;
    }
  }
}

function toObject(labels: readonly Label[]): Record<string, string> {
  return Object.fromEntries(labels.map(({ name, value }) => [name, value]));
}

/** An answer as text, by which two are compared: series in the order of their labels, numbers to ten digits, the words of errors left out. */
export function describeAnswer(answer: NaiveAnswer): string[] {
  if (answer.kind === 'error') return ['error'];
  const labels = (given: Readonly<Record<string, string>>): string =>
    formatLabels(Object.entries(given).map(([name, value]) => ({ name, value: name === '__error_details__' ? '…' : value })).sort((a, b) => (a.name < b.name ? -1 : 1)));
  if (answer.kind === 'rows') {
    return answer.rows.map(({ timeNs, line, labels: { stream, structuredMetadata, parsed } }) => `${timeNs} ${JSON.stringify(line)} ${labels(stream)} ${labels(structuredMetadata)} ${labels(parsed)}`);
  }
  return answer.series.flatMap((series) => series.values.map(([timeNs, value]) => `${labels(series.labels)} ${timeNs} ${round(value)}`)).sort();
}

function round(value: number): string {
  return Math.abs(value) < 1e-9 ? '0' : value.toPrecision(10);
}
