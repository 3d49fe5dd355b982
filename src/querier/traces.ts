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
  // Whole words are told apart in the scan, so that `limit` counts entries that carry the ID, not those in which it is part of a longer word.
  const word = `(?s)(.*[^0-9A-Za-z])?${quoteRegex(query.id)}([^0-9A-Za-z].*)?`;
  const inText: Stage[] = [
    { kind: 'line_filter', op: '|=', alternatives: [{ value: query.id, ip: false }] },
    { kind: 'line_filter', op: '|~', alternatives: [{ value: `(^|[^0-9A-Za-z])${quoteRegex(query.id)}([^0-9A-Za-z]|$)`, ip: false }] },
  ];
  const inMetadata: Stage = {
    kind: 'label_filter',
    filter: idKeys
      .map((name) => ({ kind: 'string_filter' as const, matcher: { name, op: '=~' as const, value: word } }))
      .reduce<Extract<Stage, { kind: 'label_filter' }>['filter']>((left, right) => ({ kind: 'or', left, right }), neverFilter),
  };
  const snapshot = querier.snapshot();
  try {
    const found = new Map<string, TraceEntry>();
    for (const stages of [inText, [inMetadata]]) {
      const task: ScanTask = {
        tenant: query.tenant,
        matchers: [],
        startNs: query.startNs,
        endNs: query.endNs,
        stages,
        output: { kind: 'log', direction: 'forward', limit: query.limit + 1 },
      };
      for await (const batch of querier.scanSnapshot(task, snapshot, signal)) {
        if (batch.kind === 'batch') addEntries(found, batch);
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

function addEntries(found: Map<string, TraceEntry>, batch: Batch): void {
  for (const row of batch.rows) {
    const labels = batch.labels[row.labels];
    if (labels !== undefined) found.set(`${row.partition}/${row.position}/${row.index}`, { ...row, labels });
  }
}

function inOrder(a: TraceEntry, b: TraceEntry): number {
  if (a.timeNs !== b.timeNs) return a.timeNs < b.timeNs ? -1 : 1;
  return a.position - b.position || a.index - b.index || a.partition - b.partition;
}
