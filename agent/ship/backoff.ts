/** Delays between attempts. */
export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Longest delay that a server may ask for with Retry-After. */
export const retryAfterMaxMs = 300_000;

/**
 * The delay before attempt `attempt` (1 is the first retry): doubles from minMs to maxMs, of which a random half is taken away so that agents do not
 * come back all at once; but not before the server's Retry-After.
 * @param random from [0, 1)
 */
export function backoffMs(options: BackoffOptions, attempt: number, retryAfterMs: number, random: number): number {
  const full = Math.min(options.maxMs, options.minMs * 2 ** Math.min(attempt - 1, 30));
  return Math.max(full * (1 - random / 2), Math.min(retryAfterMs, retryAfterMaxMs));
}

/** Reads a Retry-After header (RFC 9110: seconds, or a date) to milliseconds; 0 where there is none. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs);
}
