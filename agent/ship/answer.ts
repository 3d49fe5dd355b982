import type { HttpAnswer } from './http-target.ts';
import { parseRetryAfter } from './backoff.ts';
import type { Outcome } from './outcome.ts';

/** Bytes of an answer that are quoted. */
const quoteMax = 1000;

/**
 * Reads the answer to a push. 2xx but 260 is delivered. 400 and 422 are poisoned: that is also Loki's way to say that some entries were refused and the others kept; but one in HTML does not
 * come from a log store (a proxy, a TLS port spoken to in plain) and is retried. 413 is too large. 408, 429 and 5xx pass by themselves. Everything else (401, 403, 404, redirects,
 * 260 of a tenant whose ingestion is blocked, …) needs a person: it is retried, loudly, because nothing may be dropped.
 */
export function judge(answer: Pick<HttpAnswer, 'status' | 'contentType' | 'retryAfter'> & { readonly body: Uint8Array }, nowMs: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status <= 206) return { kind: 'delivered' };
  const text = Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength).toString('utf8').trim();
  const reason = `${status} ${text.slice(0, quoteMax)}`.trim();
  if ((status === 400 || status === 422) && !/html/i.test(answer.contentType)) return { kind: 'poisoned', reason, refused: refusedEntries(text) };
  if (status === 413) return { kind: 'too-large', reason };
  return { kind: 'retry', loud: !(status === 408 || status === 429 || status >= 500), reason, retryAfterMs: parseRetryAfter(answer.retryAfter, nowMs) };
}

/** How many entries a 400 names: Loki writes `total ignored: 3 out of 10` per stream, or `3 errors like: …`; undefined where it does not say. */
export function refusedEntries(text: string): number | undefined {
  let entries = 0;
  for (const match of text.matchAll(/total ignored: (\d{1,9}) out of/g)) entries += Number(match[1]);
  if (entries === 0) for (const match of text.matchAll(/(\d{1,9}) errors like:/g)) entries += Number(match[1]);
  return entries === 0 ? undefined : entries;
}

/** Few words for what a refusal is about, to count by. */
export function refusalKind(reason: string): string {
  for (const [kind, pattern] of refusalKinds) if (pattern.test(reason)) return kind;
  return `http_${/^\d{3}/.exec(reason)?.[0] ?? 'other'}`;
}

const refusalKinds: readonly (readonly [string, RegExp])[] = [
  ['too_old', /too old/i], ['too_new', /too new/i], ['too_far_behind', /too far behind|out of order/i], ['line_too_long', /line.{0,20}(?:too long|size)|max entry size/i],
  ['labels', /label/i], ['metadata', /structured metadata/i], ['mapping', /mapp(?:er|ing)|illegal_argument|strict_dynamic/i], ['too_large', /^413|too large/i],
];
