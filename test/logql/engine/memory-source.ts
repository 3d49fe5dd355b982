import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { compileMatcher, createScanner, mergeBatches, type Batch, type LogSource, type Partial, type ScanTask } from '../../../src/logql/mod.ts';
import { dayOf, dayStartNs, formatLabels, type BytesColumn, type Label, type LabelSet, type RowBlock } from '../../../src/model/mod.ts';

/** An entry as a test makes it. */
export interface Entry {
  readonly timeNs: bigint;
  readonly line: string | Uint8Array;
  readonly metadata?: readonly Label[];
}

interface StoredRow {
  readonly timeNs: bigint;
  readonly line: Uint8Array;
  readonly metadata: Uint8Array;
  readonly position: number;
  readonly index: number;
}

interface StoredStream {
  readonly labels: LabelSet;
  readonly rows: StoredRow[];
}

/**
 * A LogSource over arrays: what the real ones do with heads and segments, in the plainest way. `scanners` spreads the streams' days over so many
 * scanners, as a querier does over workers.
 */
export class MemorySource implements LogSource {
  readonly #tenants = new Map<string, Map<string, StoredStream>>();
  readonly #scanners: number;
  #position = 0;

  constructor(scanners = 1) {
    this.#scanners = scanners;
  }

  /** Adds the entries of one push. Equal ones (stream, time, line, metadata) are one. */
  push(tenant: string, streams: readonly { readonly labels: LabelSet; readonly entries: readonly Entry[] }[]): void {
    const position = ++this.#position;
    const known = this.#tenants.get(tenant) ?? new Map<string, StoredStream>();
    this.#tenants.set(tenant, known);
    let index = 0;
    for (const { labels, entries } of streams) {
      const key = formatLabels(labels);
      const stream = known.get(key) ?? { labels, rows: [] };
      known.set(key, stream);
      for (const { timeNs, line, metadata = [] } of entries) {
        stream.rows.push({ timeNs, line: Buffer.from(line), metadata: Buffer.from(encodeMetadata(metadata)), position, index: index++ });
      }
    }
  }

  async *scan(task: ScanTask, signal: AbortSignal): AsyncGenerator<Batch | Partial> {
    signal.throwIfAborted();
    const matchers = task.matchers.map(compileMatcher);
    const scanners = Array.from({ length: this.#scanners }, () => createScanner(task));
    let next = 0;
    for (const stream of this.#tenants.get(task.tenant)?.values() ?? []) {
      const value = (name: string): string => stream.labels.find((label) => label.name === name)?.value ?? '';
      if (!matchers.every((matcher) => matcher.matches(value(matcher.name)))) continue;
      for (const block of blocksOf(stream, task.startNs, task.endNs)) scanners[next++ % scanners.length]?.add(block);
    }
    const results = scanners.map((scanner) => scanner.finish());
    const batches = results.filter((result) => result.kind === 'batch');
    if (batches.length > 0) yield mergeBatches(task, batches);
    for (const result of results) if (result.kind === 'partial') yield result;
  }
}

/** The stream's rows in [startNs, endNs), a block per day, in total order and without duplicates. */
function blocksOf(stream: StoredStream, startNs: bigint, endNs: bigint): RowBlock[] {
  const rows = stream.rows.filter((row) => row.timeNs >= startNs && row.timeNs < endNs);
  rows.sort((a, b) => (a.timeNs === b.timeNs ? a.position - b.position || a.index - b.index : a.timeNs < b.timeNs ? -1 : 1));
  const seen = new Set<string>();
  const unique = rows.filter((row) => {
    const key = `${row.timeNs} ${Buffer.from(row.line).toString('latin1')} ${Buffer.from(row.metadata).toString('latin1')}`;
    return !seen.has(key) && seen.add(key);
  });
  return [...Map.groupBy(unique, (row) => dayOf(row.timeNs))].map(([day, list]): RowBlock => ({
    rows: list.length,
    day,
    streams: [stream.labels],
    stream: new Uint32Array(list.length),
    time: Float64Array.from(list, (row) => Number(row.timeNs - dayStartNs(day))),
    order: {
      position: Float64Array.from(list, (row) => row.position),
      index: Uint32Array.from(list, (row) => row.index),
      partition: new Uint32Array(list.length),
    },
    lineLength: Uint32Array.from(list, (row) => row.line.length),
    lines: column(list.map((row) => row.line)),
    metadata: column(list.map((row) => row.metadata)),
  }));
}

function column(parts: readonly Uint8Array[]): BytesColumn {
  const start = new Uint32Array(parts.length);
  const length = Uint32Array.from(parts, (part) => part.length);
  for (let i = 1; i < parts.length; i++) start[i] = (start[i - 1] as number) + (length[i - 1] as number);
  return { bytes: Buffer.concat(parts), start, length };
}
