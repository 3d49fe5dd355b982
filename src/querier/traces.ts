import type { Batch, OutputLabels, OutputRow, ScanTask, Stage } from '../logql/mod.ts';
import type { Querier } from './querier.ts';

/** What of a trace is asked for. Times are nanoseconds; the end is not included. */
export interface TraceQuery {
  readonly tenant: string;
  readonly id: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Entries at most; the earliest are kept. */
  readonly limit: number;
}

/** One entry that carries the ID. */
export interface TraceEntry extends Omit<OutputRow, 'labels'> {
  readonly labels: OutputLabels;
}

export interface Trace {
  /** In total order. */
  readonly entries: readonly TraceEntry[];
  /** There are more than `limit`. */
  readonly truncated: boolean;
}

/** Names under which trace and request IDs stand in structured metadata. */
const idKeys = ['trace_id', 'traceId', 'traceID', 'traceid', 'request_id', 'requestId', 'correlation_id', 'correlationId', 'traceparent'] as const;

/**
 * All entries of a tenant that carry an ID, in the text or in structured metadata, across streams, in time order. As part of a longer word an ID
 * does not count. Reads everything in the time range.
 */
export async function findTrace(querier: Querier, query: TraceQuery, signal: AbortSignal): Promise<Trace> {
  const inText: Stage = { kind: 'line_filter', op: '|=', alternatives: [{ value: query.id, ip: false }] };
  const inMetadata: Stage = {
    kind: 'label_filter',
    filter: idKeys
      .map((name) => ({ kind: 'string_filter' as const, matcher: { name, op: '=~' as const, value: `(?s)(.*[^0-9A-Za-z])?${quoteRegex(query.id)}([^0-9A-Za-z].*)?` } }))
      .reduce<Extract<Stage, { kind: 'label_filter' }>['filter']>((left, right) => ({ kind: 'or', left, right }), neverFilter),
  };
  const snapshot = querier.snapshot();
  try {
    const found = new Map<string, TraceEntry>();
    for (const stage of [inText, inMetadata]) {
      const task: ScanTask = {
        tenant: query.tenant,
        matchers: [],
        startNs: query.startNs,
        endNs: query.endNs,
        stages: [stage],
        output: { kind: 'log', direction: 'forward', limit: query.limit + 1 },
      };
      for await (const batch of querier.scanSnapshot(task, snapshot, signal)) {
        if (batch.kind === 'batch') addEntries(found, batch, stage === inText ? query.id : null);
      }
    }
    const entries = [...found.values()].sort(inOrder);
    return { entries: entries.slice(0, query.limit), truncated: entries.length > query.limit };
  } finally {
    snapshot.release();
  }
}

const neverFilter = { kind: 'string_filter' as const, matcher: { name: 'trace_id', op: '=' as const, value: '\u0000' } };

function quoteRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function addEntries(found: Map<string, TraceEntry>, batch: Batch, id: string | null): void {
  for (const row of batch.rows) {
    const labels = batch.labels[row.labels];
    if (labels === undefined || (id !== null && !holdsWord(row.line, id))) continue;
    found.set(`${row.partition}/${row.position}/${row.index}`, { ...row, labels });
  }
}

/** Whether the text stands in the line with no letter or digit on either side. */
function holdsWord(line: Uint8Array, word: string): boolean {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const length = Buffer.byteLength(word);
  for (let at = bytes.indexOf(word); at >= 0; at = bytes.indexOf(word, at + 1)) if (!isWordByte(bytes[at - 1]) && !isWordByte(bytes[at + length])) return true;
  return false;
}

function isWordByte(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122));
}

function inOrder(a: TraceEntry, b: TraceEntry): number {
  if (a.timeNs !== b.timeNs) return a.timeNs < b.timeNs ? -1 : 1;
  return a.position - b.position || a.index - b.index || a.partition - b.partition;
}
