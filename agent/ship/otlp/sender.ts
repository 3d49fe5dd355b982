import { gzipSync } from 'node:zlib';
import { ByteReader } from '../../../src/bytes/mod.ts';
import type { Batch } from '../../buffer/batch.ts';
import { judge } from '../answer.ts';
import { HttpSender } from '../http-sender.ts';
import type { Outcome } from '../outcome.ts';
import { OtlpEncoder } from './encode.ts';

/** Where collectors take logs; added to a URL without a path. */
export const otlpPath = '/v1/logs';

/** Sends logs to whatever takes OTLP over HTTP: the OpenTelemetry Collector, spoor, Loki (`/otlp/v1/logs`). */
export class OtlpSender extends HttpSender {
  readonly #encoder = new OtlpEncoder();

  async send(batch: Batch, rows: Uint32Array, tenant: string | undefined, signal: AbortSignal): Promise<Outcome> {
    const body = gzipSync(this.#encoder.encode(batch, rows), { level: 1 });
    const answer = await this.post(body, { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'gzip' }, tenant, signal);
    const outcome = judge(answer, this.nowMs());
    if (outcome.kind !== 'delivered' || !answer.contentType.includes('protobuf')) return outcome;
    const refused = partialSuccess(answer.body);
    return refused === undefined ? outcome : { kind: 'delivered', refused };
  }
}

/**
 * How many records an ExportLogsServiceResponse says were refused (partial_success = 1 {rejected_log_records = 1, error_message = 2}); the protocol forbids to send them again. Undefined
 * where none were, or where the answer is not to be read: it was accepted.
 */
export function partialSuccess(body: Uint8Array): { readonly count: number; readonly reason: string } | undefined {
  try {
    const outer = new ByteReader(body, 'the answer');
    while (outer.remaining > 0) {
      const tag = outer.varint();
      if (tag !== 0x0a) return undefined;
      const inner = new ByteReader(outer.bytes(outer.varint()), 'the answer');
      let count = 0;
      let reason = '';
      while (inner.remaining > 0) {
        const field = inner.varint();
        if (field === 0x08) count = inner.varint();
        else if (field === 0x12) reason = inner.bytes(inner.varint()).toString('utf8');
        else return undefined;
      }
      return count > 0 ? { count, reason } : undefined;
    }
  } catch {
    // It was accepted, whatever else it says.
  }
  return undefined;
}
