import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodeErrorLine, encodeRowLines, TenantsSource, type Batch, type LogPlan, type ScanTask } from '../../logql/mod.ts';
import { SpoorError, type Limits } from '../../model/mod.ts';
import { tooMany, walkRows } from '../../querier/mod.ts';
import type { HttpParts } from '../parts.ts';
import { queryTurn } from '../query-turn.ts';
import { streamAnswer } from '../stream-answer.ts';

/** The media type of JSON lines. */
export const ndjsonType = 'application/x-ndjson';

/** Whether a client asks for JSON lines by name. */
export function acceptsNdjson(accept: string): boolean {
  return accept.split(',').some((item) => item.split(';')[0]?.trim().toLowerCase() === ndjsonType);
}

/**
 * Answers a log query with every matching row as JSON lines, however many there are. query_timeout is not for the whole of it but for each wait: for the next page of
 * rows, and for a client that takes nothing.
 */
export async function exportAnswer(request: FastifyRequest, reply: FastifyReply, parts: Pick<HttpParts, 'querier' | 'labels' | 'clock' | 'queues' | 'limits'>, plan: LogPlan, limits: Limits): Promise<FastifyReply> {
  const timeoutMs = Number(limits.query_timeout / 1_000_000n);
  const { signal, done } = await queryTurn(reply, parts, plan.task.tenant, 'export', Number.POSITIVE_INFINITY);
  const late = new AbortController();
  const source = new TenantsSource({ scan: (task, stop) => walkRows(parts.querier, { task }, stop) });
  const rows = withInterval(batchesOf(source.scan(plan.task, AbortSignal.any([signal, late.signal]))), plan);
  const lookbackNs = limits.max_query_lookback > 0n ? parts.clock.nowNs() - limits.max_query_lookback : null;
  try {
    await checkRead(parts, plan.task, signal);
    const body = lookbackNs !== null && plan.task.endNs < lookbackNs ? [] : lines(inTime(rows, timeoutMs, late));
    return await streamAnswer(request, reply, body, { type: ndjsonType, stallMs: timeoutMs, lastWords: encodeErrorLine });
  } finally {
    done();
  }
}

/** How much it will read is known by the index beforehand. */
async function checkRead(parts: Pick<HttpParts, 'labels'>, task: ScanTask, signal: AbortSignal): Promise<void> {
  if (task.unselectiveBytesMax === undefined) return;
  const { bytes } = await parts.labels.stats(task, signal);
  if (bytes > task.unselectiveBytesMax) throw tooMany(task, bytes);
}

async function* lines(batches: AsyncIterable<Batch>): AsyncGenerator<Buffer> {
  for await (const batch of batches) yield* encodeRowLines(batch);
}

async function* batchesOf(results: AsyncIterable<{ readonly kind: string }>): AsyncGenerator<Batch> {
  for await (const result of results) if (result.kind === 'batch') yield result as Batch;
}

/** Leaves out rows that lie less than the interval behind the one before, and those beyond the limit. */
async function* withInterval(batches: AsyncIterable<Batch>, { intervalNs, limit }: LogPlan): AsyncGenerator<Batch> {
  let last: bigint | null = null;
  let left = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  for await (const batch of batches) {
    const rows: Batch['rows'][number][] = [];
    for (const row of batch.rows) {
      if (left === 0) break;
      const distance: bigint = last === null ? intervalNs : row.timeNs > last ? row.timeNs - last : last - row.timeNs;
      if (distance < intervalNs) continue;
      rows.push(row);
      last = row.timeNs;
      left -= 1;
    }
    if (rows.length > 0) yield rows.length === batch.rows.length ? batch : { ...batch, rows };
    if (left === 0) return;
  }
}

/** Gives up with `query_timeout` when the next batch does not come in time. */
async function* inTime(batches: AsyncGenerator<Batch>, timeoutMs: number, late: AbortController): AsyncGenerator<Batch> {
  try {
    for (;;) {
      const timer = setTimeout(() => late.abort(new SpoorError('query_timeout')), Math.min(timeoutMs, 2 ** 31 - 1));
      const next = await batches.next().finally(() => clearTimeout(timer));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await batches.return(undefined);
  }
}
