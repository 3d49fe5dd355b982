import type { SpoorError } from '../../model/mod.ts';

/** A failure with the time after which a retry can succeed; null: never. */
export class RefusedCall extends Error {
  readonly refusal: SpoorError;
  readonly retryAfterSeconds: number | null;

  constructor(refusal: SpoorError, retryAfterSeconds: number | null) {
    super(refusal.message);
    this.refusal = refusal;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
