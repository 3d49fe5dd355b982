import { AsyncLocalStorage } from 'node:async_hooks';

/** What somebody's reads took of the object store, and what the cache on disk had of them. */
export interface ReadCounts {
  /** Requests sent, repeated attempts included. */
  requests: number;
  /** Bytes that they brought. */
  bytes: number;
  /** Blocks that the cache on disk had, and bytes of these that were wanted. */
  cacheHits: number;
  cacheBytes: number;
}

const names = ['requests', 'bytes', 'cacheHits', 'cacheBytes'] as const;

export function noReadCounts(): ReadCounts {
  return { requests: 0, bytes: 0, cacheHits: 0, cacheBytes: 0 };
}

/** `a` and `b` together. */
export function addReadCounts(a: Readonly<ReadCounts>, b: Readonly<ReadCounts>): ReadCounts {
  const sum = noReadCounts();
  for (const name of names) sum[name] = a[name] + b[name];
  return sum;
}

/** What `counts` grew by since they were `before`. */
export function readsSince(counts: Readonly<ReadCounts>, before: Readonly<ReadCounts>): ReadCounts {
  const grown = noReadCounts();
  for (const name of names) grown[name] = counts[name] - before[name];
  return grown;
}

const accounts = new AsyncLocalStorage<ReadCounts>();

/**
 * Runs `run` so that what it reads, and what it awaits reads, is added to `account` too. Where several ask for the same bytes at the same time, it is the first
 * one's account.
 */
export function accountReads<Result>(account: ReadCounts, run: () => Result): Result {
  return accounts.run(account, run);
}

/** The account of whoever reads now. */
export function currentAccount(): ReadCounts | undefined {
  return accounts.getStore();
}
