import type { Batch } from '../../buffer/batch.ts';
import { judge } from '../answer.ts';
import { HttpSender } from '../http-sender.ts';
import type { Outcome } from '../outcome.ts';
import { BatchEncoder } from './encode.ts';

/** Where Loki takes pushes. */
export const lokiPath = '/loki/api/v1/push';

/** Sends pushes to Loki or spoor. */
export class LokiSender extends HttpSender {
  readonly #encoder = new BatchEncoder();

  async send(batch: Batch, rows: Uint32Array, tenant: string | undefined, signal: AbortSignal): Promise<Outcome> {
    const body = this.#encoder.encode(batch, rows);
    const answer = await this.post(body, { 'Content-Type': 'application/x-protobuf' }, tenant, signal);
    return judge(answer, this.nowMs());
  }
}
