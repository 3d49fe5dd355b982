import type { Batch } from '../../buffer/batch.ts';
import { judge } from '../answer.ts';
import type { HttpTarget } from '../http-target.ts';
import type { Outcome, RequestCounts, Sender } from '../outcome.ts';
import { BatchEncoder } from './encode.ts';

/** Where Loki takes pushes. */
export const lokiPath = '/loki/api/v1/push';

/** Sends pushes to Loki or spoor. */
export class LokiSender implements Sender {
  readonly #target: HttpTarget;
  readonly #counts: RequestCounts;
  readonly #nowMs: () => number;
  readonly #encoder = new BatchEncoder();

  constructor(target: HttpTarget, counts: RequestCounts, nowMs: () => number) {
    this.#target = target;
    this.#counts = counts;
    this.#nowMs = nowMs;
  }

  get where(): string {
    return this.#target.where;
  }

  async send(batch: Batch, rows: Uint32Array, tenant: string | undefined, signal: AbortSignal): Promise<Outcome> {
    const body = this.#encoder.encode(batch, rows);
    const answer = await this.#target.post(body, { 'Content-Type': 'application/x-protobuf', ...(tenant === undefined ? {} : { 'X-Scope-OrgID': tenant }) }, signal);
    this.#counts.requests++;
    this.#counts.requestBytes += body.length;
    return judge(answer, this.#nowMs());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
