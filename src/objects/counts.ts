import type { ObjectStore } from './port.ts';
import { currentAccount } from './read-account.ts';

/** What a request asks of the store. A multipart upload counts once for each of its requests. */
export type ObjectOperation = 'put' | 'put_if_absent' | 'multipart' | 'get' | 'head' | 'list' | 'delete';

/** What a store has been asked since it was opened. */
export interface ObjectCounts {
  /** Requests sent, repeated attempts included. */
  readonly requests: Readonly<Record<ObjectOperation, number>>;
  /** Of those, the ones that failed for another reason than an absent or present object. */
  readonly failures: Readonly<Record<ObjectOperation, number>>;
  /** Bytes of objects received. */
  readonly bytesRead: number;
  /** Bytes of objects sent, repeated attempts included. */
  readonly bytesWritten: number;
}

/** An object store that counts its requests. */
export interface CountedObjectStore extends ObjectStore {
  /** A copy of the counters as they stand now. */
  counts(): ObjectCounts;
}

/** The counters themselves. */
export class RequestCounter {
  readonly #requests = noRequests();
  readonly #failures = noRequests();
  #bytesRead = 0;
  bytesWritten = 0;

  request(operation: ObjectOperation): void {
    this.#requests[operation]++;
    if (operation !== 'get' && operation !== 'head') return;
    const account = currentAccount();
    if (account !== undefined) account.requests++;
  }

  /** Bytes of an object came. */
  read(bytes: number): void {
    this.#bytesRead += bytes;
    const account = currentAccount();
    if (account !== undefined) account.bytes += bytes;
  }

  failure(operation: ObjectOperation): void {
    this.#failures[operation]++;
  }

  snapshot(): ObjectCounts {
    return { requests: { ...this.#requests }, failures: { ...this.#failures }, bytesRead: this.#bytesRead, bytesWritten: this.bytesWritten };
  }
}

function noRequests(): Record<ObjectOperation, number> {
  return { put: 0, put_if_absent: 0, multipart: 0, get: 0, head: 0, list: 0, delete: 0 };
}
