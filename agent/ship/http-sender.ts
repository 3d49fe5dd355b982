import type { Batch } from '../buffer/batch.ts';
import type { HttpAnswer, HttpTarget } from './http-target.ts';
import type { Outcome, RequestCounts, Sender } from './outcome.ts';

/** What senders to a server over HTTP have in common: the tenant's header, and the counts of requests that were answered. */
export abstract class HttpSender implements Sender {
  readonly #target: HttpTarget;
  readonly #counts: RequestCounts;
  protected readonly nowMs: () => number;

  constructor(target: HttpTarget, counts: RequestCounts, nowMs: () => number) {
    this.#target = target;
    this.#counts = counts;
    this.nowMs = nowMs;
  }

  get where(): string {
    return this.#target.where;
  }

  abstract send(batch: Batch, rows: Uint32Array, tenant: string | undefined, signal: AbortSignal): Promise<Outcome>;

  /** Posts a body; rejects where there is no complete answer. `answerBytesMax`: bytes of it that are read. */
  protected async post(body: Uint8Array, headers: Readonly<Record<string, string>>, tenant: string | undefined, signal: AbortSignal, answerBytesMax?: number): Promise<HttpAnswer> {
    const answer = await this.#target.post(body, { ...headers, ...(tenant === undefined ? {} : { 'X-Scope-OrgID': tenant }) }, signal, answerBytesMax);
    this.#counts.requests++;
    this.#counts.requestBytes += body.length;
    return answer;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
