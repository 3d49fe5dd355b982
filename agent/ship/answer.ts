/** What an answer of the server to a push means for the batch. */
export type Verdict =
  /** Every entry is stored. */
  | { readonly kind: 'delivered' }
  /** The server stored the good entries and refused the others for good; sending them again would change nothing. */
  | { readonly kind: 'refused'; readonly entries: number }
  /** The body is too large: send it in two. */
  | { readonly kind: 'split' }
  /** Nothing is known to be stored; send it again. `loud` where only a person can help. */
  | { readonly kind: 'retry'; readonly loud: boolean };

/** The parts of an answer that matter. */
export interface PushAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Reads the answer to a push. 200 and 204 are delivered. 400 is Loki's way to say that some entries were refused and the others kept; but one in HTML does not come from
 * a log store (a proxy, a TLS port spoken to in plain) and is retried. 413 splits. 408, 429 and 5xx pass by themselves. Everything else (401, 403, 404, redirects,
 * 260 of a tenant whose ingestion is blocked, …) needs a person: it is retried, loudly, because nothing may be dropped.
 */
export function judge(answer: PushAnswer): Verdict {
  const { status } = answer;
  if (status === 200 || status === 204) return { kind: 'delivered' };
  if (status === 400 && !/html/i.test(answer.contentType)) return { kind: 'refused', entries: refusedEntries(answer.body) };
  if (status === 413) return { kind: 'split' };
  return { kind: 'retry', loud: !(status === 408 || status === 429 || status >= 500) };
}

/** How many entries a 400 names: Loki writes `total ignored: 3 out of 10` per stream, or `3 errors like: …`; at least one. */
function refusedEntries(body: string): number {
  let entries = 0;
  for (const match of body.matchAll(/total ignored: (\d{1,9}) out of/g)) entries += Number(match[1]);
  if (entries === 0) for (const match of body.matchAll(/(\d{1,9}) errors like:/g)) entries += Number(match[1]);
  return Math.max(1, entries);
}
