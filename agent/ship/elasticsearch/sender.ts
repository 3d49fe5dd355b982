import { gzipSync } from 'node:zlib';
import type { Batch } from '../../buffer/batch.ts';
import { judge } from '../answer.ts';
import { parseRetryAfter } from '../backoff.ts';
import { HttpSender } from '../http-sender.ts';
import type { HttpTarget } from '../http-target.ts';
import type { Outcome, RefusedRow, RequestCounts } from '../outcome.ts';
import { BulkEncoder } from './encode.ts';

export const bulkPath = '/_bulk';
/** Bytes of an answer: some hundred for each row at most. */
const answerBytesMax = 64 * 2 ** 20;

/** Sends to Elasticsearch, OpenSearch, or what takes their `_bulk`. */
export class BulkSender extends HttpSender {
  readonly #encoder: BulkEncoder;

  constructor(target: HttpTarget, counts: RequestCounts, nowMs: () => number, index: string) {
    super(target, counts, nowMs);
    this.#encoder = new BulkEncoder(index);
  }

  async send(batch: Batch, rows: Uint32Array, tenant: string | undefined, signal: AbortSignal): Promise<Outcome> {
    const body = gzipSync(this.#encoder.encode(batch, rows), { level: 1 });
    const answer = await this.post(body, { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' }, tenant, signal, answerBytesMax);
    const outcome = judge(answer, this.nowMs());
    return outcome.kind === 'delivered' ? bulkOutcome(answer.body, rows, parseRetryAfter(answer.retryAfter, this.nowMs())) : outcome;
  }
}

interface BulkItem {
  readonly status: number;
  readonly error?: { readonly type?: unknown; readonly reason?: unknown; readonly caused_by?: { readonly reason?: unknown } } | string;
}

/**
 * What the answer to a `_bulk` says of each row: 2xx is stored, 409 was there already, 429 and 5xx are sent again, as are 401, 403 and 404, which are no fault of the row; every
 * other 4xx refuses the row.
 */
export function bulkOutcome(body: Uint8Array, rows: Uint32Array, retryAfterMs: number): Outcome {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  // The flag stands first; nothing has to be read behind it.
  if (/^\s*\{(?:"took":\d+,|"ingest_took":\d+,)*"errors":false/.test(text)) return { kind: 'delivered' };
  let items: unknown;
  try {
    const answer = JSON.parse(text) as { readonly errors?: unknown; readonly items?: unknown };
    if (answer.errors === false) return { kind: 'delivered' };
    items = answer.items;
  } catch {
    return { kind: 'retry', loud: true, reason: `the answer is no JSON: ${text.slice(0, 200)}`, retryAfterMs };
  }
  if (!Array.isArray(items) || items.length !== rows.length) return { kind: 'retry', loud: true, reason: `${rows.length} rows sent, ${Array.isArray(items) ? items.length : 'no'} items answered`, retryAfterMs };
  const again: number[] = [];
  const refused: RefusedRow[] = [];
  let reason = '';
  for (const [i, item] of items.entries()) {
    const result = Object.values((item ?? {}) as Record<string, BulkItem | undefined>)[0];
    const status = typeof result?.status === 'number' ? result.status : 0;
    if ((status >= 200 && status < 300) || status === 409) continue;
    const why = `${status} ${errorText(result)}`;
    const row = rows[i] as number;
    if (status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status)) {
      refused.push({ row, reason: why });
    } else {
      again.push(row);
      reason = why;
    }
  }
  if (again.length === 0 && refused.length === 0) return { kind: 'delivered' };
  return { kind: 'mixed', again: Uint32Array.from(again), refused, reason, retryAfterMs };
}

function errorText(result: BulkItem | undefined): string {
  const error = result?.error;
  if (error === undefined) return '';
  if (typeof error === 'string') return error;
  const parts = [error.type, error.reason, error.caused_by?.reason].filter((part) => typeof part === 'string');
  return parts.join(': ').slice(0, 500);
}
