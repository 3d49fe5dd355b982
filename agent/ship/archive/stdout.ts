import type { Writable } from 'node:stream';
import type { Batch } from '../../buffer/batch.ts';
import { JsonRows } from '../json-row.ts';
import type { Outcome, RequestCounts, Sender } from '../outcome.ts';
import { archiveBytes } from './lines.ts';

/** Writes lines as JSON to standard output. A batch is delivered when the stream took it. */
export class StdoutSender implements Sender {
  readonly where = 'stdout';
  readonly #output: Writable;
  readonly #counts: RequestCounts;
  readonly #json = new JsonRows();

  constructor(output: Writable, counts: RequestCounts) {
    this.#output = output;
    this.#counts = counts;
  }

  async send(batch: Batch, rows: Uint32Array): Promise<Outcome> {
    const bytes = archiveBytes(this.#json, 'json', batch, rows);
    const error = await new Promise<Error | null | undefined>((resolve) => {
      this.#output.write(bytes, resolve);
    });
    if (error !== null && error !== undefined) return { kind: 'retry', loud: true, reason: error.message, retryAfterMs: 0 };
    this.#counts.requests++;
    this.#counts.requestBytes += bytes.length;
    return { kind: 'delivered' };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
